"""Fetch a result from a signed URL: resumed with Range and If-Range, checked whole, never more than asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import attrs

from ...errors import DownloadError
from ..api.answers import error_from, status_phrase
from ..api.execute import failure_error
from ..api.retry import Answered, Failed, Kind, Retry, parse_retry_after
from ..io.deadline import Progress
from ..io.protocol import ExternalRefused, ExternalRequest, Reply, Stream, TransportFailure
from ..redact import log, safe_url, shorten
from .content_types import HEAD, result_type
from .sinks import FLUSH, Sink

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from ..api.execute import Runtime
    from ..api.retrier import Retrier

P = ParamSpec("P")
T = TypeVar("T")

SHORTEST = 12
"""Bytes that it takes to tell a container; fewer are no result."""
LEAST_PROGRESS = 64 << 10
"""Bytes that restart the count of attempts; of a smaller file, a tenth does."""
LARGEST_FILE = 16 << 30
LARGEST_IN_MEMORY = 1 << 30

_CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})", re.ASCII)


class _Restart(Exception):
    """Begin again from the first byte: the server's copy changed, or it does not do ranges."""


@attrs.define
class _State:
    url: str
    validator: str | None = None
    total: int | None = None
    content_type: str | None = None
    best: int = 0
    """The size at the last progress that restarted the count of attempts."""
    told: int = 0
    restarts: int = 0
    renewed: bool = False


async def fetch(
    runtime: Runtime,
    url: str,
    sink: Sink,
    *,
    cap: int,
    fresh_url: Callable[[], Awaitable[str | None]],
    on_progress: Callable[[int, int | None], None] | None = None,
) -> None:
    """Download one URL into a sink, whole or not at all. Costs nothing.

    Up to five attempts without progress, which is 64 KiB more or a tenth of the file; an expired URL (403, 410) is
    replaced once by `fresh_url`. `on_progress` gets bytes so far and in all (None if not known), and nothing while
    bytes come that came before. Raises `DownloadError`; on every exit but success the sink is discarded. Raises
    `ConfigurationError` once the client is closed.
    """
    runtime.require_open()
    state = _State(url)
    retrier = runtime.retrier(Kind.DOWNLOAD, "GET")
    try:
        while not await _attempt(runtime, state, retrier, sink, cap, fresh_url, on_progress):
            pass
        await _disk(runtime, sink, sink.finish)
        retrier.succeed()
        log.debug("GET %s: saved %d bytes, sha256 %s", safe_url(url), sink.size, getattr(sink, "sha256", "-"))
    except DownloadError as error:
        error.path = error.path or _place(sink)
        raise
    finally:
        await _disk(runtime, sink, sink.discard)


def _place(sink: Sink) -> str | None:
    target = getattr(sink, "target", None)
    return None if target is None else str(target)


