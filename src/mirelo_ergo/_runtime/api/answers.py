"""Reading answers tolerantly: JSON, the few fields that the core needs, and error bodies."""

from __future__ import annotations

import json
import math
import re
from codecs import BOM_UTF8
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import attrs

from ...errors import (
    APIStatusError,
    AuthenticationError,
    ConfigurationError,
    InsufficientCreditsError,
    InvalidRequestError,
    MireloError,
    NetworkError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
)
from ..redact import KeptText, hide_queries, kept, safe_url, short_repr, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..io.protocol import Reply, TransportFailure
    from ..redact import Secret
    from .service import Api, ErrorFacts

KEPT = 2000
"""Characters of an unreadable body that an error keeps."""

_BY_STATUS: Mapping[int, type[MireloError]] = {
    400: InvalidRequestError,
    401: AuthenticationError,
    402: InsufficientCreditsError,
    403: PermissionDeniedError,
    404: NotFoundError,
    408: RequestTimeoutError,
    410: NotFoundError,
    413: InvalidRequestError,
    415: InvalidRequestError,
    422: InvalidRequestError,
    429: RateLimitError,
}
_RETRYABLE = frozenset({408, 409, 421, 425, 429})


class Unusable(Exception):
    """Raised when an answer cannot be used. Internal: becomes `UnexpectedResponseError` or `SubmitOutcomeUnknown`."""


def read_json(reply: Reply) -> object:
    """Decode a body as strict JSON in UTF-8 (a byte order mark is fine); raise `Unusable`.

    The declared content type is ignored: JSON under text/plain is read, a web page under application/json is refused.
    """
    if reply.problem is not None:
        raise Unusable(reply.problem)
    try:
        return _STRICT.decode(reply.body.removeprefix(BOM_UTF8).decode())
    except UnicodeDecodeError as error:
        problem = f"the answer is not UTF-8 ({error.reason})"
    except RecursionError:
        problem = "the answer is nested too deeply"
    except ValueError as error:
        problem = "the answer is empty" if not reply.body.strip() else f"the answer is not JSON ({error})"
    raise Unusable(problem)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


_STRICT: Final = json.JSONDecoder(parse_constant=_refuse_constant)


def read_object(reply: Reply) -> Mapping[str, Any]:
    """Decode a body that must be a JSON object."""
    value = read_json(reply)
    if not isinstance(value, dict):
        raise Unusable(f"the answer is a JSON {type(value).__name__}, not an object")
    return value


def text_field(fields: Mapping[str, Any], name: str) -> str:
    """Return a field that must be a non-empty string."""
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise Unusable(f"the answer's field {name!r} is {_shown(fields, name)}, not a string")
    return value


def integer_field(fields: Mapping[str, Any], name: str) -> int:
    """Return a field that must be a whole number."""
    value = tolerant_integer(fields.get(name))
    if value is None:
        raise Unusable(f"the answer's field {name!r} is {_shown(fields, name)}, not a whole number")
    return value


def tolerant_integer(value: object) -> int | None:
    """Read 12, 12.0 and "12" as 12; anything else, also true and 12.5, as None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if math.isfinite(value) and value.is_integer() else None
    if isinstance(value, str) and len(value) <= 18 and value.isascii() and value.lstrip("-").isdigit():
        return int(value) if value.count("-") <= 1 else None
    return None


def tolerant_number(value: object) -> float | None:
    """Return a number as it is; None for anything else, also for a bool and for a number too large for a float."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return value if math.isfinite(value) else None
    except OverflowError:  # JSON's whole numbers have no bound
        return None


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]', re.DOTALL)
_ENVELOPES = frozenset({"", "data", "result", "response", "body", "job", "task", "generation"})
"""Names of what an answer may be wrapped in; "" is the answer itself, and an item of a list."""


def find_text_field(text: str, *names: str) -> str | None:
    """Return a string field of an object's JSON, also where the text is damaged or cut off; None if it is not there.

    Fields of other objects in it, such as the id of a user, are not looked at.
    """
    within = [""]  # the keys of the open objects and lists
    key, word = "", ""
    for found in _TOKEN.finditer(text):
        match found[0]:
            case "{" | "[":
                within.append(key)
                key = ""
            case "}" | "]":
                del within[max(1, len(within) - 1) :]
                key = ""
            case ":":
                key = word
            case ",":
                key = ""
            case string:
                word = _string(string)
                if word and key in names and _ENVELOPES.issuperset(within):
                    return word
    return None


