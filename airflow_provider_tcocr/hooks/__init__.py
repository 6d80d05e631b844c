"""Airflow's face of the client: a connection becomes signed access."""
