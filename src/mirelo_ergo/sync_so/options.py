"""The vendor's `request_options=` of one call, and types of arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, TypedDict

import attrs

from .._runtime.api.answers import tolerant_number
from .._runtime.redact import short_repr
from ..errors import InvalidRequestError

_RESERVED: Final = frozenset({"x-api-key", "idempotency-key", "host", "content-length", "transfer-encoding"})
_LONGEST_TIMEOUT: Final = 7 * 86_400.0

Visibility = Literal["USER", "ORGANIZATION"]
SortBy = Literal[
    "nameAsc",
    "nameDesc",
    "dateAsc",
    "dateDesc",
    "durationAsc",
    "durationDesc",
    "sizeAsc",
    "sizeDesc",
    "kindAsc",
    "kindDesc",
]
Filter = str | Iterable[str]
"""A filter of a list: one value, or several values."""


class RequestOptions(TypedDict, total=False):
    """Options of one call, named as the vendor's SDK names them.

    `timeout_in_seconds` limits the call, sleeps and re-sends included. `max_retries` limits its re-sends, and never
    adds an unsafe one. The `additional_…` options are added to the request. `chunk_size` has no effect here.
    """

    timeout_in_seconds: float
    max_retries: int
    additional_headers: Mapping[str, str]
    additional_query_parameters: Mapping[str, Any]
    additional_body_parameters: Mapping[str, Any]
    chunk_size: int


@attrs.frozen
class CallOptions:
    """The checked options: `timeout` in seconds, `attempts` with the first one included."""

    timeout: float | None = None
    attempts: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    query: Mapping[str, Any] = attrs.field(factory=dict)
    body: Mapping[str, Any] = attrs.field(factory=dict)


def read_options(given: RequestOptions | None) -> CallOptions:
    """Return the checked options of a call; raises `InvalidRequestError` for an unknown or wrong one. Sends nothing."""
    if given is None:
        return CallOptions()
    known = RequestOptions.__annotations__
    if not isinstance(given, Mapping) or not set(given) <= set(known):
        raise _refused(f"{short_repr(given)} is not a mapping with {', '.join(known)}")
    timeout, retries = given.get("timeout_in_seconds"), given.get("max_retries")
    if timeout is not None and not 0 < (tolerant_number(timeout) or 0) <= _LONGEST_TIMEOUT:
        raise _refused(f"timeout_in_seconds={short_repr(timeout)} is not a number of seconds above 0, up to a week")
    if retries is not None and (isinstance(retries, bool) or not isinstance(retries, int) or retries < 0):
        raise _refused(f"max_retries={short_repr(retries)} is not a whole number from 0 on")
    headers = tuple((str(name), str(value)) for name, value in (given.get("additional_headers") or {}).items())
    reserved = next((name for name, _ in headers if name.lower() in _RESERVED), None)
    if reserved is not None:
        raise _refused(f"additional_headers holds {short_repr(reserved)}, which this client sets itself")
    query, body = given.get("additional_query_parameters"), given.get("additional_body_parameters")
    attempts = None if retries is None else retries + 1
    return CallOptions(timeout, attempts, headers, query or {}, body or {})


def _refused(problem: str) -> InvalidRequestError:
    return InvalidRequestError(f"request_options: {problem}; nothing was sent", field="request_options")
