"""Runs a batch until it ends or is stopped, and reports its end to Airflow. Lands nothing itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from airflow.providers.common.compat.sdk import AirflowFailException

from ..exceptions import (
    BatchFailedError,
    ConfigurationError,
    FatalError,
    TencentCloudOcrError,
    on_one_line,
)
from ..hooks.ocr import TencentCloudOcrHook
from ..links.ocr import TencentCloudOcrConsoleLink, TencentCloudOcrDatasetLink, keep_links
from .lineage import Lineage, openlineage_facets, report_lineage
from .masking import MaskingOperator
from .outlets import add_asset_events
from .templated import path_or_none, text_or_none

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context
    from airflow.providers.openlineage.extractors.base import OperatorLineage

    from ..batch.batch import Batch
    from ..batch.request import BatchRequest
    from ..batch.run import RunningBatch
    from ..documents.store import Place
    from ..hooks.metrics import Metrics
    from ..landing.manifest import Manifest

T = TypeVar("T")

CALL_FIELDS: Final = ("action", "options", "pages", "transfer", "pdf_dpi", "pdf_password_conn_id")
"""Template fields of both operators that say how pages are recognized."""

BATCH_FIELDS: Final = ("max_qps", "max_concurrency", "max_calls", "fail_on", "if_exists", "price_per_call")
"""Template fields that only a batch has."""


class RecognizingOperator(MaskingOperator):
    """What both operators share: the hook, and a batch that runs until it ends or is stopped."""

    operator_extra_links = (TencentCloudOcrDatasetLink(), TencentCloudOcrConsoleLink())
    output_path: Place | None
    pdf_password_conn_id: str | None
    tencentcloud_conn_id: str
    report = False
    _running: RunningBatch[Any] | None = None
    _killed = False
    _metrics: Metrics
    _lineage: Lineage | None = None

    def pre_execute(self, context: Context) -> None:
        """Keep the links before anything can fail: Airflow 3 looks for them however the task ends."""
        super().pre_execute(context)
        try:
            international = self._hook().account.client.endpoint.international
        except Exception:  # execute meets it again, and reports it
            international = True
        output_path = None
        with suppress(ConfigurationError):
            output_path = path_or_none("output_path", self.output_path)
        keep_links(context, output_path=output_path, international=international)
        self._refuse_secrets()

    def _refuse_secrets(self) -> None:
        """Refuse a signed URL in another argument than documents: the error for it would quote it, also to listeners.

        :raise AirflowFailException: names the argument, and shows nothing of it
        """
        from ..documents.secrets import secrets_in

        for name in (*CALL_FIELDS, *BATCH_FIELDS, "tencentcloud_conn_id"):
            if secrets_in(getattr(self, name, None)):
                raise AirflowFailException(
                    f"{name} contains a URL with a query or a password, which only documents may"
                )

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any] | None:
        """What the task read and wrote, for OpenLineage, which calls this for a failed task too."""
        return openlineage_facets(self._lineage) if self._lineage else None

    def _hook(self) -> TencentCloudOcrHook:
        return TencentCloudOcrHook(self.tencentcloud_conn_id)

    def _run(self, request: BatchRequest, leg: Callable[[Batch], Coroutine[Any, Any, T]]) -> T:
        """Run a batch, or one leg of it, to its end.

        :raise AirflowFailException: a retry could only fail again
        """
        from ..batch.run import RunningBatch
        from ..documents import pdf_password
        from ..hooks.metrics import Metrics

        hook = self._hook()
        self._metrics = metrics = Metrics(request.action)
        try:
            with failing_for_good():
                running = RunningBatch(
                    request,
                    hook.client,
                    leg,
                    report=lambda line: self.log.info("%s", line),
                    pdf_password=pdf_password(request.pdf_password_conn_id),
                    meter=metrics,
                    observe=metrics.page,
                )
                self._running = running
                if self._killed:
                    running.stop()
                return running.result()
        finally:
            hook.close()

    def _ended(self, manifest: Manifest, context: Context) -> dict[str, Any]:
        """Report to Airflow how a batch ended; the manifest goes to XCom even if the task then fails.

        :return: the manifest
        """
        assert self._running is not None
        self._metrics.batch(time.time() - datetime.fromisoformat(manifest.started_at).timestamp(), manifest.status)
        self._lineage = report_lineage(self._hook(), self._running.documents, manifest)
        add_asset_events(self.outlets, context, manifest)
        result = manifest.to_json()
        if self.report and not self._killed:
            self._write_report(manifest.output_path)
        if manifest.status == "complete":
            if manifest.counts["failed"]:
                self.log.warning("%s", _failed_text(result))
            self.log.info("Dataset %s: %s", manifest.output_path, result["counts"])
            return result
        if self.do_xcom_push:
            context["ti"].xcom_push(key="return_value", value=result)
        if manifest.status == "stopped":
            raise AirflowFailException(f"Stopped after {result['counts']['pages']} pages landed. {manifest.reason}")
        raise BatchFailedError(_failed_text(result), result)

    def _write_report(self, output_path: str) -> None:
        """Write the report; a failure is only a warning, since the dataset is what was asked for."""
        from ..dataset import OcrDataset
        from ..landing.folder import open_folder
        from ..report import REPORT_NAME, write_report

        try:
            conn_id = text_or_none("pdf_password_conn_id", self.pdf_password_conn_id)
            write_report(OcrDataset.open(output_path), open_folder(output_path), pdf_password_conn_id=conn_id)
            self.log.info("Report: %s/%s", output_path.rstrip("/"), REPORT_NAME)
        except Exception as error:
            reason = error if isinstance(error, TencentCloudOcrError) else type(error).__name__  # may contain a secret
            self.log.warning("The report could not be written: %s", reason)

    def on_kill(self) -> None:
        """Make no further call; answers in flight are awaited for at most 3 seconds, and landed."""
        self._killed = True
        if self._running is not None:
            self._running.stop()


def run_of(context: Context) -> tuple[str, ...]:
    """What identifies a run: dag, task, run and map index; not the try number, so that a retry knows its own rows."""
    ti = context["ti"]
    return (str(ti.dag_id), str(ti.task_id), str(ti.run_id), str(getattr(ti, "map_index", -1)))


@contextmanager
def failing_for_good() -> Iterator[None]:
    """Turn errors that every retry would meet again into the one that Airflow does not retry."""
    try:
        yield
    except (ConfigurationError, FatalError) as error:
        raise AirflowFailException(str(error)) from error


def _failed_text(manifest: Mapping[str, Any]) -> str:
    counts, failures = manifest["counts"], manifest["failures"]
    examples = "; ".join(
        f"{one['document_id']} page {one['page']}: {one['error_code']}: {one['error_message']}"
        + (f" [RequestId {one['request_id']}]" if one["request_id"] else "")
        for one in failures[:3]
    )
    return on_one_line(
        f"{counts['failed']} of {counts['pages']} pages failed ({examples}); see {manifest['pages_uri']}"
    )
