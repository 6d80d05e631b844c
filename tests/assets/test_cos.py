"""The scheme ``cos``: what Airflow makes of it through the provider info, on every version."""

from urllib.parse import urlsplit

import pytest
from airflow.providers.common.compat.openlineage.utils.utils import translate_airflow_asset
from airflow.providers.common.compat.sdk import Asset

from airflow_provider_tcocr.assets.cos import create_asset, sanitize_uri


@pytest.mark.parametrize("given", ["COS://Bucket-125/Day/a.png", "cos://bucket-125/Day/a.png/"])
def test_airflow_normalises_the_uri_of_an_asset(given):
    assert Asset(uri=given).uri == "cos://bucket-125/Day/a.png"


def test_a_connection_id_is_no_part_of_the_asset():
    assert sanitize_uri(urlsplit("cos://conn@bucket-125/a")).geturl() == "cos://bucket-125/a"


def test_a_uri_without_a_bucket_is_refused():
    with pytest.raises(ValueError, match="must name its bucket"):
        sanitize_uri(urlsplit("cos:///key"))


def test_an_asset_of_a_key_keeps_the_key_through_airflow_and_openlineage():
    asset = create_asset(bucket="bucket-125", key="停水/a #1?.png", extra={"pages": 3})
    assert asset.extra == {"pages": 3}
    dataset = translate_airflow_asset(asset, None)
    assert (dataset.namespace, dataset.name) == ("cos://bucket-125", "停水/a #1?.png")


def test_hook_lineage_makes_assets_by_the_factory(lineage_collector):
    lineage_collector.add_output_asset(
        context=None, scheme="cos", asset_kwargs={"bucket": "bucket-125", "key": "停 水"}
    )
    (output,) = lineage_collector.collected_assets.outputs
    assert output.asset.uri == "cos://bucket-125/%E5%81%9C%20%E6%B0%B4"
