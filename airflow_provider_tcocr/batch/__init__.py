"""The one loop from documents to landed answers, tables and a manifest. Exists only in async; knows no Airflow task."""
