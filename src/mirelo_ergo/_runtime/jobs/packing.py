"""Requests as strings without secrets, so that they can be sent again unchanged. The strings are untrusted input."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import Any, Final

from ...errors import InvalidRequestError
from ..redact import short_repr

_LARGEST: Final = 1 << 20
"""The largest request in bytes; a real one has a few hundred, with a long prompt some thousand."""


def pack(start: str, fields: list[Any]) -> str:
    """Return the fields of a request as one string that begins with `start`."""
    packed = zlib.compress(json.dumps(fields).encode(), 9)
    return start + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def unpack(start: str, token: Any) -> list[Any]:
    """Return the fields in a string; raises `InvalidRequestError` if it is not such a string."""
    if not isinstance(token, str) or not token.strip().startswith(start):
        raise refused(f"{short_repr(token, 40)} is not a request's token ({start}…)")
    coded = token.strip().removeprefix(start)
    try:
        packed = base64.b64decode(coded + "=" * (-len(coded) % 4), altchars=b"-_", validate=True)
        fields = json.loads(zlib.decompressobj().decompress(packed, _LARGEST))
        json.dumps(fields, ensure_ascii=False).encode()  # raises for half surrogate pairs, which no request holds
    except (binascii.Error, zlib.error, ValueError, TypeError, RecursionError):
        raise refused("it is damaged") from None
    if not isinstance(fields, list):
        raise refused("it is damaged")
    return fields


def refused(problem: str) -> InvalidRequestError:
    """Return the error of a token that cannot be used."""
    return InvalidRequestError(f"token: {problem}; nothing was sent", field="token")