async def _disk(runtime: Runtime, sink: Sink, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Touch the sink's file; what the system refuses is a `DownloadError`, and an OSError of a callback is not."""
    try:
        return await runtime.io.run_blocking(function, *args, **kwargs)
    except OSError as error:
        path = _place(sink) or str(error.filename or "")
        raise DownloadError(
            f"download: {error.strerror or error}: {shorten(path, 200)}", errno=error.errno, path=path
        ) from error


async def _attempt(
    runtime: Runtime,
    state: _State,
    retrier: Retrier,
    sink: Sink,
    cap: int,
    fresh_url: Callable[[], Awaitable[str | None]],
    on_progress: Callable[[int, int | None], None] | None,
) -> bool:
    """Make one attempt; say whether everything is there. Raises when another attempt would be in vain."""
    if sink.size and state.validator is None:
        await _disk(runtime, sink, sink.restart)  # without a validator, two halves may be of two files
    headers: dict[str, str] = {}
    if sink.size and state.validator is not None:
        headers = {"Range": f"bytes={sink.size}-", "If-Range": state.validator}
    limit = Progress(runtime.io.now, runtime.timing)
    began_at = sink.size
    problem = ""
    outcome: Answered | Failed
    error: DownloadError
    try:
        async with await runtime.io.stream(ExternalRequest("GET", state.url, headers), limit) as answer:
            status = answer.status
            if status in (200, 206):
                limit.moving(True)
                await _take(runtime, state, sink, answer, cap, on_progress)
                problem = _incomplete(state, sink)
                if not problem and (state.total is not None or await _disk(runtime, sink, sink.is_whole)):
                    return True
                problem = problem or "nothing proves that the file is whole"
            elif status == 416 and sink.size:
                raise _Restart("the server says that the rest does not exist")
            after = parse_retry_after(answer.headers.get("retry-after"), answer.headers.get("date"), runtime.io.wall())
        if status in (403, 410) and not state.renewed:
            state.renewed = True
            renewed = await fresh_url()
            if renewed is not None:
                state.url = renewed
                return False
        if problem:
            outcome = Failed("network", "yes")
            error = DownloadError(f"download: {problem} ({safe_url(state.url)})", retryable=True)
        else:
            outcome = Answered(status, retry_after=after)
            expired = "; the signed URL has expired" if status in (403, 410) else ""
            text = f"download: {safe_url(state.url)} answered HTTP {status_phrase(status)}{expired}"
            cause = error_from(runtime.api, runtime.secret, Reply(status, answer.headers, b""), "download", after)
            error = DownloadError(text, None, status, retryable=cause.retryable)
            error.__cause__ = cause
    except _Restart as reason:
        await _disk(runtime, sink, sink.restart)
        state.restarts += 1
        if state.restarts > 1:
            raise DownloadError(f"download: {reason}, twice ({safe_url(state.url)})", retryable=True) from None
        state.validator = state.total = None
        return False
    except TransportFailure as failure:
        outcome = Failed(failure.kind, failure.sent)
        cause = failure_error("download", state.url, failure, retrier.number + 1)
        error = DownloadError(cause.message, retryable=cause.retryable)
        error.__cause__ = cause
    except ExternalRefused as refused:
        raise DownloadError(f"download: {refused}") from None
    progress = _is_progress(runtime, state, sink.size, began_at, outcome)
    if progress:
        state.best = sink.size
    what = f"GET {safe_url(state.url)} at byte {sink.size}"
    if not isinstance(await retrier.judge(outcome, what, progress=progress), Retry):
        raise error
    return False


def _is_progress(runtime: Runtime, state: _State, size: int, began_at: int, outcome: Answered | Failed) -> bool:
    """Say whether enough came since the last progress: less, and one byte per connection would go on for ever.

    What came too slowly is no progress.
    """
    timing = runtime.timing
    slow = isinstance(outcome, Failed) and outcome.kind == "timeout"
    if slow and size - began_at < timing.minimum_rate * timing.rate_window:
        return False
    tenth = LEAST_PROGRESS if state.total is None else max(1, state.total // 10)
    return size - state.best >= min(LEAST_PROGRESS, tenth)


async def _take(
    runtime: Runtime,
    state: _State,
    sink: Sink,
    answer: Stream,
    cap: int,
    on_progress: Callable[[int, int | None], None] | None,
) -> None:
    """Read one answer's body into the sink, as far as it comes; what arrived before a failure is kept."""
    headers = answer.headers
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise DownloadError(
            f"download: refused: the file is encoded as {shorten(encoding, 40)}, which was not asked for"
        )
    await _match(runtime, state, sink, answer)
    if state.total is not None and state.total > cap:
        raise DownloadError(f"download: refused: {state.total} bytes are more than the cap of {cap}")
    pending = bytearray()
    begun = sink.size > 0
    failure: TransportFailure | None = None
    try:
        while piece := await answer.read():
            pending += piece
            if sink.size + len(pending) > cap:
                raise DownloadError(f"download: stopped: more bytes came than the cap of {cap}")
            if not begun and len(pending) >= HEAD:
                await _begin(runtime, state, sink, pending, headers)
                begun = True
            if begun and len(pending) >= FLUSH:
                await _flush(runtime, state, sink, pending, on_progress)
    except TransportFailure as cut:
        failure = cut
    if not begun and len(pending) >= SHORTEST:
        await _begin(runtime, state, sink, pending, headers)
        begun = True
    if begun:
        await _flush(runtime, state, sink, pending, on_progress)
    if failure is not None:
        raise failure


async def _begin(runtime: Runtime, state: _State, sink: Sink, head: bytearray, headers: Mapping[str, str]) -> None:
    declared = headers.get("content-type", "")
    state.content_type = result_type(declared, bytes(head[:HEAD]))
    if state.content_type is None:
        raise DownloadError(
            f"download: refused: what came under content type {shorten(declared or 'none', 60)} is not audio or video"
        )
    await _disk(runtime, sink, sink.begin, state.content_type)


async def _flush(
    runtime: Runtime,
    state: _State,
    sink: Sink,
    pending: bytearray,
    on_progress: Callable[[int, int | None], None] | None,
) -> None:
    if pending:
        await _disk(runtime, sink, sink.write, bytes(pending))
        pending.clear()
        if on_progress is not None and sink.size > state.told:
            state.told = sink.size
            on_progress(sink.size, state.total)


async def _match(runtime: Runtime, state: _State, sink: Sink, answer: Stream) -> None:
    """Check that an answer continues what the sink has; raise `_Restart` when it is another file."""
    headers = answer.headers
    etag = headers.get("etag", "")
    validator = etag if etag.startswith('"') else headers.get("last-modified")
    if answer.status == 200:
        if sink.size:
            await _disk(runtime, sink, sink.restart)  # the server sends all of it: no ranges, or the file changed
            if state.validator != validator:
                state.restarts += 1
                if state.restarts > 1:
                    raise DownloadError("download: the file changes while it is fetched, twice now", retryable=True)
        length = headers.get("content-length", "")
        state.validator, state.total = (
            validator,
            int(length) if length.isascii() and length.isdigit() else None,
        )
        return
    found = _CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
    if not sink.size or found is None:
        raise DownloadError("download: the server answered with a part that was not asked for")
    same = etag if (state.validator or "").startswith('"') else headers.get("last-modified")
    if same and same != state.validator:
        raise _Restart("the file changed while it was fetched")
    first, last, total = (int(group) for group in found.groups())
    if first != sink.size or last + 1 != total or (state.total is not None and total != state.total):
        raise DownloadError(
            f"download: the server sent bytes {first}-{last} of {total} instead of {sink.size}- of {state.total}"
        )
    state.total = total


def _incomplete(state: _State, sink: Sink) -> str:
    if sink.size and state.total in (None, sink.size):
        return ""
    if state.total is None:
        return "no file came"
    return f"only {sink.size} of {state.total} bytes came" if state.total else "an empty file came"
