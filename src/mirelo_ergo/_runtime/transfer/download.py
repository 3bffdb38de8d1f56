"""Downloads of results from signed URLs: resumed with Range and If-Range, and checked to be complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar

import attrs

from ..._signals import is_of_a_signal
from ...errors import DownloadError
from ..api.answers import error_from, failure_error
from ..api.retry import Answered, Failed, Kind, Retry, parse_retry_after
from ..io.deadline import Progress
from ..io.protocol import ExternalRefused, ExternalRequest, Reply, Stream, TransportFailure
from ..redact import log, safe_url, shorten
from .content_types import HEAD, result_type
from .ranges import (
    content_length,
    content_range,
    ends_by_its_framing,
    missing_range,
    named_validator,
    validator_of,
)
from .sinks import FLUSH, Sink
from .store_errors import StoreError, read_refusal, refusal_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from ..api.execute import Runtime
    from ..api.retrier import Retrier

P = ParamSpec("P")
T = TypeVar("T")

SHORTEST = 12
"""Bytes that are needed to recognise a container; a smaller file is not a result."""
LEAST_PROGRESS = 64 << 10
"""Progress in bytes that restarts the count of attempts; for a smaller file, a tenth of its size."""
LARGEST_FILE = 16 << 30
LARGEST_IN_MEMORY = 1 << 30

_RENEWABLE = (400, 401, 403, 404, 410)
"""The statuses by which stores refuse an expired signed URL."""
_STRAY_ENCODINGS = frozenset({"", "identity", "aws-chunked", "utf-8", "utf8", "binary", "8bit", "none"})
"""Values of Content-Encoding that change no byte: some uploads leave them there."""
_WAY_OUT = "its URL is in result_urls"
"""What is left where no further attempt helps: the file is paid for."""
_UNPROVED = "nothing proves that the file is whole"


class _Restart(Exception):
    """Raised to begin again from the first byte: the server's copy changed, or it does not support ranges."""


async def fetch(
    runtime: Runtime,
    url: str,
    sink: Sink,
    *,
    cap: int,
    fresh_url: Callable[[], Awaitable[str | None]],
    on_progress: Callable[[int, int | None], None] | None = None,
) -> None:
    """Download one URL into a sink, completely or not at all. Costs nothing.

    It makes up to five attempts without progress (64 KiB or a tenth of the file). A URL that is refused (400, 401, 403,
    404, 410) is replaced once by `fresh_url`. `on_progress` is called with the bytes so far and the total (None if
    unknown), but not while bytes arrive again. Raises `DownloadError` and discards the sink. A file that seems complete
    but cannot be proved to be is kept under a name that says so, which is the error's `path`. Raises
    `ConfigurationError` once the client is closed.
    """
    runtime.require_open()
    download = _Download(runtime, url, sink, cap, fresh_url, on_progress, runtime.retrier(Kind.DOWNLOAD, "GET"))
    try:
        await download.run()
    except DownloadError as error:
        await download.keep_what_came(error)
        error.path = error.path or _place(sink)
        if not error.retryable and error.errno is None and _WAY_OUT not in error.message:
            error.message += f"; {_WAY_OUT}"
            error.args = (error.message,)
        raise
    finally:
        await download.on_disk(sink.discard)


def _place(sink: Sink) -> str | None:
    return None if sink.target is None else str(sink.target)


