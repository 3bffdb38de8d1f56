"""Resuming downloads: the validator of a server's copy, and whether a partial answer continues it. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..api.retry import http_date

if TYPE_CHECKING:
    from collections.abc import Mapping

_YOUNG: Final = 60.0
"""Seconds after which a date is a strong validator: a file may change twice in one second (RFC 9110 §8.8.2.2)."""
_CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})", re.ASCII)


def validator_of(headers: Mapping[str, str]) -> str | None:
    """Return the validator of an answer: a strong ETag, else a date that is old enough to be strong, else None.

    What no request can carry is none: an ETag may hold characters that are not ASCII (RFC 9110 §8.8.3).
    """
    etag = headers.get("etag", "").strip()
    if etag.startswith('"') and _can_be_sent(etag):
        return etag
    modified = headers.get("last-modified")
    modified = modified if modified is not None and _can_be_sent(modified) else None
    changed = http_date(modified) if modified is not None else None
    if changed is None:
        return None
    served = http_date(headers["date"]) if "date" in headers else None
    return modified if served is None or served - changed >= _YOUNG else None


def _can_be_sent(value: str) -> bool:
    return value.isascii() and value.isprintable()


def named_validator(headers: Mapping[str, str], asked: str) -> str:
    """Return a partial answer's validator of the same sort as the requested one, "" if it has none.

    Only a partial answer with exactly the requested validator is certainly of the same file.
    """
    named = headers.get("etag" if asked.startswith('"') else "last-modified", "").strip()
    return "" if named.startswith("W/") else named


def content_range(headers: Mapping[str, str]) -> tuple[int, int, int] | None:
    """Return the first byte, the last byte and the total of a Content-Range, None if it has no such range."""
    found = _CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
    return None if found is None else (int(found[1]), int(found[2]), int(found[3]))


def missing_range(headers: Mapping[str, str]) -> int | None:
    """Return the length of the file according to a 416, None if it does not say."""
    found = re.fullmatch(r"bytes \*/(\d{1,19})", headers.get("content-range", "").strip(), re.ASCII)
    return None if found is None else int(found[1])


def content_length(headers: Mapping[str, str]) -> int | None:
    """Return the Content-Length of an answer, None if it has none or is chunked, which makes a length void."""
    length = headers.get("content-length", "").strip()
    return int(length) if length.isascii() and length.isdigit() and not _is_chunked(headers) else None


def ends_by_its_framing(headers: Mapping[str, str]) -> bool:
    """Return whether the body's end is marked by a length or a last chunk, not by the connection's end."""
    return content_length(headers) is not None or _is_chunked(headers)


def _is_chunked(headers: Mapping[str, str]) -> bool:
    return headers.get("transfer-encoding", "").lower().rpartition(",")[2].strip() == "chunked"
