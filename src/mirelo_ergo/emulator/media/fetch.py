"""Fetching a clip or a sound from its URL over the network, with limits on time and size."""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import attrs
import h11

from mirelo_ergo.emulator.refusals import Refusal, bad_request, short
from mirelo_ergo.emulator.web.outgoing import exchange

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from urllib.parse import SplitResult

FETCH_SECONDS = 20.0
MAX_CLIP = 512 << 20  # bytes of either
MAX_REDIRECTS = 5
MAX_REQUESTS = MAX_REDIRECTS + 3  # the answer itself, in up to three pieces
FIRST_BYTES = 128 << 10  # what the service reads of a clip before anything else, says the contract
PIECE = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18})")


@attrs.define
class _Taken:
    """The part of a body received so far. `total` is None until an answer gives it."""

    size: int = 0
    total: int | None = None
    digest: hashlib._Hash = attrs.field(factory=hashlib.sha256)


async def fetch(url: str, target: Path, kind: str, grow: Callable[[int], None]) -> str:
    """Fetch the URL of a "video" or an "audio" to a new file, and return its sha256.

    It requests the first 128 KB of a clip, as the service does, and then the rest; a server without ranges may send
    everything at once. It calls `grow`, which may raise, with the size so far. It takes at most 20 s and 512 MiB,
    follows 5 redirects, and uses no proxy. Unlike with the real service, loopback addresses are allowed, for tests.
    Refuses with `video_url_unreachable` or `audio_url_unreachable` unless it ends with a complete 2xx answer.
    """
    taken = _Taken()
    try:
        async with asyncio.timeout(FETCH_SECONDS):
            for _ in range(MAX_REQUESTS):
                location = await _get(url, target, kind, grow, taken)
                if location is not None:
                    url = urljoin(url, location)
                elif taken.size == taken.total:
                    return taken.digest.hexdigest()
        raise _unreachable(kind, url, f"over {MAX_REDIRECTS} redirects, or too many pieces")
    except TimeoutError:
        raise _unreachable(kind, url, f"no whole answer within {FETCH_SECONDS:.0f} s") from None
    except (OSError, ValueError, h11.ProtocolError) as error:  # a ValueError is of a name or a redirect that is none
        raise _unreachable(kind, url, str(error) or type(error).__name__) from None


async def _get(url: str, target: Path, kind: str, grow: Callable[[int], None], taken: _Taken) -> str | None:
    """Append the body, or its next part, to the file; return the target if it is a redirect."""
    parts, tls = _parts(kind, url)
    headers = {"Accept-Encoding": "identity"}
    if kind == "video":
        headers["Range"] = f"bytes={taken.size}-" if taken.size else f"bytes=0-{FIRST_BYTES - 1}"
    async with exchange("GET", parts, headers, tls=tls) as next_event:
        with target.open("ab") as file:
            while True:
                event = await next_event()
                if isinstance(event, h11.Response):
                    location = dict(event.headers).get(b"location")
                    if 300 <= event.status_code < 400 and location is not None:
                        return location.decode("latin-1")
                    if not 200 <= event.status_code < 300:
                        raise _unreachable(kind, url, f"it answered {event.status_code}")
                    _begin(kind, url, event, taken)
                    file.truncate(taken.size)
                elif isinstance(event, h11.Data):
                    taken.size += len(event.data)
                    if taken.size > MAX_CLIP:
                        raise _unreachable(kind, url, f"it has over {MAX_CLIP} bytes")
                    grow(taken.size)
                    taken.digest.update(event.data)
                    await asyncio.to_thread(file.write, event.data)
                elif isinstance(event, h11.EndOfMessage):
                    if taken.total is None:
                        taken.total = taken.size
                    return None


def _begin(kind: str, url: str, answer: h11.Response, taken: _Taken) -> None:
    """Record whether an answer continues the body or starts it again."""
    if answer.status_code != 206:
        taken.size, taken.total, taken.digest = 0, None, hashlib.sha256()
        return
    told = dict(answer.headers).get(b"content-range", b"").decode("latin-1")
    piece = PIECE.fullmatch(told)
    if piece is None or int(piece[1]) != taken.size or taken.total not in (None, int(piece[2])):
        raise _unreachable(kind, url, f"it answered 206 with the Content-Range {short(told)}")
    taken.total = int(piece[2])


def _parts(kind: str, url: str) -> tuple[SplitResult, ssl.SSLContext | None]:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise bad_request(f"{kind}.{kind}_url is {short(url)}: {error}") from None
    if parts.scheme not in ("http", "https") or not host:
        raise bad_request(f"{kind}.{kind}_url is {short(url)}: it has to be an http or https URL")
    return parts, ssl.create_default_context() if parts.scheme == "https" else None


def _unreachable(kind: str, url: str, why: str) -> Refusal:
    parts = urlsplit(url)
    shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"  # such a URL is often a secret
    return Refusal(f"{kind}_url_unreachable", 400, f"the {kind} at {short(shown)} cannot be read: {why}")
