"""What lies somewhere, told in Airflow's and OpenLineage's words: one URI, one name. Opens nothing."""
