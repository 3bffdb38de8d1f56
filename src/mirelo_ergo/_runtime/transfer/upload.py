"""Uploads to pre-signed URLs and forms: streamed, repeated from the start after a failure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import attrs

from ...errors import SourceChangedError, UploadError
from ..api.answers import error_from, failure_error
from ..api.retry import Answered, Done, Failed, Kind, Retry, parse_retry_after
from ..io.deadline import Progress
from ..io.protocol import ExternalRefused, ExternalRequest, Reply, SourceFailed, TransportFailure
from ..redact import safe_url
from .forms import of_the_file
from .store_errors import StoreError, read_refusal, refusal_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..api.execute import Runtime
    from .forms import PresignedForm
    from .inputs import MediaSource
    from .sources import Uploadable

_ENOUGH = 1 << 16
"""The most bytes of an upload's answer that are read to keep its connection; after that it is closed."""


@attrs.frozen
class Slot:
    """An upload slot: its asset id and pre-signed URL. With a `form` the bytes are sent by POST, else by PUT."""

    asset_id: str
    url: str = attrs.field(repr=False)
    form: PresignedForm | None = None
    max_bytes: int | None = None
    """The largest file in bytes that the service accepts there, None if it does not say."""

    def request(
        self, source: Uploadable, content_type: str, on_progress: Callable[[int, int], None] | None
    ) -> ExternalRequest:
        """Return the request for each attempt; raise `UploadError` if the source is too large."""
        if self.max_bytes is not None and source.size > self.max_bytes:
            raise UploadError(
                f"upload: the source has {source.size} bytes, and the service takes at most {self.max_bytes}; "
                "nothing was sent"
            )
        if self.form is None:
            return ExternalRequest("PUT", self.url, {"Content-Type": content_type}, source, on_progress)
        body = self.form.body(source, content_type)
        if on_progress is not None:
            on_progress = of_the_file(body, source, on_progress)
        return ExternalRequest("POST", self.url, {"Content-Type": body.content_type}, body, on_progress)


@attrs.frozen
class Asset:
    """An uploaded source: its asset id, its key in the cache, and whether it was uploaded earlier."""

    asset_id: str
    key: str
    known: bool


async def upload_once(
    runtime: Runtime,
    media: MediaSource,
    new_slot: Callable[[str], Awaitable[Slot]],
    lifetime: float,
    *,
    before_submit: bool = True,
) -> Asset:
    """Upload a source, unless the same bytes were uploaded for this account before. Costs nothing.

    `new_slot` is called with the content type, `before_submit` is as in `upload`; an asset is reused for `lifetime`
    seconds. If it is not certain that the bytes are unchanged, they are uploaded again. Raises as `upload`.
    """
    io = runtime.io
    source, content_type = await io.run_blocking(media.current)

    async def send() -> str:
        slot = partial(new_slot, content_type)
        return await upload(runtime, source, content_type, slot, media.on_progress, before_submit=before_submit)

    if source.identity is None:
        return Asset(await send(), "", known=False)
    key = f"{runtime.account()} {content_type} {source.identity}"
    async with io.lock(key):
        kept = media.assets.get(key, io.now())
        if kept is not None:
            return Asset(kept, key, known=True)
        asset_id = await send()
        media.assets.keep(key, asset_id, io.now() + lifetime)
        return Asset(asset_id, key, known=False)


