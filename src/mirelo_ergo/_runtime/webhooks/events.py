"""Reading webhooks, which are untrusted bytes: the result is a `JobEvent` or a `WebhookError`."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

from ...errors import WebhookError
from ..api.answers import Unusable
from ..plain import Plain
from .order import Mode, Webhook, WebhookOrder
from .signatures import verify

if TYPE_CHECKING:
    from ..redact import Secret
    from .signatures import Headers, SignatureScheme


LARGEST_BODY: Final = 1 << 20
"""The largest body of a webhook in bytes; a real one has a few hundred."""

EventStatus = Literal["processing", "succeeded", "errored"]


@attrs.frozen
class JobEvent(Plain):
    """What a webhook says about a job. Unless it is signed, it is only a hint until a poll confirms it.

    `status` is "processing", "succeeded" or "errored", as in a poll; `raw_status` is the service's own word. The times
    are aware and in UTC, None if not given. `error` is the reason if the job failed, else None. `payload` is the whole
    payload, unchanged. `service` is the name of the service that sent it.
    """

    job_id: str
    status: EventStatus
    raw_status: str
    result_urls: list[str] = attrs.field(factory=list, repr=lambda urls: f"[{len(urls)} URLs]")
    error: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    completed_at: datetime | None = None
    payload: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    service: str = attrs.field(kw_only=True)
    ambiguous: bool = attrs.field(default=False, kw_only=True)
    """Whether its status is ambiguous: the job is then polled even if the inbox accepts webhooks unconfirmed."""

    @property
    def final(self) -> bool:
        """Whether its status is final."""
        return self.status != "processing"


@attrs.frozen
class WebhookFormat:
    """A service's webhooks: how they are ordered with a submit, signed and read."""

    order: Callable[[Webhook], WebhookOrder]
    """Returns the headers or fields of a submit that order them."""
    read: Callable[[Mapping[str, Any]], JobEvent]
    """Reads a payload; raises only `Unusable`, whatever the object contains."""
    signature: SignatureScheme | None = None
    """How they are signed; None: they are not signed, and only hints."""
    modes: tuple[Mode, ...] = ("terminal",)
    """The modes (which events are sent) that a submit can order."""


def read_event(
    form: WebhookFormat,
    headers: Headers,
    body: bytes,
    *,
    secret: Secret | None = None,
    now: float = 0.0,
    tolerance: float | None = None,
) -> JobEvent:
    """Return what a webhook says; raise `WebhookError` if it is not a valid one.

    A signature is verified before anything is decoded; `secret`, `now` and `tolerance` are those of `verify`. The
    declared content type is ignored; a body with a Content-Encoding is refused. JSON is read strictly.
    """
    if not isinstance(body, bytes | bytearray | memoryview):
        raise WebhookError(f"not a webhook: its body is {type(body).__name__}, not bytes")
    body = bytes(body)
    if len(body) > LARGEST_BODY:
        raise too_large()
    if form.signature is not None:
        assert secret is not None, "a caller checks first that there is a secret"
        verify(form.signature, headers, body, secret, now, tolerance)
    if any(_encodes(name, value) for name, value in headers.items()):
        raise WebhookError("not a webhook: its body is encoded, and only plain JSON is read")
    fields = _decode(body)
    if not isinstance(fields, dict):
        raise WebhookError(f"not a webhook: a JSON {type(fields).__name__}, not an object")
    try:
        return form.read(fields)
    except Unusable as unusable:
        raise WebhookError(f"not a webhook: {unusable}") from None


def too_large() -> WebhookError:
    """Return the error of a body over 1 MiB."""
    return WebhookError(f"not a webhook: its body is larger than {LARGEST_BODY >> 20} MiB", http_status=413)


def _encodes(name: object, value: object) -> bool:
    named = str(name).lower() == "content-encoding"
    return named and str(value).strip().lower() not in ("", "identity")


def _decode(body: bytes) -> object:
    try:
        return json.loads(
            body.decode("utf-8-sig"), object_pairs_hook=_unique, parse_float=_finite, parse_constant=_finite
        )
    except UnicodeDecodeError as error:
        problem = f"its body is not UTF-8 ({error.reason})"
    except RecursionError:
        problem = "its body is nested too deeply"
    except ValueError as error:
        problem = f"its body is not JSON ({error})" if body.strip() else "its body is empty"
    raise WebhookError(f"not a webhook: {problem}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a duplicate field, which two readers could read differently."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field occurs twice")
    return fields


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("it contains a number that is not finite")
    return number
