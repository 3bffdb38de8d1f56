"""A request kept as one string without secrets, to be sent again as the same. Such strings are foreign input."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import Any, Final

from ...errors import InvalidRequestError
from ..redact import short_repr

_LARGEST: Final = 1 << 20
"""Bytes of a request; a real one has a few hundred, and a long prompt some thousand."""


def pack(start: str, fields: list[Any]) -> str:
    """Return a request's fields as one string that begins with `start`."""
    packed = zlib.compress(json.dumps(fields).encode(), 9)
    return start + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def unpack(start: str, token: Any) -> list[Any]:
    """Return the fields that a string holds; raises `InvalidRequestError` for anything else."""
    if not isinstance(token, str) or not token.strip().startswith(start):
        raise refused(f"{short_repr(token, 40)} is not a request's token ({start}…)")
    coded = token.strip().removeprefix(start)
    try:
        packed = base64.b64decode(coded + "=" * (-len(coded) % 4), altchars=b"-_", validate=True)
        fields = json.loads(zlib.decompressobj().decompress(packed, _LARGEST))
    except (binascii.Error, zlib.error, ValueError, TypeError, RecursionError):
        raise refused("it is damaged") from None
    if not isinstance(fields, list):
        raise refused("it is damaged")
    return fields


def refused(problem: str) -> InvalidRequestError:
    """Return the error of a token that cannot be used."""
    return InvalidRequestError(f"token: {problem}; nothing was sent", field="token")
