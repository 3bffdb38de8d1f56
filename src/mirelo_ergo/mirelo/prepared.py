"""Prepared requests: bytes and key are fixed, so that they can be sent again by any process and are charged once."""

from __future__ import annotations

from typing import Any, Final

import attrs

from .._runtime.api.answers import tolerant_number
from .._runtime.api.idempotency import IdempotencyKey
from .._runtime.io.protocol import Request
from .._runtime.jobs.packing import pack, refused, unpack
from .v3 import FAMILIES

_START: Final = "mirelo-request1:"


@attrs.frozen
class Prepared:
    """A prepared request of v3, with its key and the family and model of its job."""

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
        """The request, without its key."""
        return Request("POST", FAMILIES[self.family].create.path, self.body, submit=True)

    @property
    def token(self) -> str:
        """The prepared request as one string without secrets, for another process."""
        fields = [self.family, self.model, self.body.decode(), self.key.value, self.key.made_at, self.asked]
        return pack(_START, fields)


def read_prepared(token: Any, lifetime: float) -> Prepared:
    """Return the request of a token; raises `InvalidRequestError` if it is not such a token."""
    fields = unpack(_START, token)
    if len(fields) != 6:
        raise refused("it is damaged")
    family, model, body, key, made_at, asked = fields
    texts = all(isinstance(each, str) for each in (family, model, body, key))
    made = tolerant_number(made_at)
    if not texts or made is None or not (asked is None or isinstance(asked, int)) or family not in FAMILIES:
        raise refused("this version does not know what it asks for: update mirelo-ergo")
    return Prepared(family, model, body.encode(), IdempotencyKey(key, made, lifetime), asked)
