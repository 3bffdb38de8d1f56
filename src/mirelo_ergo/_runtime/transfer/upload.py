"""Put bytes to a pre-signed URL: streamed, replayed from the start after a failure, with a fresh URL if one expired."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from ...errors import MireloError, SourceChangedError, UploadError
from ..api.answers import error_from, status_phrase
from ..api.execute import failure_error
from ..api.retry import Answered, Done, Failed, Kind, Retry, parse_retry_after
from ..io.deadline import Progress
from ..io.protocol import ExternalRefused, ExternalRequest, Reply, SourceFailed, TransportFailure
from ..redact import safe_url

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from ..api.execute import Runtime
    from .sources import Uploadable

_ENOUGH = 1 << 16
"""Bytes of an upload's answer that are read before the connection is dropped instead."""


@attrs.frozen
class Slot:
    """A place to put bytes: what the service calls it, and the pre-signed URL."""

    asset_id: str
    url: str = attrs.field(repr=False)


async def upload(
    runtime: Runtime,
    source: Uploadable,
    content_type: str,
    new_slot: Callable[[], Awaitable[Slot]],
    on_progress: Callable[[int, int], None] | None = None,
) -> str:
    """Upload a source and give its asset id. Costs nothing.

    Each attempt sends all bytes from the start; progress is only told once it is news. An expired URL (403, 410) is
    replaced once. Raises `UploadError`, or `SourceChangedError` when the bytes changed on the way; then nothing was
    submitted.
    """
    if on_progress is not None:
        on_progress = _forwards(on_progress)
    slot = await new_slot()
    renewed = False
    retrier = runtime.retrier(Kind.CHEAP, "PUT")
    while True:
        request = ExternalRequest("PUT", slot.url, {"Content-Type": content_type}, source, on_progress)
        outcome, error = await _put(runtime, request, source, retrier.number + 1)
        expired = isinstance(outcome, Answered) and outcome.status in (403, 410) and not renewed
        if not source.replayable and (expired or retrier.is_worth_repeating(outcome)):
            error.message += "; the stream cannot be rewound, so it is not sent again: give a path or bytes instead"
            error.args = (error.message,)
            raise error
        if expired:
            slot, renewed = await new_slot(), True
            continue
        decision = await retrier.judge(outcome, f"PUT {safe_url(slot.url)}")
        if isinstance(decision, Done):
            return slot.asset_id
        if not isinstance(decision, Retry):
            raise error


def _forwards(on_progress: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """Make a callback that is not told of bytes which are sent again."""
    most = 0

    def report(sent: int, total: int) -> None:
        nonlocal most
        if sent > most:
            most = sent
            on_progress(sent, total)

    return report


async def _put(
    runtime: Runtime, request: ExternalRequest, source: Uploadable, number: int
) -> tuple[Answered | Failed, MireloError]:
    """Make one attempt and give its outcome, with the error it becomes if it is the last."""
    limit = Progress(runtime.io.now, runtime.timing)
    limit.moving(True)
    where = safe_url(request.url)
    try:
        async with await runtime.io.stream(request, limit) as answer:
            status, headers = answer.status, answer.headers
            received = 0 if 200 <= status < 300 else _ENOUGH  # an early refusal may well be cut
            while received < _ENOUGH and (piece := await answer.read()):
                received += len(piece)
        await runtime.io.run_blocking(source.verify)
    except TransportFailure as failure:
        cause = failure_error("upload", request.url, failure, number)
        text = f"{cause.message} (sent: {failure.sent}); nothing was submitted"
        return Failed(failure.kind, failure.sent), _because(cause, text, 0)
    except ExternalRefused as refused:
        raise UploadError(f"upload: {refused}; nothing was submitted", None, 0) from None
    except SourceFailed as failed:
        cls = SourceChangedError if failed.changed else UploadError
        raise cls(f"upload: {failed}; nothing was submitted", None, 0) from failed.__cause__
    after = _retry_after(runtime, headers)
    expired = "; its pre-signed URL has expired" if status in (403, 410) else ""
    text = f"upload: {where} answered HTTP {status_phrase(status)}{expired}; nothing was submitted"
    cause = error_from(runtime.api, runtime.secret, Reply(status, headers, b""), "upload", after)
    return Answered(status, retry_after=after), _because(cause, text, status)


def _because(cause: MireloError, text: str, status: int) -> UploadError:
    error = UploadError(text, None, status, retryable=cause.retryable)
    error.__cause__ = cause
    return error


def _retry_after(runtime: Runtime, headers: Mapping[str, str]) -> float | None:
    return parse_retry_after(headers.get("retry-after"), headers.get("date"), runtime.io.wall())
