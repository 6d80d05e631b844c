"""The asset functions of this provider's scheme ``cos``, Tencent Cloud Object Storage; Airflow finds them by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import Asset

from .uri import asset_uri, lineage_name

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from airflow.providers.common.compat.openlineage.facet import Dataset


def sanitize_uri(uri: SplitResult) -> SplitResult:
    """One spelling for one object: no connection id, the bucket in lower case.

    :raise ValueError: there is no bucket
    """
    bucket = uri.netloc.rpartition("@")[2].lower()
    if not bucket:
        raise ValueError("a cos:// URI must name its bucket, as cos://bucket-appid/key")
    return uri._replace(netloc=bucket)


def create_asset(*, bucket: str, key: str, extra: dict[str, Any] | None = None) -> Asset:
    """The asset of an object or a prefix.

    :param bucket: with the appid
    :param key: as it is, not percent-encoded
    """
    return Asset(uri=asset_uri(f"cos://{bucket}/{key}"), extra=extra)


def convert_asset_to_openlineage(asset: Asset, lineage_context: object) -> Dataset:
    """The same as an OpenLineage dataset: the bucket is its namespace, the key its name."""
    from airflow.providers.common.compat.openlineage.facet import Dataset

    namespace, name = lineage_name(asset.uri)
    return Dataset(namespace=namespace, name=name)
