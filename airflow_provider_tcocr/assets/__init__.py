"""Names paths and URIs as Airflow's assets and OpenLineage do: one URI, one name. Opens nothing."""
