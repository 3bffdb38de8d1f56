"""What a callback says, read from bytes that anybody may have sent: `JobEvent` or `WebhookError`, nothing else."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import attrs

from ...errors import WebhookError
from ..api.answers import Unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

LARGEST_BODY: Final = 1 << 20
"""Bytes of a callback; a real one has a few hundred."""

EventStatus = Literal["processing", "succeeded", "errored"]


@attrs.frozen
class JobEvent:
    """What a callback says of a job. Nobody signed it: it is a hint until the service itself was asked.

    `status` is "processing", "succeeded" or "errored", as a poll's is; `raw_status` is the service's own word. The
    times are aware and in UTC, None where none is given. `error` is why the job ended "errored", else None.
    `payload` is the whole of it, as it came.
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

    @property
    def final(self) -> bool:
        """Say whether it tells of the job's end."""
        return self.status != "processing"


@attrs.frozen
class CallbackFormat:
    """Describe a service's callbacks: the request headers that order them, and how a payload is read.

    `read` raises `Unusable`, and nothing else whatever the object holds. A payload has the shape of a poll's answer.
    """

    url_header: str
    mode_header: str
    read: Callable[[Mapping[str, Any]], JobEvent]


class Headers(Protocol):
    """Be the headers of any framework, or of `http.server`: something with `items()`."""

    def items(self) -> Iterable[tuple[Any, Any]]: ...


def read_event(form: CallbackFormat, headers: Headers, body: bytes) -> JobEvent:
    """Read a callback; raises `WebhookError` for whatever is none.

    The declared content type is not looked at; a body under any Content-Encoding is refused. JSON is read strictly.
    """
    if not isinstance(body, bytes | bytearray | memoryview):
        raise WebhookError(f"not a callback: its body is {type(body).__name__}, not bytes")
    if len(body) > LARGEST_BODY:
        raise too_large()
    if any(_encodes(name, value) for name, value in headers.items()):
        raise WebhookError("not a callback: its body is encoded, and only plain JSON is read")
    fields = _decode(bytes(body))
    if not isinstance(fields, dict):
        raise WebhookError(f"not a callback: a JSON {type(fields).__name__}, not an object")
    try:
        return form.read(fields)
    except Unusable as unusable:
        raise WebhookError(f"not a callback: {unusable}") from None


def too_large() -> WebhookError:
    """Make the error of a body over 1 MiB."""
    return WebhookError(f"not a callback: its body is larger than {LARGEST_BODY >> 20} MiB", http_status=413)


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
    raise WebhookError(f"not a callback: {problem}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a field that is there twice: two readers could see two different callbacks."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field is there twice")
    return fields


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("it holds a number that is not finite")
    return number
