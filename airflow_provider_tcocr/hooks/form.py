"""The connection form, declared as data; every version of Airflow draws the same fields from it."""

from __future__ import annotations

from typing import Any, Final

CONN_FIELDS: Final[dict[str, dict[str, Any]]] = {
    "token": {
        "label": "Session token",
        "description": "The token of temporary credentials; leave empty for a permanent key.",
        "schema": {"type": ["string", "null"], "format": "password"},
    },
    "region": {
        "label": "Region",
        "description": "Sent as X-TC-Region; the OCR actions need none.",
        "schema": {"type": ["string", "null"]},
    },
    "language": {
        "label": "Language of messages",
        "description": "The language of the service's error messages.",
        "schema": {"type": ["string", "null"], "enum": ["en-US", "zh-CN"]},
    },
    "proxy": {
        "label": "Proxy",
        "description": "http(s)://host:port of a proxy; when empty, the environment's.",
        "schema": {"type": ["string", "null"], "format": "password"},
    },
    "timeout": {
        "label": "Time-out",
        "description": "Seconds for one whole call (60 when empty).",
        "schema": {"type": ["number", "null"], "minimum": 1},
    },
    "max_qps": {
        "label": "Calls a second",
        "description": "The account's quota for an action; when empty, the action's default.",
        "schema": {"type": ["number", "null"], "minimum": 0},
    },
    "credential": {
        "label": "Credential",
        "description": "Where the keys come from; static: SecretId and SecretKey above.",
        "schema": {
            "type": ["string", "null"],
            "enum": ["static", "environment", "cvm_role", "tke_oidc", "assume_role"],
        },
    },
    "role_arn": {
        "label": "Role ARN",
        "description": "The role to assume, for the credential assume_role.",
        "schema": {"type": ["string", "null"]},
    },
    "role_session_name": {
        "label": "Role session name",
        "description": "Shown in Tencent's audit log, for the credentials assume_role and tke_oidc.",
        "schema": {"type": ["string", "null"]},
    },
    "cos_region": {
        "label": "COS region",
        "description": "The region of cos:// buckets, such as ap-singapore.",
        "schema": {"type": ["string", "null"]},
    },
}

FIELD_BEHAVIOUR: Final[dict[str, Any]] = {
    "hidden-fields": ["schema", "extra"],
    "relabeling": {"login": "SecretId", "password": "SecretKey", "host": "Endpoint"},
    "placeholders": {"host": "ocr.intl.tencentcloudapi.com"},
}


def field_behaviour() -> dict[str, Any]:
    """The behaviour in the spelling of the hook method of Airflow 2.11 to 3.1."""
    return {name.replace("-", "_"): value for name, value in FIELD_BEHAVIOUR.items()}


def widgets() -> dict[str, Any]:
    """The fields as the form widgets of Airflow 2.11 to 3.1."""
    from flask_appbuilder.fieldwidgets import BS3PasswordFieldWidget, BS3TextFieldWidget
    from flask_babel import lazy_gettext
    from wtforms import PasswordField, StringField

    drawn: dict[str, Any] = {}
    for name, field in CONN_FIELDS.items():
        secret = field["schema"].get("format") == "password"
        kind, widget = (PasswordField, BS3PasswordFieldWidget) if secret else (StringField, BS3TextFieldWidget)
        drawn[name] = kind(lazy_gettext(field["label"]), widget=widget(), description=field["description"])
    return drawn