@attrs.define
class _Download:
    """The state of one download: the request, and what is known of the server's copy."""

    runtime: Runtime
    url: str
    sink: Sink
    cap: int
    fresh_url: Callable[[], Awaitable[str | None]]
    on_progress: Callable[[int, int | None], None] | None
    retrier: Retrier
    validator: str | None = None
    total: int | None = None
    best: int = 0
    """The size at the last progress that restarted the count of attempts."""
    told: int = 0
    restarts: int = 0
    resumable: bool = True
    """Whether the server's partial answers identify the copy that they belong to."""
    renewed: bool = False
    unproved: bool = False
    """Whether the sink holds a body that ended, but that nothing proves to be complete."""

    async def run(self) -> None:
        """Make attempts until the file is complete and has its final name."""
        while not await self._attempt():
            pass
        await self.on_disk(self.sink.finish)
        self.retrier.succeed()
        digest = getattr(self.sink, "sha256", "-")
        log.debug("GET %s: saved %d bytes, sha256 %s", safe_url(self.url), self.sink.size, digest)

    async def keep_what_came(self, error: DownloadError) -> None:
        """Keep a body that nothing proves complete, and return where: it was paid for."""
        if not self.unproved:
            return
        await self.on_disk(self.sink.keep_unproved)
        path = _place(self.sink)
        if path is None:
            error.message += "; download() keeps what came, under a name that says so"
        else:
            error.path = path
            error.message += f"; what came is kept as {shorten(path, 300)}: play it before you use it"
        error.args = (error.message,)

    async def on_disk(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run an operation on the sink's file, and turn an `OSError` of it into a `DownloadError`."""
        try:
            return await self.runtime.io.run_blocking(function, *args, **kwargs)
        except OSError as error:
            if is_of_a_signal(error):
                raise
            path = _place(self.sink) or str(error.filename or "")
            raise DownloadError(
                f"download: {error.strerror or error}: {shorten(path, 200)}", errno=error.errno, path=path
            ) from error

    # --- attempts ---------------------------------------------------------------------------------------------------

    async def _attempt(self) -> bool:
        """Make one attempt; return whether the file is complete. Raises if another attempt would not help."""
        runtime, sink = self.runtime, self.sink
        if sink.size and self.validator is None and not self.unproved:
            await self.on_disk(sink.restart)  # without a validator, the two parts may be of different files
        headers: dict[str, str] = {}
        if sink.size and self.validator is not None:
            headers = {"Range": f"bytes={sink.size}-", "If-Range": self.validator}
        limit = Progress(runtime.io.now, runtime.timing)
        began_at = sink.size
        problem = ""
        refusal: StoreError | None = None
        outcome: Answered | Failed
        try:
            async with await runtime.io.stream(ExternalRequest("GET", self.url, headers), limit) as answer:
                reply = Reply(answer.status, answer.headers, b"")
                if answer.status in (200, 206):
                    limit.moving(True)
                    await self._take(answer)
                    problem = await self._problem(answer.headers)
                    if not problem:
                        return True
                elif answer.status == 416 and sink.size:
                    if self.unproved and missing_range(answer.headers) == sink.size:
                        return True  # there is nothing after the last received byte
                    raise _Restart("the server says that the rest does not exist")
                else:
                    limit.moving(True)
                    refusal = await read_refusal(answer, limit)
            if refusal is not None and await self._renew(refusal):
                return False
            outcome, error = self._failed(problem) if refusal is None else self._refused(reply, refusal)
        except _Restart as reason:
            await self._restart(reason)
            return False
        except TransportFailure as failure:
            outcome = Failed(failure.kind, failure.sent)
            cause = failure_error("download", self.url, failure, self.retrier.number + 1)
            error = DownloadError(cause.message, retryable=cause.retryable)
            error.__cause__ = cause
        except ExternalRefused as refused:
            raise DownloadError(f"download: {refused}") from None
        progress = self._is_progress(began_at, outcome)
        if progress:
            self.best = sink.size
            self.retrier.succeed()
        what = f"GET {safe_url(self.url)} at byte {sink.size}"
        if not isinstance(await self.retrier.judge(outcome, what, progress=progress), Retry):
            raise error
        return False

    async def _renew(self, refusal: StoreError) -> bool:
        """Ask the job once for a fresh URL after a refusal; return whether there is one."""
        if self.renewed or refusal.status not in _RENEWABLE:
            return False
        self.renewed = True
        fresh = await self.fresh_url()
        self.url = fresh or self.url
        return fresh is not None

    async def _restart(self, reason: _Restart) -> None:
        await self.on_disk(self.sink.restart)
        self.unproved = False
        self.restarts += 1
        if self.restarts > 1:
            raise DownloadError(f"download: {reason}, twice ({safe_url(self.url)})", retryable=True) from None
        self.validator = self.total = None

    def _failed(self, problem: str) -> tuple[Failed, DownloadError]:
        error = DownloadError(f"download: {problem} ({safe_url(self.url)})", retryable=True)
        return Failed("network", "yes"), error

    def _refused(self, reply: Reply, refusal: StoreError) -> tuple[Answered, DownloadError]:
        runtime, headers = self.runtime, reply.headers
        after = parse_retry_after(headers.get("retry-after"), headers.get("date"), runtime.io.wall())
        text = runtime.secret.scrub(refusal_text(safe_url(self.url), headers, refusal))
        cause = error_from(runtime.api, runtime.secret, reply, "download", after)
        error = DownloadError(f"download: {text}", None, reply.status, retryable=cause.retryable)
        error.__cause__ = cause
        return Answered(refusal.effective_status, retry_after=after), error

    def _is_progress(self, began_at: int, outcome: Answered | Failed) -> bool:
        """Return whether enough bytes arrived since the last progress: one byte per attempt could go on for ever.

        Bytes that arrived too slowly are not progress.
        """
        timing, size = self.runtime.timing, self.sink.size
        slow = isinstance(outcome, Failed) and outcome.kind == "timeout"
        if slow and size - began_at < timing.minimum_rate * timing.rate_window:
            return False
        tenth = LEAST_PROGRESS if self.total is None else max(1, self.total // 10)
        return size - self.best >= min(LEAST_PROGRESS, tenth)

    # --- bodies -----------------------------------------------------------------------------------------------------

    async def _take(self, answer: Stream) -> None:
        """Read one answer's body into the sink. The bytes before a failure are kept."""
        sink, headers = self.sink, answer.headers
        encodings = {part.strip().lower() for part in headers.get("content-encoding", "").split(",")}
        if not encodings <= _STRAY_ENCODINGS:
            shown = shorten(headers["content-encoding"], 40)
            raise DownloadError(f"download: refused: the file is encoded as {shown}, which was not asked for")
        await self._match(answer)
        if self.total is not None and self.total > self.cap:
            raise DownloadError(f"download: refused: {self.total} bytes are more than the cap of {self.cap}")
        pending = bytearray()
        begun = sink.size > 0
        failure: TransportFailure | None = None
        try:
            while piece := await answer.read():
                pending += piece
                if sink.size + len(pending) > self.cap:
                    raise DownloadError(f"download: stopped: more bytes came than the cap of {self.cap}")
                if not begun and len(pending) >= HEAD:
                    await self._begin(pending, headers)
                    begun = True
                if begun and len(pending) >= FLUSH:
                    await self._flush(pending)
        except TransportFailure as cut:
            failure = cut
        if not begun and len(pending) >= SHORTEST:
            await self._begin(pending, headers)
            begun = True
        if begun:
            await self._flush(pending)
        if failure is not None:
            raise failure

    async def _begin(self, head: bytearray, headers: Mapping[str, str]) -> None:
        declared = headers.get("content-type", "")
        content_type = result_type(declared, bytes(head[:HEAD]))
        if content_type is None:
            raise DownloadError(
                f"download: refused: what came under content type {shorten(declared or 'none', 60)} is not audio or "
                f"video, nor a picture; {_WAY_OUT}"
            )
        await self.on_disk(self.sink.begin, content_type)

    async def _flush(self, pending: bytearray) -> None:
        if pending:
            await self.on_disk(self.sink.write, bytes(pending))
            pending.clear()
            if self.on_progress is not None and self.sink.size > self.told:
                self.told = self.sink.size
                self.on_progress(self.sink.size, self.total)

    async def _match(self, answer: Stream) -> None:
        """Check that a partial answer continues the sink; raise `_Restart` if it is from another file."""
        headers = answer.headers
        if answer.status == 200:
            validator = validator_of(headers)
            if self.sink.size:
                await self.on_disk(self.sink.restart)  # the server sends all: it has no ranges, or the file changed
                if self.validator not in (None, validator):
                    self.restarts += 1
                    if self.restarts > 1:
                        raise DownloadError("download: the file changes while it is fetched, twice now", retryable=True)
            self.unproved = False
            self.validator, self.total = validator if self.resumable else None, content_length(headers)
            return
        found = content_range(headers)
        if not self.sink.size and found is not None and found[0] == 0 and found[1] + 1 == found[2]:
            self.validator, self.total = validator_of(headers) if self.resumable else None, found[2]
            return  # all of it, though no part was asked for
        if not self.sink.size or self.validator is None or found is None:
            raise DownloadError("download: the server answered with a part that was not asked for")
        named = named_validator(headers, self.validator)
        if named and named != self.validator:
            raise _Restart("the file changed while it was fetched")
        first, last, total = found
        if first != self.sink.size or last + 1 != total or self.total not in (None, total):
            raise DownloadError(
                f"download: the server sent bytes {first}-{last} of {total} instead of {self.sink.size}- "
                f"of {self.total}"
            )
        if not named:
            self.resumable = False
            raise _Restart("the server sent a part without saying of which file")
        self.unproved = False
        self.total = total

    async def _problem(self, headers: Mapping[str, str]) -> str:
        """Return why the file is not complete, "" if it is. Raises `_Restart` if the file's own structure shows it."""
        size = self.sink.size
        if not size:
            return "an empty file came" if self.total == 0 else "no file came" if self.total is None else self._short()
        if self.total not in (None, size):
            return self._short()
        verdict = await self.on_disk(self.sink.judge)
        if self.total is None and not ends_by_its_framing(headers):
            decoded = verdict == "unproved" and await self.on_disk(self.sink.decodes_whole)
            self.unproved = verdict != "whole" and not decoded
            return _UNPROVED if self.unproved else ""
        if verdict == "short":
            raise _Restart(f"the file says itself that it is longer than the {size} bytes that came")
        return ""

    def _short(self) -> str:
        return f"only {self.sink.size} of {self.total} bytes came"
