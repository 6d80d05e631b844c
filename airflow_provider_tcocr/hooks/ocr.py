"""The hook: signed access to Tencent Cloud OCR through an Airflow connection. Owns the client; lands nothing."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseHook

from ..api.actions import ACTION
from ..exceptions import ConfigurationError

if TYPE_CHECKING:
    from tencentcloud.ocr.v20181119.ocr_client import OcrClient

    from ..client.client import Client
    from ..client.credentials import Credential
    from ..documents.store import Place
    from ..recognition.recognition import Recognition
    from .connection import Account


class TencentCloudOcrHook(BaseHook):
    """Calls Tencent Cloud OCR with the keys of an Airflow connection.

    Nothing is contacted before the first call. One hook has one pool of connections for all callers: plain
    functions, several threads, and coroutines of any event loop.

    :param tencentcloud_conn_id: the connection, of type ``tencentcloud``
    """

    conn_name_attr = "tencentcloud_conn_id"
    default_conn_name = "tencentcloud_default"
    conn_type = "tencentcloud"
    hook_name = "Tencent Cloud OCR"

    def __init__(self, tencentcloud_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tencentcloud_conn_id = tencentcloud_conn_id
        self._lock = threading.Lock()
        self._account: Account | None = None
        self._client: Client | None = None

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """The connection form of Airflow 2.11 to 3.1; later ones read the same fields from the provider info."""
        from .form import widgets

        return widgets()

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Labels and placeholders of the connection form."""
        from .form import field_behaviour

        return field_behaviour()

    @property
    def account(self) -> Account:
        """The connection's fields, checked; read once.

        :raise ConfigurationError: a field is wrong; the message names it
        """
        with self._lock:
            if self._account is None:
                from airflow.providers.common.compat.sdk import mask_secret

                from .connection import extra_of, read_connection

                connection = self.get_connection(self.tencentcloud_conn_id)
                extra = extra_of(connection)
                for secret in (connection.password, extra.get("token"), _password_of(extra.get("proxy"))):
                    if secret:
                        mask_secret(secret)
                self._account = read_connection(connection, on_credential=_mask)
            return self._account

    @property
    def client(self) -> Client:
        """The async client behind this hook; its coroutines run on the process's private loop."""
        account = self.account
        with self._lock:
            if self._client is None:
                from ..client.client import Client

                self._client = Client(account.client, account.credentials, cos_region=account.cos_region)
            return self._client

    def get_conn(self) -> OcrClient:
        """Tencent's own client, for every action of the service, typed; each call of it may be billed.

        Endpoint, language and time-out are the connection's. Its retryer is off: it repeats calls that succeeded.
        It keeps the keys of this moment: if the credential is temporary, get a new client at least hourly.

        :raise ConfigurationError: a field of the connection is wrong
        :raise TransportError: a temporary credential cannot be fetched
        """
        from tencentcloud.common.credential import Credential
        from tencentcloud.common.profile.client_profile import ClientProfile
        from tencentcloud.common.profile.http_profile import HttpProfile
        from tencentcloud.ocr.v20181119.ocr_client import OcrClient

        from ..client.roles import quiet_sdk

        quiet_sdk()
        config = self.account.client
        now = self.account.credentials.current()
        http = HttpProfile(
            protocol=config.endpoint.scheme,
            endpoint=config.endpoint.authority,
            reqTimeout=int(max(1, config.timeout)),
            proxy=config.effective_proxy(),
        )
        profile = ClientProfile(httpProfile=http, language=config.language or "en-US")
        return OcrClient(Credential(now.secret_id, now.secret_key, now.token), config.region or "", profile)

    def call(self, action: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Call any action of the service once; the service may bill it.

        :param action: such as ``GeneralBasicOCR``
        :param params: by the service's own names
        :return: the answer's inner object
        :raise ApiError: the service refused; the class says what to do
        :raise TransportError: no whole answer came; the call may have been billed
        :raise ConfigurationError: a field of the connection or the action's name is wrong; no call was made
        """
        from ..client.loop import run

        return run(self._call(action, params))

    async def acall(self, action: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """As :meth:`call`, from any event loop."""
        from ..client.loop import run_async

        return await run_async(self._call(action, params))

    def recognize(
        self,
        document: Place | bytes | Mapping[str, Any],
        options: Mapping[str, Any] | None = None,
        pages: str | int | Sequence[int] = "all",
        *,
        action: str = ACTION,
        transfer: str = "auto",
        pdf_dpi: int | None = 200,
        pdf_password_conn_id: str | None = None,
    ) -> list[Recognition]:
        """Recognize one document; each page is one billed call, or more if an answer is lost.

        :param document: a URI, a mapping with ``uri``, ``document_id``, ``pages``, or the bytes of an image or a PDF
        :param options: of the action, snake case, as ``{"config_id": "MulOCR"}``
        :param pages: ``"all"``, a list, or ``"2-5"``
        :param action: such as ``GeneralHandwritingOCR``
        :param transfer: ``auto``, ``url`` or ``bytes``
        :param pdf_dpi: pixels an inch at which PDF pages are rendered; None sends one-page PDFs
        :param pdf_password_conn_id: the connection whose password opens encrypted PDFs
        :return: one recognition a page, in page order; a failed page is one with an ``error_code``
        :raise AuthenticationError, AccountError, RequestError: every page would fail likewise
        :raise ConfigurationError: the connection or an argument is wrong; no call was made
        """
        from ..client.loop import run

        return run(
            self._recognize(
                document,
                options,
                pages,
                action=action,
                transfer=transfer,
                pdf_dpi=pdf_dpi,
                conn_id=pdf_password_conn_id,
            )
        )

    async def arecognize(
        self,
        document: Place | bytes | Mapping[str, Any],
        options: Mapping[str, Any] | None = None,
        pages: str | int | Sequence[int] = "all",
        *,
        action: str = ACTION,
        transfer: str = "auto",
        pdf_dpi: int | None = 200,
        pdf_password_conn_id: str | None = None,
    ) -> list[Recognition]:
        """As :meth:`recognize`, from any event loop."""
        from ..client.loop import run_async

        return await run_async(
            self._recognize(
                document,
                options,
                pages,
                action=action,
                transfer=transfer,
                pdf_dpi=pdf_dpi,
                conn_id=pdf_password_conn_id,
            )
        )

    def test_connection(self) -> tuple[bool, str]:
        """Tell valid credentials from invalid ones by a call without an image, which the service does not bill.

        :return: whether the keys are valid, as far as a call without an image shows; what was found, in a sentence
        """
        from ..exceptions import AccountError, AuthenticationError, RequestError, TencentCloudOcrError, ThrottledError

        try:
            self.call(ACTION, {})
        except AuthenticationError as error:
            return False, f"Refused. {error}"
        except ThrottledError:
            return True, "The keys are valid: the service checked the signature and found the quota used up."
        except AccountError as error:
            return False, f"The keys are valid, and the account cannot use the action. {error}"
        except RequestError:
            return True, "The keys are valid: the service checked the signature and asked for an image."
        except TencentCloudOcrError as error:
            code = getattr(error, "code", "")
            if code.startswith(("FailedOperation.", "InvalidParameter", "LimitExceeded.")):
                return True, f"The keys are valid: the service checked the signature ({code})."
            return False, str(error)
        return True, "The keys are valid."

    def close(self) -> None:
        """Close the connections; the hook may be used again."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            from ..client.loop import run

            run(client.close())

    async def _call(self, action: str, params: Mapping[str, Any]) -> dict[str, Any]:
        from ..api.envelope import decode
        from ..api.request import body_of

        if not (isinstance(action, str) and action.isascii() and action.isalnum()):
            raise ConfigurationError(f"action is a name such as 'GeneralBasicOCR', not {action!r:.80}")
        reply = await self.client.call(action, body_of(params))
        return decode(reply.body)

    async def _recognize(
        self,
        document: Place | bytes | Mapping[str, Any],
        options: Mapping[str, Any] | None,
        pages: str | int | Sequence[int],
        *,
        action: str,
        transfer: str,
        pdf_dpi: int | None,
        conn_id: str | None,
    ) -> list[Recognition]:
        from ..api.settings import CallSettings
        from ..documents import PdfSettings, pdf_password
        from ..recognition.single import recognize_document

        international = self.account.client.endpoint.international
        settings = CallSettings.parse(action, options, transfer=transfer, pdf_dpi=pdf_dpi, international=international)
        pdf = PdfSettings(pdf_dpi, pdf_password(conn_id), conn_id)
        return await recognize_document(self.client, document, settings=settings, pages=pages, pdf=pdf)


def _mask(credential: Credential) -> None:
    """Have Airflow hide a credential in every log; the SecretId is no secret."""
    from airflow.providers.common.compat.sdk import mask_secret

    mask_secret(credential.secret_key)
    if credential.token:
        mask_secret(credential.token)


def _password_of(proxy: object) -> str | None:
    """The password inside a proxy's URL; a user alone is a token."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(proxy if isinstance(proxy, str) else "")
        return parts.password or parts.username
    except ValueError:
        return None
