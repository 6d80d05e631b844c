"""The operators for one document and for a batch, as a Dag's author sees them. Their base classes do the work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import conf

from ..api.actions import ACTION
from ..hooks.ocr import TencentCloudOcrHook
from . import templated
from .deferring import DeferringOperator
from .recognizing import BATCH_FIELDS, CALL_FIELDS, failing_for_good, run_of
from .returning import ReturningOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from ..batch.request import BatchRequest
    from ..documents.store import Place


class TencentCloudOcrBatchOperator(DeferringOperator):
    """Recognize many documents into one dataset of Parquet tables; XCom gets its manifest.

    Every page is one billed call. Answers are durable in ``<output_path>/raw`` within about a second, and a retry, a
    cleared task or a second run over a folder that has grown pays only for pages that have no answer yet.

    :param documents: a list of URIs and mappings (``uri``, ``document_id``, ``pages``), or one string: a path, a
        folder, a glob; a ``Path`` or ``ObjectStoragePath`` may replace a string (templated)
    :param output_path: where to write the dataset, a path or any URI that ``ObjectStoragePath`` knows (templated)
    :param action: the action to call, such as ``GeneralBasicOCR``; the guide lists them (templated)
    :param options: of the action, in snake case, such as ``{"config_id": "MulOCR"}`` (templated)
    :param pages: ``"all"``, a list, or ``"2-5"``; for documents that do not set their own (templated)
    :param transfer: ``auto`` (http(s) and cos images by URL; PDFs, by suffix, and all else as bytes), ``url`` or
        ``bytes`` (templated)
    :param pdf_dpi: resolution at which PDF pages are rendered; None sends one-page PDFs (templated)
    :param pdf_password_conn_id: the connection, of any type, whose password opens encrypted PDFs (templated)
    :param max_qps: calls a second; None takes the connection's, else the action's default quota (templated)
    :param max_concurrency: calls in flight (templated)
    :param max_calls: the cap on the calls that all runs together make for this output path (templated)
    :param fail_on: ``never``, ``all`` (every page failed), ``any``, or a share: 0.05 fails above 5 % (templated)
    :param if_exists: what happens to the answers of other runs: ``resume``, ``overwrite``, ``error`` (templated)
    :param report: write ``report.html`` beside the tables; if it cannot be written, the log has a warning
    :param dry_run: make no call and write nothing: XCom gets, as ``status`` ``dry_run``, how many documents, pages and
        calls there would be, which pages would fail and why, and what it would cost
    :param price_per_call: for the dry run's ``cost``, in any currency (templated)
    :param deferrable: have a trigger make the calls of documents that go as ``ImageUrl``, without a worker's slot; what
        is sent as bytes stays on the worker, as does a batch with a URL that has a query or a password
    :param tencentcloud_conn_id: the connection (templated)
    :raise AirflowFailException: the keys, the account, the request or the arguments are wrong: a retry could only
        fail again
    :raise BatchFailedError: more pages failed than `fail_on` allows; a retry tries just those again
    """

    template_fields: Sequence[str] = (
        "documents",
        "output_path",
        *CALL_FIELDS,
        *BATCH_FIELDS,
        "tencentcloud_conn_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"documents": "json", "options": "json"}
    ui_color = "#d6e9ff"

    def __init__(
        self,
        *,
        documents: Place | Sequence[Place | Mapping[str, Any]],
        output_path: Place,
        action: str = ACTION,
        options: Mapping[str, Any] | None = None,
        pages: str | int | Sequence[int] = "all",
        transfer: str = "auto",
        pdf_dpi: int | None = 200,
        pdf_password_conn_id: str | None = None,
        max_qps: float | None = None,
        max_concurrency: int = 32,
        max_calls: int | None = None,
        fail_on: str | float = "all",
        if_exists: str = "resume",
        dry_run: bool = False,
        price_per_call: float | None = None,
        report: bool = False,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        tencentcloud_conn_id: str = TencentCloudOcrHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.documents = documents
        self.output_path = output_path
        self.action = action
        self.options = options
        self.pages = pages
        self.transfer = transfer
        self.pdf_dpi = pdf_dpi
        self.pdf_password_conn_id = pdf_password_conn_id
        self.max_qps = max_qps
        self.max_concurrency = max_concurrency
        self.max_calls = max_calls
        self.fail_on = fail_on
        self.if_exists = if_exists
        self.report = report
        self.deferrable = deferrable
        self.preflight = dry_run  # BaseOperator has a method of the parameter's name
        self.price_per_call = price_per_call
        self.tencentcloud_conn_id = tencentcloud_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Recognize, land, derive.

        :return: the manifest
        """
        from ..batch.batch import Batch

        request = self._request(context)
        with failing_for_good():
            price = templated.price_or_none("price_per_call", self.price_per_call)
            preflight = templated.flag("dry_run", self.preflight)
            deferrable = templated.flag("deferrable", self.deferrable)
            templated.flag("report", self.report)
        if preflight:
            return self._forecast(request, price)
        return self._begin(request, context) if deferrable else self._ended(self._run(request, Batch.run), context)

    def _forecast(self, request: BatchRequest, price: float | None) -> dict[str, Any]:
        from ..batch.preflight import preflight

        forecast = self._run(request, lambda batch: preflight(batch, price=price))
        self.log.info("Dry run, no call made: %s, %s, cost %s", forecast["counts"], forecast["calls"], forecast["cost"])
        return forecast

    def _request(self, context: Context) -> BatchRequest:
        from ..batch.request import BatchRequest

        with failing_for_good():
            return BatchRequest(
                documents=self.documents,
                output_path=templated.path("output_path", self.output_path),
                action=self.action,
                options=self.options,
                pages=self.pages,
                transfer=self.transfer,
                pdf_dpi=templated.whole_or_none("pdf_dpi", self.pdf_dpi),
                pdf_password_conn_id=templated.text_or_none("pdf_password_conn_id", self.pdf_password_conn_id),
                max_qps=templated.number_or_none("max_qps", self.max_qps),
                max_concurrency=templated.whole("max_concurrency", self.max_concurrency),
                max_calls=templated.whole_or_none("max_calls", self.max_calls),
                fail_on=self.fail_on,
                if_exists=self.if_exists,
                run=run_of(context),
            )


