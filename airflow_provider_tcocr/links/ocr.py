"""Links from a task to its dataset and to Tencent Cloud's console; kept in XCom from the task's start on."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING
from urllib.parse import quote

from airflow.providers.common.compat.sdk import BaseOperatorLink, XCom

from ..assets.uri import asset_uri, lineage_name

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator, Context, TaskInstanceKey


class _KeptLink(BaseOperatorLink):
    """A link under the XCom key where Airflow 3 looks for it; on 2.11 the webserver asks :meth:`get_link`."""

    @property
    def xcom_key(self) -> str:
        """The key under which Airflow 3 keeps links."""
        return f"_link_{type(self).__name__}"

    def keep(self, context: Context, url: str) -> None:
        """Keep the link; an empty one shows no button."""
        context["ti"].xcom_push(key=self.xcom_key, value=url)

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """The link as it was kept."""
        return XCom.get_value(key=self.xcom_key, ti_key=ti_key) or ""


class TencentCloudOcrDatasetLink(_KeptLink):
    """Opens the dataset, where a browser can; else it says where the dataset lies."""

    name = "OCR dataset"


class TencentCloudOcrConsoleLink(_KeptLink):
    """Opens Tencent Cloud's console of the service: usage, packages, quota."""

    name = "Tencent Cloud OCR console"


def keep_links(context: Context, *, output_path: str | None, international: bool) -> None:
    """Keep both links.

    :param output_path: as the user gave it, not yet checked; None where there is no dataset
    :param international: which of Tencent Cloud's two sites the account is of
    """
    dataset = ""
    if output_path is not None and output_path.strip():
        with contextlib.suppress(ValueError):  # not a URI: the batch refuses it, and tells
            dataset = dataset_url(output_path)
    TencentCloudOcrDatasetLink().keep(context, dataset)
    TencentCloudOcrConsoleLink().keep(context, f"{_console(international)}/ocr")


def dataset_url(output_path: str) -> str:
    """Where to look at a dataset: the store's console where the URI alone tells it, else the URI; empty for no link.

    A URI with a query or a fragment, which the batch refuses, has none: a link is kept, and a query may be secret.
    An S3 URI with a connection stays what it is, as the connection may lead to another store than Amazon's. A browser
    would run a ``javascript:`` path, which nobody has checked: so only schemes known here make a link.
    """
    from ..documents.store import scheme_and_authority  # a Dag file that imports the operators loads no documents
    from ..landing.folder import bears_query

    if bears_query(output_path):
        return ""
    uri = asset_uri(output_path)
    store, key = lineage_name(uri)
    scheme, _, bucket = store.partition("://")
    if scheme == "s3" and "@" not in scheme_and_authority(output_path):
        return f"https://console.aws.amazon.com/s3/buckets/{bucket}?prefix={quote(key)}/"
    if scheme in ("gs", "gcs"):
        return f"https://console.cloud.google.com/storage/browser/{bucket}/{quote(key)}"
    return uri if scheme in ("s3", "http", "https", "file") else ""


def _console(international: bool) -> str:
    return "https://console.tencentcloud.com" if international else "https://console.cloud.tencent.com"
