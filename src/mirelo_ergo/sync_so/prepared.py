"""Prepared lip-syncs: bytes and key are fixed, so that they can be sent again by any process and are charged once."""

from __future__ import annotations

import json
from typing import Any, Final

import attrs

from .._runtime.api.answers import tolerant_number
from .._runtime.api.idempotency import IdempotencyKey, key_of
from .._runtime.io.protocol import Request
from .._runtime.jobs.packing import pack, refused, unpack
from ..errors import InvalidRequestError, SubmitOutcomeUnknown
from .generated import operations as api

_START: Final = "sync_so-request1:"


@attrs.frozen
class Prepared:
    """A prepared request, with its key."""

    model: str
    body: bytes = attrs.field(repr=False)
    key: IdempotencyKey

    @property
    def request(self) -> Request:
        """The request, without its key."""
        return Request("POST", api.CREATE_GENERATION.path, self.body, submit=True)

    @property
    def token(self) -> str:
        """The prepared request as one string without secrets, for another process."""
        return pack(_START, [self.model, self.body.decode(), self.key.value, self.key.made_at])


def prepared_of(given: SubmitOutcomeUnknown | str, lifetime: float) -> Prepared:
    """Return the request of an error or a token; raises `InvalidRequestError` if it has no key."""
    if not isinstance(given, SubmitOutcomeUnknown):
        return _read(given, lifetime)
    body: Any = getattr(given.request, "body", None)
    path = getattr(given.request, "path", None)
    if given.idempotency_key is None or not isinstance(body, bytes) or path != api.CREATE_GENERATION.path:
        raise InvalidRequestError(
            "this error is of no lip-sync that can be sent again as the same, or it was unpickled: look at the account"
        )
    return Prepared(str(json.loads(body).get("model")), body, key_of(given, lifetime))


def _read(token: Any, lifetime: float) -> Prepared:
    fields = unpack(_START, token)
    made_at = tolerant_number(fields[-1]) if len(fields) == 4 else None
    if made_at is None or not all(isinstance(each, str) for each in fields[:3]):
        raise refused("this version does not know what it asks for: update mirelo-ergo")
    model, body, key = fields[:3]
    return Prepared(model, body.encode(), IdempotencyKey(key, made_at, lifetime))