class TencentCloudOcrOperator(ReturningOperator):
    """Recognize one document; each page is one billed call.

    Without `output_path` XCom gets plain JSON (at most 48 KiB): ``document_id``, ``document_uri``, ``counts`` and
    ``pages`` with their detections. With it, a dataset and its manifest, as a batch of one. It never defers: one
    call takes less time than a deferral.

    :param document: a URI, or a mapping with ``uri``, ``document_id``, ``pages`` (templated)
    :param output_path: where to write a dataset; None returns the result to XCom (templated)
    :param action: the action to call (templated)
    :param options: of the action, snake case (templated)
    :param pages: ``"all"``, a list, or ``"2-5"`` (templated)
    :param transfer: ``auto``, ``url`` or ``bytes`` (templated)
    :param pdf_dpi: resolution at which PDF pages are rendered; None sends one-page PDFs (templated)
    :param pdf_password_conn_id: the connection, of any type, whose password opens encrypted PDFs (templated)
    :param tencentcloud_conn_id: the connection (templated)
    :raise AirflowFailException: the keys, the account, the request or the arguments are wrong, or the result is too
        large for XCom: a retry could only fail again
    :raise BatchFailedError: every page failed
    """

    template_fields: Sequence[str] = (
        "document",
        "output_path",
        *CALL_FIELDS,
        "tencentcloud_conn_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"document": "json", "options": "json"}
    ui_color = "#d6e9ff"

    def __init__(
        self,
        *,
        document: Place | Mapping[str, Any],
        output_path: Place | None = None,
        action: str = ACTION,
        options: Mapping[str, Any] | None = None,
        pages: str | int | Sequence[int] = "all",
        transfer: str = "auto",
        pdf_dpi: int | None = 200,
        pdf_password_conn_id: str | None = None,
        tencentcloud_conn_id: str = TencentCloudOcrHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.document = document
        self.output_path = output_path
        self.action = action
        self.options = options
        self.pages = pages
        self.transfer = transfer
        self.pdf_dpi = pdf_dpi
        self.pdf_password_conn_id = pdf_password_conn_id
        self.tencentcloud_conn_id = tencentcloud_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Recognize.

        :return: the document's pages as plain JSON, or the manifest of the dataset
        """
        with failing_for_good():
            output_path = templated.path_or_none("output_path", self.output_path)
            pdf_dpi = templated.whole_or_none("pdf_dpi", self.pdf_dpi)
            conn_id = templated.text_or_none("pdf_password_conn_id", self.pdf_password_conn_id)
        if output_path is not None:
            from ..batch.batch import Batch
            from ..batch.request import BatchRequest

            request = BatchRequest(
                documents=[self.document],
                expand=False,
                output_path=output_path,
                action=self.action,
                options=self.options,
                pages=self.pages,
                transfer=self.transfer,
                pdf_dpi=pdf_dpi,
                pdf_password_conn_id=conn_id,
                fail_on="all",
                run=run_of(context),
            )
            return self._ended(self._run(request, Batch.run), context)
        return self._returned(pdf_dpi, conn_id)
