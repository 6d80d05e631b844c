"""The buttons that a task shows in Airflow's interface."""
