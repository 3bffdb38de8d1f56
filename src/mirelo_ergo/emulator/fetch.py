"""Fetch a clip or a sound from the URL a request names: really, over the network, with an end in time and size."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin, urlsplit

import h11

from mirelo_ergo.emulator.refusals import Refusal, bad_request, short

if TYPE_CHECKING:
    from pathlib import Path

FETCH_SECONDS = 20.0
MAX_CLIP = 512 << 20  # bytes of either
MAX_REDIRECTS = 5
READ_SIZE = 1 << 16


async def fetch(url: str, target: Path, kind: str) -> str:
    """Write what the URL of a "video" or an "audio" answers to a file and return its sha256.

    Takes 20 s and 512 MiB at most, follows 5 redirects, uses no proxy. Loopback addresses are allowed, unlike with the
    real service: tests live there. Refuses with `video_url_unreachable` or `audio_url_unreachable` whatever does not
    end in a whole 2xx answer.
    """
    try:
        async with asyncio.timeout(FETCH_SECONDS):
            for _ in range(MAX_REDIRECTS + 1):
                digest, location = await _get(url, target, kind)
                if location is None:
                    return digest
                url = urljoin(url, location)
        raise _unreachable(kind, url, f"over {MAX_REDIRECTS} redirects")
    except TimeoutError:
        raise _unreachable(kind, url, f"no whole answer within {FETCH_SECONDS:.0f} s") from None
    except (OSError, h11.ProtocolError) as error:
        raise _unreachable(kind, url, str(error) or type(error).__name__) from None


async def _get(url: str, target: Path, kind: str) -> tuple[str, str | None]:
    """Return the sha256 of the body that was written, and where a redirect points instead."""
    host, port, path, context = _parts(kind, url)
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    connection = h11.Connection(h11.CLIENT)
    try:
        headers = [
            ("Host", f"[{host}]:{port}" if ":" in host else f"{host}:{port}"),
            ("User-Agent", "mirelo-ergo-emulator"),
            ("Accept-Encoding", "identity"),
            ("Connection", "close"),
        ]
        writer.write(connection.send(h11.Request(method="GET", target=path, headers=headers)) or b"")
        writer.write(connection.send(h11.EndOfMessage()) or b"")
        size, digest = 0, hashlib.sha256()
        with target.open("wb") as file:
            while True:
                event = connection.next_event()
                if event is h11.NEED_DATA:
                    connection.receive_data(await reader.read(READ_SIZE))
                elif isinstance(event, h11.Response):
                    location = dict(event.headers).get(b"location")
                    if 300 <= event.status_code < 400 and location is not None:
                        return "", location.decode("latin-1")
                    if not 200 <= event.status_code < 300:
                        raise _unreachable(kind, url, f"it answered {event.status_code}")
                elif isinstance(event, h11.Data):
                    size += len(event.data)
                    if size > MAX_CLIP:
                        raise _unreachable(kind, url, f"it has over {MAX_CLIP} bytes")
                    digest.update(event.data)
                    await asyncio.to_thread(file.write, event.data)
                elif isinstance(event, h11.EndOfMessage):
                    return digest.hexdigest(), None
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def _parts(kind: str, url: str) -> tuple[str, int, str, ssl.SSLContext | None]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise bad_request(f"{kind}.{kind}_url is {short(url)}: {error}") from None
    if parts.scheme not in ("http", "https") or not host:
        raise bad_request(f"{kind}.{kind}_url is {short(url)}: it has to be an http or https URL")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~") + (
        f"?{quote(parts.query, safe='/%:@!$&()*+,;=~?')}" if parts.query else ""
    )
    if parts.scheme == "https":
        return host, port or 443, path, ssl.create_default_context()
    return host, port or 80, path, None


def _unreachable(kind: str, url: str, why: str) -> Refusal:
    parts = urlsplit(url)
    shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"  # such a URL is often a secret
    return Refusal(f"{kind}_url_unreachable", 400, f"the {kind} at {short(shown)} cannot be read: {why}")
