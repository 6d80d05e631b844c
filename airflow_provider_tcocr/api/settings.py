"""What all calls of a batch have in common: the action, its options, the site, how pages travel. Sends nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ..exceptions import ConfigurationError
from .actions import Action, Site, action_named
from .options import Options


@dataclass(frozen=True, slots=True)
class CallSettings:
    """The checked settings of every call.

    :param site: what the action takes at the endpoint's site
    :param transfer: ``auto``, ``url`` or ``bytes``; never ``auto`` where the site fetches no ``ImageUrl``
    """

    action: Action
    options: Options
    site: Site
    transfer: str

    @classmethod
    def parse(
        cls,
        action: object,
        options: Mapping[str, Any] | None,
        *,
        transfer: str,
        pdf_dpi: int | None,
        international: bool,
    ) -> Self:
        """Check the user's arguments; a ConfigurationError names the argument and the rule.

        :param action: its name
        :param options: snake case, None for the service's defaults
        :param pdf_dpi: None asks for PDFs to be sent as they are
        :param international: whether the endpoint is the international site
        """
        named = action_named(action)
        site = named.site(international=international)
        if transfer == "url" and not site.by_url:
            raise ConfigurationError(
                f"transfer: {named.name} takes no ImageUrl outside the Chinese mainland; use 'auto' or 'bytes'"
            )
        if pdf_dpi is None and not named.takes_pdf:
            raise ConfigurationError(f"pdf_dpi: {named.name} reads no PDF, so pages are rendered; None is not possible")
        if transfer == "auto" and not site.by_url:
            transfer = "bytes"
        return cls(named, Options.parse(options, action=named, international=international), site, transfer)