async def upload(
    runtime: Runtime,
    source: Uploadable,
    content_type: str,
    new_slot: Callable[[], Awaitable[Slot]],
    on_progress: Callable[[int, int], None] | None = None,
    *,
    before_submit: bool = False,
) -> str:
    """Upload a source and return its asset id. Costs nothing. `before_submit`: a submit will follow.

    Each attempt sends all bytes from the start; progress is not reported again for the same bytes. An expired slot is
    replaced once. Raises `UploadError`, or `SourceChangedError` if the bytes changed meanwhile; then nothing was
    submitted.
    """
    if on_progress is not None:
        on_progress = _forwards(on_progress)
    if before_submit:
        on_progress = _then(on_progress, runtime.io.preconnect)
    slot = await new_slot()
    request = slot.request(source, content_type, on_progress)
    renewed = False
    retrier = runtime.retrier(Kind.CHEAP, request.method)
    while True:
        attempt = await _put(runtime, request, source)
        expired = attempt.refusal is not None and attempt.refusal.may_be_expired and not renewed
        if not source.replayable and (expired or retrier.is_worth_repeating(attempt.outcome)):
            raise attempt.error(
                runtime,
                retrier.number + 1,
                "; the stream cannot be rewound, so it is not sent again: give a path or bytes instead",
            )
        if expired:
            slot, renewed = await new_slot(), True
            request = slot.request(source, content_type, on_progress)
            continue
        decision = await retrier.judge(attempt.outcome, f"{request.method} {safe_url(slot.url)}")
        if isinstance(decision, Done):
            return slot.asset_id
        if not isinstance(decision, Retry):
            raise attempt.error(runtime, retrier.number)


def _forwards(on_progress: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """Return a callback that leaves out bytes that are sent again."""
    most = 0

    def report(sent: int, total: int) -> None:
        nonlocal most
        if sent > most:
            most = sent
            on_progress(sent, total)

    return report


def _then(on_progress: Callable[[int, int], None] | None, at_end: Callable[[], None]) -> Callable[[int, int], None]:
    """Return a callback that also calls `then` once the last byte was sent."""

    def report(sent: int, total: int) -> None:
        if sent == total:
            at_end()
        if on_progress is not None:
            on_progress(sent, total)

    return report


@attrs.frozen
class _Attempt:
    """The outcome of one attempt: an answer or a failure."""

    url: str = attrs.field(repr=False)
    outcome: Answered | Failed
    failure: TransportFailure | None = None
    reply: Reply | None = None
    refusal: StoreError | None = None

    def error(self, runtime: Runtime, number: int, note: str = "") -> UploadError:
        """Return the error to raise if attempt `number` was the last one."""
        if self.failure is not None:
            cause = failure_error("upload", self.url, self.failure, number)
            text, status = f"{cause.message} (sent: {self.failure.sent})", 0
        else:
            assert self.reply is not None, "an attempt that did not fail has an answer"
            assert self.refusal is not None, "an answer that is no success is read"
            assert isinstance(self.outcome, Answered), "an answer is its outcome"
            text = refusal_text(safe_url(self.url), self.reply.headers, self.refusal)
            text, status = f"upload: {runtime.secret.scrub(text)}", self.reply.status
            cause = error_from(runtime.api, runtime.secret, self.reply, "upload", self.outcome.retry_after)
        retryable = cause.retryable or (self.refusal is not None and self.refusal.effective_status != status)
        error = UploadError(f"{text}; nothing was submitted{note}", None, status, retryable=retryable)
        error.__cause__ = cause
        return error


async def _put(runtime: Runtime, request: ExternalRequest, source: Uploadable) -> _Attempt:
    """Make one attempt and return its outcome."""
    limit = Progress(runtime.io.now, runtime.timing)
    limit.moving(True)
    refusal: StoreError | None = None
    try:
        async with await runtime.io.stream(request, limit) as answer:
            status, headers = answer.status, answer.headers
            if 200 <= status < 300:
                received = 0
                while received < _ENOUGH and (piece := await answer.read()):
                    received += len(piece)
            else:
                refusal = await read_refusal(answer, limit)
        await runtime.io.run_blocking(source.verify)
    except TransportFailure as failure:
        return _Attempt(request.url, Failed(failure.kind, failure.sent), failure=failure)
    except ExternalRefused as refused:
        raise UploadError(f"upload: {refused}; nothing was submitted", None, 0) from None
    except SourceFailed as failed:
        cls = SourceChangedError if failed.changed else UploadError
        raise cls(f"upload: {failed}; nothing was submitted", None, 0) from failed.__cause__
    after = parse_retry_after(headers.get("retry-after"), headers.get("date"), runtime.io.wall())
    meant = status if refusal is None else refusal.effective_status
    reply = Reply(status, headers, b"")
    return _Attempt(request.url, Answered(meant, retry_after=after), reply=reply, refusal=refusal)
