"""The one loop from documents to landed answers, tables and a manifest. Async only; knows no Airflow task."""
