"""``@task.tencentcloud_ocr``: a function names the documents, the task recognizes them. Runs no batch itself."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import (
    SET_DURING_EXECUTION,
    DecoratedOperator,
    context_merge,
    determine_kwargs,
    task_decorator_factory,
)

from ..operators.masking import mask
from ..operators.ocr import TencentCloudOcrBatchOperator
from ..operators.recognizing import failing_for_good

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, TaskDecorator


class _OcrDecoratedOperator(DecoratedOperator, TencentCloudOcrBatchOperator):
    """Recognize the documents that a function returns.

    What it returns may come from anywhere and is never rendered as a template: `documents` is not a template field.

    :param python_callable: the function, ``async`` or not; it returns what `documents` of the batch operator takes
    :param op_args: its positional arguments (templated)
    :param op_kwargs: its keyword arguments (templated)
    """

    template_fields: Sequence[str] = (
        *DecoratedOperator.template_fields,
        *(name for name in TencentCloudOcrBatchOperator.template_fields if name != "documents"),
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **DecoratedOperator.template_fields_renderers,
        "options": "json",
    }
    custom_operator_name = "@task.tencentcloud_ocr"
    xcom_push = inspect.getattr_static(DecoratedOperator, "xcom_push", None)
    """Airflow 3.0 reads it after :meth:`execute` without using it, and does not define it."""

    def __init__(self, *, python_callable: Callable[..., Any], **kwargs: Any) -> None:
        super().__init__(python_callable=python_callable, documents=SET_DURING_EXECUTION, **kwargs)

    def execute(self, context: Context) -> dict[str, Any]:
        """Call the function, then recognize what it names.

        :return: the manifest
        """
        context_merge(context, self.op_kwargs)
        kwargs = determine_kwargs(self.python_callable, self.op_args, context)
        returned = self.python_callable(*self.op_args, **kwargs)
        if inspect.iscoroutine(returned):  # asyncio.iscoroutine also accepts a generator, up to Python 3.11
            returned = asyncio.run(returned)
        with failing_for_good():
            self.documents = _documents(returned)
        mask(self.documents)
        manifest: dict[str, Any] = super().execute(context)
        return manifest


def _documents(returned: object) -> Any:
    from ..documents import path_text
    from ..exceptions import ConfigurationError

    if isinstance(returned, Mapping) or path_text(returned) is not None:
        return returned
    if isinstance(returned, Sequence) and not isinstance(returned, bytes | bytearray | memoryview):
        return list(returned)
    raise ConfigurationError(
        "the function of @task.tencentcloud_ocr returns the documents: a list of URIs and mappings, or one text; "
        f"not a {type(returned).__name__}"
    )


def tencentcloud_ocr_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """Make a function that returns documents a task that recognizes them; XCom gets the manifest.

    :param python_callable: the function
    :param kwargs: `output_path` and the other arguments of ``TencentCloudOcrBatchOperator``, and any task's
    """
    return task_decorator_factory(
        python_callable=python_callable, decorated_operator_class=_OcrDecoratedOperator, **kwargs
    )
