"""Signed calls over HTTP: endpoint, credentials, pace, transport. Knows no document, no table and no Airflow."""
