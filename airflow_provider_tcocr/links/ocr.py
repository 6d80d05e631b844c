"""Links a task to its dataset and to Tencent Cloud's console; kept in XCom from the task's start on."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING
from urllib.parse import quote

from airflow.providers.common.compat.sdk import BaseOperatorLink, XCom

from ..assets.uri import asset_uri, lineage_name

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator, Context, TaskInstanceKey


class _KeptLink(BaseOperatorLink):
    """A link under the XCom key where Airflow 3 looks for it; on 2.11 the webserver calls :meth:`get_link`."""

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
    """Opens the dataset if a browser can; else shows where it is."""

    name = "OCR dataset"


class TencentCloudOcrConsoleLink(_KeptLink):
    """Opens Tencent Cloud's console of the service: usage, packages, quota."""

    name = "Tencent Cloud OCR console"


def keep_links(context: Context, *, output_path: str | None, international: bool) -> None:
    """Keep both links.

    :param output_path: as the user gave it, not yet checked; None if there is no dataset
    :param international: whether the account is of Tencent Cloud's international site
    """
    dataset = ""
    if output_path is not None and output_path.strip():
        with contextlib.suppress(ValueError):  # not a URI: the batch refuses it, and says why
            dataset = dataset_url(output_path)
    TencentCloudOcrDatasetLink().keep(context, dataset)
    TencentCloudOcrConsoleLink().keep(context, f"{_console(international)}/ocr")


def dataset_url(output_path: str) -> str:
    """Where to see a dataset: the store's console if the URI alone is enough, else the URI; empty for no link.

    A URI with a query or a fragment, which the batch refuses, gives no link: links are stored, and a query may be
    secret. An S3 URI with a connection is left as it is, since the connection may be to another store than Amazon's.
    Only schemes known here give a link: the path is not checked yet, and a browser would run a ``javascript:`` one.
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
