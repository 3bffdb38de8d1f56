"""Batches: many generations from one file, charged and without idempotency key, and their results."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

from .._runtime.api.answers import Unusable
from .._runtime.api.endpoints import describe
from .._runtime.api.execute import Operation, execute
from .._runtime.api.requests import request_from
from .._runtime.api.retry import Kind
from .._runtime.transfer.text import fetch_text
from ..errors import MireloError
from . import values
from .files import LARGEST_BATCH, form_file
from .generated import operations as api
from .inputs import form_texts
from .operations import plain
from .options import read_options

if TYPE_CHECKING:
    from .._runtime.api.execute import Runtime
    from .._runtime.io.protocol import Reply
    from .files import File
    from .operations import Calls
    from .options import RequestOptions

LARGEST_RESULT: Final = 256 << 20
"""The largest result file of a batch in bytes; 500 lines have far less."""


async def create(
    runtime: Runtime, file: File, webhook_url: str | None, dry_run: bool | None, options: RequestOptions | None
) -> values.BatchResponse | values.ValidationResponse:
    """Create a batch, or only check its file. A re-send carries the whole form again."""
    given = read_options(options)
    opened = runtime.io.run_blocking(form_file, file, "input", media=False, largest=LARGEST_BATCH)
    name, content, content_type, headers = await opened
    named = name if name.endswith(".jsonl") else f"{name}.jsonl"
    dry = None if dry_run is None else str(bool(dry_run)).lower()
    data = {"webhook_url": webhook_url, "dry_run": dry, **form_texts(given.body)}
    described = {
        **describe(api.CREATE_BATCH),
        "params": {name: plain(value) for name, value in given.query.items()},
        "data": {key: value for key, value in data.items() if value is not None},
        "files": [("input", (named, content, content_type or "application/jsonl", headers))],
    }
    request = request_from(described, submit=not dry_run, headers=given.headers)
    kind = Kind.CHEAP if dry_run else Kind.PAID
    timeout = runtime.timeout if given.timeout is None else given.timeout
    operation = Operation(api.CREATE_BATCH.name, kind, request, values.read_batch, timeout, attempts=given.attempts)
    return await execute(runtime, operation)


async def results(
    runtime: Runtime, calls: Calls, batch_id: str, options: RequestOptions | None
) -> list[dict[str, Any]]:
    """Return a batch's result lines. The API is asked with the key; its redirect is followed without it."""
    batch = await execute(runtime, calls.get_batch(batch_id, options))
    if not batch.output_url:
        raise MireloError(
            f"batch {batch.id}: there are no results yet, it is {batch.status}", "not_done", retryable=True
        )
    text = await fetch_text(runtime, await _results_url(runtime, batch.output_url), LARGEST_RESULT)
    return [_line(line) for line in text.splitlines() if line.strip()]


async def _results_url(runtime: Runtime, url: str) -> str:
    """Return where the results lie: where the API's own URL redirects to, or the URL itself."""
    own, given = urlsplit(runtime.base_url), urlsplit(url)
    if (own.scheme, own.netloc) != (given.scheme, given.netloc):
        return url
    path = given.path + (f"?{given.query}" if given.query else "")
    operation = Operation(
        "getBatchResult",
        Kind.READ,
        request_from({"method": "GET", "url": path}),
        lambda reply: _location(reply, url),
        runtime.timeout,
        redirects=True,
    )
    return await execute(runtime, operation)


def _location(reply: Reply, url: str) -> str:
    location = reply.headers.get("location")
    if not 300 <= reply.status < 400 or not location:
        raise Unusable("the answer does not redirect to the results")
    return urljoin(url, location)


def _line(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise MireloError("the batch's results hold a line that is no JSON object", "unexpected_response")
    return value
