"""Describes this provider to Airflow; imported by every `airflow` command, so it loads nothing heavy."""

from __future__ import annotations

from typing import Any

from .hooks.form import CONN_FIELDS, FIELD_BEHAVIOUR


def get_provider_info() -> dict[str, Any]:
    """The provider info of the entry point ``apache_airflow_provider``."""
    integration = "Tencent Cloud OCR"
    cos = {
        "schemes": ["cos"],
        "handler": "airflow_provider_tcocr.assets.cos.sanitize_uri",
        "factory": "airflow_provider_tcocr.assets.cos.create_asset",
        "to_openlineage_converter": "airflow_provider_tcocr.assets.cos.convert_asset_to_openlineage",
    }
    return {
        "package-name": "airflow-provider-tcocr",
        "name": integration,
        "description": "Documents to Arrow tables through Tencent Cloud OCR, every page once.",
        "integrations": [
            {
                "integration-name": integration,
                "external-doc-url": "https://www.tencentcloud.com/document/product/1005",
                "tags": ["service"],
            }
        ],
        "hooks": [{"integration-name": integration, "python-modules": ["airflow_provider_tcocr.hooks.ocr"]}],
        "operators": [{"integration-name": integration, "python-modules": ["airflow_provider_tcocr.operators.ocr"]}],
        "triggers": [{"integration-name": integration, "python-modules": ["airflow_provider_tcocr.triggers.ocr"]}],
        "task-decorators": [
            {"name": "tencentcloud_ocr", "class-name": "airflow_provider_tcocr.decorators.ocr.tencentcloud_ocr_task"}
        ],
        "extra-links": [
            "airflow_provider_tcocr.links.ocr.TencentCloudOcrDatasetLink",
            "airflow_provider_tcocr.links.ocr.TencentCloudOcrConsoleLink",
        ],
        "asset-uris": [cos],
        "dataset-uris": [cos],  # the same for Airflow 2.11
        "connection-types": [
            {
                "connection-type": "tencentcloud",
                "hook-class-name": "airflow_provider_tcocr.hooks.ocr.TencentCloudOcrHook",
                "hook-name": integration,
                "conn-fields": CONN_FIELDS,
                "ui-field-behaviour": FIELD_BEHAVIOUR,
            }
        ],
    }
