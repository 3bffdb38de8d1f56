"""How a download is resumed: what identifies a server's copy of a file, and whether a part continues it. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..api.retry import http_date

if TYPE_CHECKING:
    from collections.abc import Mapping

_YOUNG: Final = 60.0
"""Seconds: a file may have changed twice within the second that such a date names (RFC 9110 §8.8.2.2)."""
_CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})", re.ASCII)


def validator_of(headers: Mapping[str, str]) -> str | None:
    """Return what a resumed part is held to: a strong ETag, else a date that is old enough to be strong, else None."""
    etag = headers.get("etag", "").strip()
    if etag.startswith('"'):
        return etag
    modified = headers.get("last-modified")
    changed = http_date(modified) if modified is not None else None
    if changed is None:
        return None
    served = http_date(headers["date"]) if "date" in headers else None
    return modified if served is None or served - changed >= _YOUNG else None


def named_validator(headers: Mapping[str, str], asked: str) -> str:
    """Return the validator that a part names, of the sort that was asked for, "" if it names none.

    Only a part with the very one that was asked for is known to be of the same file.
    """
    named = headers.get("etag" if asked.startswith('"') else "last-modified", "").strip()
    return "" if named.startswith("W/") else named


def content_range(headers: Mapping[str, str]) -> tuple[int, int, int] | None:
    """Return the first byte, the last byte and the total that a part names, None if it names no such range."""
    found = _CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
    return None if found is None else (int(found[1]), int(found[2]), int(found[3]))


def missing_range(headers: Mapping[str, str]) -> int | None:
    """Return the length of the file in which a 416 did not find the range, None if it does not say it."""
    found = re.fullmatch(r"bytes \*/(\d{1,19})", headers.get("content-range", "").strip(), re.ASCII)
    return None if found is None else int(found[1])


def content_length(headers: Mapping[str, str]) -> int | None:
    """Return the length that an answer announces, None if it announces none."""
    length = headers.get("content-length", "").strip()
    return int(length) if length.isascii() and length.isdigit() else None


def ends_by_its_framing(headers: Mapping[str, str]) -> bool:
    """Return whether the connection's end cannot be taken for the body's: a length or a last chunk shows it."""
    coding = headers.get("transfer-encoding", "").lower()
    return content_length(headers) is not None or coding.rpartition(",")[2].strip() == "chunked"
