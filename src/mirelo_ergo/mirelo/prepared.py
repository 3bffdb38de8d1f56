"""A paid request whose bytes and key are fixed: it can be sent again, here or in another process, and is paid once."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import Any, Final

import attrs

from .._runtime.api.idempotency import IdempotencyKey
from .._runtime.io.protocol import Request
from .._runtime.redact import short_repr
from ..errors import InvalidRequestError
from .v3 import FAMILIES

_START: Final = "mirelo-request1:"
_LARGEST: Final = 1 << 20
"""Bytes of a request; a real one has a few hundred, and a long prompt some thousand."""


@attrs.frozen
class Prepared:
    """A create of v3: what is sent, under which key, and what its job will be."""

    family: str
    model: str
    body: bytes = attrs.field(repr=False)
    key: IdempotencyKey
    asked: int | None

    @property
    def name(self) -> str:
        """The operation."""
        return FAMILIES[self.family].create.name

    @property
    def request(self) -> Request:
        """What is sent, without its key."""
        return Request("POST", FAMILIES[self.family].create.path, self.body, submit=True)

    @property
    def token(self) -> str:
        """The whole of it as one string without secrets, for another process."""
        fields = [self.family, self.model, self.body.decode(), self.key.value, self.key.made_at, self.asked]
        packed = zlib.compress(json.dumps(fields).encode(), 9)
        return _START + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_prepared(token: Any, lifetime: float) -> Prepared:
    """Return the request that a token holds; raises `InvalidRequestError` for anything else."""
    if not isinstance(token, str) or not token.strip().startswith(_START):
        raise _refused(f"{short_repr(token, 40)} is not a request's token ({_START}…)")
    coded = token.strip().removeprefix(_START)
    try:
        packed = base64.b64decode(coded + "=" * (-len(coded) % 4), altchars=b"-_", validate=True)
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(packed, _LARGEST)
        family, model, body, key, made_at, asked = json.loads(text)
    except (binascii.Error, zlib.error, ValueError, TypeError, RecursionError):
        raise _refused("it is damaged") from None
    texts = all(isinstance(each, str) for each in (family, model, body, key))
    numbers = isinstance(made_at, int | float) and (asked is None or isinstance(asked, int))
    if not texts or not numbers or family not in FAMILIES:
        raise _refused("this version does not know what it asks for: update mirelo-ergo")
    return Prepared(family, model, body.encode(), IdempotencyKey(key, float(made_at), lifetime), asked)


def _refused(problem: str) -> InvalidRequestError:
    return InvalidRequestError(f"token: {problem}; nothing was sent", field="token")
