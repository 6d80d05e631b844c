"""Adds a dataset's events, with its counts, to the assets among a task's outlets. An error here fails the task."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from ..landing.manifest import Manifest

_COUNTS = ("documents", "pages", "recognized", "empty", "failed", "detections")


def add_asset_events(outlets: Iterable[Any], context: Context, manifest: Manifest) -> None:
    """Add an event for the dataset to each alias, and the counts to the event of each asset.

    :param outlets: the task's; what is neither asset nor alias is ignored
    """
    from airflow.providers.common.compat.sdk import Asset, AssetAlias

    from ..assets.uri import asset_uri

    extra: dict[str, Any] = {"status": manifest.status} | {name: manifest.counts[name] for name in _COUNTS}
    for outlet in outlets:
        if isinstance(outlet, AssetAlias):
            context["outlet_events"][outlet].add(Asset(uri=asset_uri(manifest.output_path)), extra=extra)
        elif isinstance(outlet, Asset):
            context["outlet_events"][outlet].extra.update(extra)
