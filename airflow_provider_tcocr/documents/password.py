"""The password of encrypted PDFs, taken from an Airflow connection and hidden in every log. Opens nothing."""

from __future__ import annotations

from ..exceptions import ConfigurationError


def pdf_password(conn_id: str | None) -> str | None:
    """The password of a connection of any type.

    :param conn_id: None for no password
    :raise ConfigurationError: there is no such connection, or it has no password
    """
    if conn_id is None:
        return None
    from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook, mask_secret

    try:
        password = BaseHook.get_connection(conn_id).password
    except AirflowNotFoundException:
        raise ConfigurationError(f"pdf_password_conn_id: there is no connection {conn_id!r}") from None
    if not password:
        raise ConfigurationError(f"pdf_password_conn_id: connection {conn_id!r} has no password")
    mask_secret(password)
    return str(password)
