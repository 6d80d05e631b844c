"""What both operators share: a batch that runs until it ends or is told to stop, and its end in Airflow's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.providers.common.compat.sdk import AirflowFailException, BaseOperator

from ..hooks.ocr import TencentCloudOcrHook

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from ..batch.request import BatchRequest
    from ..batch.run import RunningBatch

T = TypeVar("T")


class RecognizingOperator(BaseOperator):
    """What both operators share: the hook, and a batch that runs until it ends or is told to stop."""

    tencentcloud_conn_id: str
    report = False
    _running: RunningBatch | None = None
    _killed = False

    def _hook(self) -> TencentCloudOcrHook:
        return TencentCloudOcrHook(self.tencentcloud_conn_id)

    def _run_batch(self, request: BatchRequest, context: Context) -> dict[str, Any]:
        """Run to the end; the manifest goes to XCom whether or not the task then fails."""
        from ..batch.run import RunningBatch
        from ..exceptions import AccountError, AuthenticationError, BatchFailedError, ConfigurationError, RequestError

        hook = self._hook()
        try:
            self._running = RunningBatch(request, hook.client, report=lambda line: self.log.info("%s", line))
            if self._killed:
                self._running.stop()
            manifest = self._running.result()
        except (ConfigurationError, AuthenticationError, AccountError, RequestError) as error:
            raise AirflowFailException(str(error)) from error
        finally:
            hook.close()
        told = manifest.to_json()
        if self.report and not self._killed:
            self._write_report(manifest.output_path)
        if manifest.status == "complete":
            self.log.info("Dataset %s: %s", manifest.output_path, told["counts"])
            return told
        context["ti"].xcom_push(key="return_value", value=told)
        if manifest.status == "stopped":
            raise AirflowFailException(f"Stopped after {told['counts']['pages']} pages landed. {manifest.reason}")
        raise BatchFailedError(_failed_text(told), told)

    def _write_report(self, output_path: str) -> None:
        """Write the report; one that cannot be made is a warning, since the batch is what was asked for."""
        from ..dataset import OcrDataset
        from ..exceptions import TencentCloudOcrError
        from ..landing.folder import open_folder
        from ..report import REPORT_NAME, write_report

        try:
            write_report(OcrDataset.open(output_path), open_folder(output_path))
            self.log.info("Report: %s/%s", output_path.rstrip("/"), REPORT_NAME)
        except Exception as error:
            told = error if isinstance(error, TencentCloudOcrError) else type(error).__name__  # may bear a secret
            self.log.warning("There is no report: %s", told)

    def on_kill(self) -> None:
        """Have no further call made; what is in flight is taken in for at most 3 seconds, and landed."""
        self._killed = True
        if self._running is not None:
            self._running.stop()


def run_of(context: Context) -> tuple[str, ...]:
    """Who asks: dag, task, run and map index. Never the try number, since a retry is to know its own rows."""
    ti = context["ti"]
    return (str(ti.dag_id), str(ti.task_id), str(ti.run_id), str(getattr(ti, "map_index", -1)))


def checked(make: Callable[[], T]) -> T:
    """What is made of the arguments; one that is wrong fails the task for good."""
    from ..exceptions import ConfigurationError

    try:
        return make()
    except ConfigurationError as error:
        raise AirflowFailException(str(error)) from error


def _failed_text(manifest: Mapping[str, Any]) -> str:
    counts, failures = manifest["counts"], manifest["failures"]
    told = "; ".join(
        f"{one['document_id']} page {one['page']}: {one['error_code']}: {one['error_message']}"
        + (f" [RequestId {one['request_id']}]" if one["request_id"] else "")
        for one in failures[:3]
    )
    return f"{counts['failed']} of {counts['pages']} pages failed ({told}); see {manifest['pages_uri']}"