def _string(quoted: str) -> str:
    try:
        return str(json.loads(quoted, strict=False))
    except ValueError:
        return ""


def string_list(value: object) -> list[str]:
    """Return the strings in a list; anything but a list counts as an empty one."""
    return [item for item in value if isinstance(item, str) and item] if isinstance(value, list) else []


def _shown(fields: Mapping[str, Any], name: str) -> str:
    return short_repr(fields[name]) if name in fields else "missing"


@attrs.frozen
class ErrorBody:
    """A response's body, decoded once: the service's own error, if it is one, and the part that our error keeps."""

    facts: ErrorFacts | None
    kept: object


def read_error_body(api: Api, reply: Reply) -> ErrorBody:
    """Decode the body of a response that is an error or cannot be used."""
    try:
        value = read_json(reply)
    except Unusable:
        return ErrorBody(None, KeptText(reply.body.decode("utf-8", "replace")[:KEPT]))
    facts = api.read_error(value)
    if len(reply.body) <= KEPT * 4:
        with suppress(RecursionError):  # it can be decoded, but is nested too deeply for anything else
            return ErrorBody(facts, kept(value))
    return ErrorBody(facts, KeptText(reply.body.decode()[:KEPT]))


def status_phrase(status: int) -> str:
    """Return a status with its phrase, also for a status that no standard defines."""
    from http import HTTPStatus  # only errors need it

    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def error_from(
    api: Api, secret: Secret, reply: Reply, what: str, retry_after: float | None, body: ErrorBody | None = None
) -> MireloError:
    """Return the typed error of a non-2xx answer. An unknown code counts by its status; a web page is not quoted.

    `what` names the action where it is not one of the service's operations, else it is "". `body` is the decoded body,
    if the reply was scrubbed and decoded already.
    """
    doing = f"{what}: " if what else ""
    if body is None:
        reply = reply.scrubbed(secret)
        body = read_error_body(api, reply)
    facts = body.facts
    status = reply.status
    cls: type[MireloError] | None = None
    if facts is not None:
        cls = api.errors_by_code.get(facts.code)
        message = f"{doing}{shorten(hide_queries(facts.message), 500)} ({facts.code}, HTTP {status})"
    else:
        location = reply.headers.get("location", "?").split("?")[0]
        where = f", to {shorten(location, 120)}" if 300 <= status < 400 else ""
        message = f"{doing}HTTP {status_phrase(status)}{where}, without the service's own error body"
    if cls is None:
        cls = _BY_STATUS.get(status) or (ServerError if status >= 500 else APIStatusError)
    more: dict[str, Any] = {
        "request_id": reply.headers.get("x-request-id"),
        "body": body.kept,
        "retryable": status in _RETRYABLE or status >= 500,
    }
    if issubclass(cls, APIStatusError):
        more["retry_after"] = retry_after
    if issubclass(cls, RateLimitError) and retry_after is not None:
        message += f"; the service asks to wait {retry_after:g} s"
    if issubclass(cls, InvalidRequestError) and facts is None:
        return cls(message, "invalid_request", status, **more)
    return cls(message, facts.code if facts else None, status, **more)


def failure_error(what: str, url: str, failure: TransportFailure, attempts: int) -> MireloError:
    """Return the typed error of an attempt that got no answer; `what` as in `error_from`."""
    doing = f"{what}: " if what else ""
    times = "once" if attempts == 1 else f"{attempts} times"
    message = f"{doing}no answer from {safe_url(url)}, tried {times}: {failure.detail}"
    if failure.kind == "timeout":
        return RequestTimeoutError(message, sent=failure.sent, attempts=attempts, retryable=True)
    if failure.kind == "local":
        return ConfigurationError(message)
    retryable = failure.kind not in ("tls", "proxy_refused")
    return NetworkError(message, sent=failure.sent, attempts=attempts, retryable=retryable)
