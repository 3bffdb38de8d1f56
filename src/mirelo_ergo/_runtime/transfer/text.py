"""Fetching a text file from an external URL into memory, up to a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import DownloadError
from ..api.answers import failure_error
from ..api.retry import Answered, Failed, Kind, Retry
from ..io.deadline import Progress
from ..io.protocol import ExternalRefused, ExternalRequest, TransportFailure
from ..redact import safe_url
from .ranges import content_length, ends_by_its_framing
from .store_errors import read_refusal, refusal_text

if TYPE_CHECKING:
    from ..api.execute import Runtime


async def fetch_text(runtime: Runtime, url: str, cap: int) -> bytes:
    """Return the bytes at a URL, at most `cap`, fetched without credentials. Costs nothing.

    Raises `DownloadError` for a refusal, for more than `cap` bytes, and if nothing proves that the file is complete.
    """
    runtime.require_open()
    retrier = runtime.retrier(Kind.DOWNLOAD, "GET")
    where = safe_url(url)
    outcome: Answered | Failed
    while True:
        limit = Progress(runtime.io.now, runtime.timing)
        try:
            async with await runtime.io.stream(ExternalRequest("GET", url), limit) as answer:
                limit.moving(True)
                if answer.status != 200:
                    refusal = await read_refusal(answer, limit)
                    outcome = Answered(answer.status)
                    error = DownloadError(f"download: {refusal_text(where, answer.headers, refusal)}")
                else:
                    body = bytearray()
                    while piece := await answer.read():
                        body += piece
                        if len(body) > cap:
                            raise DownloadError(f"download: {where} gives more than {cap} bytes")
                    length = content_length(answer.headers)
                    if length == len(body) or (length is None and ends_by_its_framing(answer.headers)):
                        retrier.succeed()
                        return bytes(body)
                    outcome, error = Failed("network", "yes"), DownloadError(f"download: {where} was cut off")
        except TransportFailure as failure:
            outcome = Failed(failure.kind, failure.sent)
            cause = failure_error("download", url, failure, retrier.number + 1)
            error = DownloadError(cause.message, retryable=cause.retryable)
        except ExternalRefused as refused:
            raise DownloadError(f"download: {refused}") from None
        if not isinstance(await retrier.judge(outcome, f"GET {where}"), Retry):
            raise error
