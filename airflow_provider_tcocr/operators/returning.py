"""Recognizes one document whose pages the task returns instead of writing a dataset. Lands nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .lineage import report_lineage
from .recognizing import RecognizingOperator, failing_for_good

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ..documents.store import Place
    from ..recognition.recognition import Recognition


class ReturningOperator(RecognizingOperator):
    """One document, which need not have a dataset."""

    document: Place | Mapping[str, Any]
    action: str
    options: Mapping[str, Any] | None
    pages: str | int | Sequence[int]
    transfer: str
    _recognizing: Future[list[Recognition]] | None = None

    def _returned(self, pdf_dpi: int | None, pdf_password_conn_id: str | None) -> dict[str, Any]:
        """Recognize the document.

        :return: its pages as plain JSON
        :raise AirflowFailException: a retry could only fail again
        """
        from ..client.loop import result_of, submit
        from ..documents import as_document
        from ..hooks.metrics import Metrics
        from .xcom import xcom_result

        with failing_for_good():
            document = as_document(self.document)
        hook = self._hook()
        try:
            self._recognizing = submit(
                hook.arecognize(
                    self.document,
                    self.options,
                    self.pages,
                    action=self.action,
                    transfer=self.transfer,
                    pdf_dpi=pdf_dpi,
                    pdf_password_conn_id=pdf_password_conn_id,
                )
            )
            if self._killed:
                self._recognizing.cancel()
            with failing_for_good():
                recognitions = result_of(self._recognizing)
        except BaseException:  # a time-out or a signal interrupts the waiting, and not what is waited for
            if self._recognizing is not None:
                self._recognizing.cancel()
            raise
        finally:
            hook.close()
        metrics = Metrics(self.action)
        for recognition in recognitions:
            metrics.count(made=recognition.row.attempts)
            metrics.page(recognition.row)
        self._lineage = report_lineage(hook, [document])
        return xcom_result(recognitions)

    def on_kill(self) -> None:
        """Make no further call."""
        super().on_kill()
        if self._recognizing is not None:
            self._recognizing.cancel()
