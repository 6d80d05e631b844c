"""Masks the secrets in template fields before Airflow stores or shows them. `documents` decides what is secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from airflow.providers.common.compat.sdk import BaseOperator, mask_secret

if TYPE_CHECKING:
    import jinja2
    from airflow.providers.common.compat.sdk import Context

MASKING_COST: Final = 1_000_000
"""The limit of secrets times their characters: Airflow compiles all of them again for each (about 1 s there)."""

WITHHELD: Final = "not shown: more secrets in its URLs than Airflow could mask"


class MaskingOperator(BaseOperator):
    """An operator whose rendered template fields are stored and shown without the secrets of their URLs.

    A field with too many to mask is not shown at all; it has its value again when the task is executed.
    """

    _withheld: Mapping[str, Any] = {}

    def _do_render_template_fields(
        self,
        parent: Any,
        template_fields: Iterable[str],
        context: Context,
        jinja_env: jinja2.Environment,
        seen_oids: set[int],
    ) -> None:
        """Render, then mask. Not `render_template_fields`, which Airflow does not call for a mapped task."""
        super()._do_render_template_fields(parent, template_fields, context, jinja_env, seen_oids)
        if parent is not self:
            return
        for name in template_fields:
            value = getattr(self, name)
            if not mask(value):
                self._withheld = {**self._withheld, name: value}
                setattr(self, name, WITHHELD)

    def pre_execute(self, context: Any) -> None:
        """Give withheld fields their values again; by now Airflow has stored what it shows of them.

        The outputs of a mapped task are read here, in the task's own thread: Airflow 2.11 lets no other read them.
        """
        for name, value in self._withheld.items():
            setattr(self, name, value)
        for name in self.template_fields:
            value = getattr(self, name)
            if isinstance(value, Sequence) and not isinstance(value, str | bytes | list | tuple):
                setattr(self, name, given := list(value))
                mask(given)
        super().pre_execute(context)


def mask(named: object) -> bool:
    """Have Airflow mask the secrets of URLs in every log, and in whatever it stores from now on.

    :param named: documents, or anything that holds their URLs
    :return: False if there are too many; then none is masked
    """
    from ..documents.secrets import secrets_in

    secrets = sorted(secrets_in(named))
    if len(secrets) * sum(map(len, secrets)) > MASKING_COST:
        return False
    if secrets:
        mask_secret([*secrets])
    return True
