"""Fetch a result from a signed URL: resumed with Range and If-Range, checked whole, never more than asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar

import attrs

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
"""Bytes that it takes to tell a container; fewer are no result."""
LEAST_PROGRESS = 64 << 10
"""Bytes that restart the count of attempts; of a smaller file, a tenth does."""
LARGEST_FILE = 16 << 30
LARGEST_IN_MEMORY = 1 << 30

_RENEWABLE = (400, 401, 403, 404, 410)
"""What a store answers to a signed URL whose time is up."""
_STRAY_ENCODINGS = frozenset({"", "identity", "aws-chunked", "utf-8", "utf8", "binary", "8bit", "none"})
"""What stands in Content-Encoding without changing a byte: left there by the upload of the file."""
_UNPROVED = "nothing proves that the file is whole"


class _Restart(Exception):
    """Begin again from the first byte: the server's copy changed, or it does not do ranges."""


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

    Up to five attempts without progress, which is 64 KiB more or a tenth of the file; a URL that is refused (400, 401,
    403, 404, 410) is replaced once by `fresh_url`. `on_progress` gets bytes so far and in all (None if not known), and
    nothing while bytes come that came before. Raises `DownloadError`; then the sink is discarded, unless all that is
    missing is a proof that the file is whole: then it keeps the file under a name that says so, which is the error's
    `path`. Raises `ConfigurationError` once the client is closed.
    """
    runtime.require_open()
    download = _Download(runtime, url, sink, cap, fresh_url, on_progress, runtime.retrier(Kind.DOWNLOAD, "GET"))
    try:
        await download.run()
    except DownloadError as error:
        await download.keep_what_came(error)
        error.path = error.path or _place(sink)
        raise
    finally:
        await download.on_disk(sink.discard)


def _place(sink: Sink) -> str | None:
    return None if sink.target is None else str(sink.target)


@attrs.define
class _Download:
    """One file on its way: what was asked for, and what is known of the server's copy so far."""

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
    """Whether the server's parts say of which copy they are."""
    renewed: bool = False
    unproved: bool = False
    """Whether the sink holds a body that came to its end, with nothing to prove that it is the file's."""

    async def run(self) -> None:
        """Make attempts until the file is whole and has its name."""
        while not await self._attempt():
            pass
        await self.on_disk(self.sink.finish)
        self.retrier.succeed()
        digest = getattr(self.sink, "sha256", "-")
        log.debug("GET %s: saved %d bytes, sha256 %s", safe_url(self.url), self.sink.size, digest)

    async def keep_what_came(self, error: DownloadError) -> None:
        """Keep a body that nothing proves whole, and say where; it was paid for."""
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
        """Touch the sink's file; what the system refuses is a `DownloadError`, and an OSError of a callback is not."""
        try:
            return await self.runtime.io.run_blocking(function, *args, **kwargs)
        except OSError as error:
            path = _place(self.sink) or str(error.filename or "")
            raise DownloadError(
                f"download: {error.strerror or error}: {shorten(path, 200)}", errno=error.errno, path=path
            ) from error

    # --- attempts ---------------------------------------------------------------------------------------------------

    async def _attempt(self) -> bool:
        """Make one attempt; say whether everything is there. Raises when another attempt would be in vain."""
        runtime, sink = self.runtime, self.sink
        if sink.size and self.validator is None and not self.unproved:
            await self.on_disk(sink.restart)  # without a validator, two halves may be of two files
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
                        return True  # there is nothing behind the last byte that came
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
        what = f"GET {safe_url(self.url)} at byte {sink.size}"
        if not isinstance(await self.retrier.judge(outcome, what, progress=progress), Retry):
            raise error
        return False

    async def _renew(self, refusal: StoreError) -> bool:
        """Ask the job for a fresh URL, once, when the one there is was refused; say whether there is one."""
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
        """Return whether enough came since the last progress: less, and one byte per connection would go on for ever.

        What came too slowly is no progress.
        """
        timing, size = self.runtime.timing, self.sink.size
        slow = isinstance(outcome, Failed) and outcome.kind == "timeout"
        if slow and size - began_at < timing.minimum_rate * timing.rate_window:
            return False
        tenth = LEAST_PROGRESS if self.total is None else max(1, self.total // 10)
        return size - self.best >= min(LEAST_PROGRESS, tenth)

    # --- bodies -----------------------------------------------------------------------------------------------------

    async def _take(self, answer: Stream) -> None:
        """Read one answer's body into the sink, as far as it comes; what arrived before a failure is kept."""
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
                "video, nor a picture; its URL is in result_urls"
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
        """Check that an answer continues what the sink has; raise `_Restart` when it is another file."""
        headers = answer.headers
        if answer.status == 200:
            validator = validator_of(headers)
            if self.sink.size:
                await self.on_disk(self.sink.restart)  # the server sends all of it: no ranges, or the file changed
                if self.validator not in (None, validator):
                    self.restarts += 1
                    if self.restarts > 1:
                        raise DownloadError("download: the file changes while it is fetched, twice now", retryable=True)
            self.unproved = False
            self.validator, self.total = validator if self.resumable else None, content_length(headers)
            return
        found = content_range(headers)
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
        """Return why what came is not the whole file, "" if it is. Raises `_Restart` if the file itself denies it."""
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
