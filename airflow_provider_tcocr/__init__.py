"""Tencent Cloud OCR for Apache Airflow: documents to Arrow tables, every page once."""

__version__ = "0.1.0"
