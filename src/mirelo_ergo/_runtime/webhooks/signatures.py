"""Signatures of webhooks, which are verified before anything else is read."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import TYPE_CHECKING, Any, Final, Protocol

import attrs

from ...errors import WebhookSignatureError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..redact import Secret

TOLERANCE: Final = 300.0
"""Seconds by which a signature's time may differ from this machine's clock."""
_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)


class Headers(Protocol):
    """The headers of any framework or of `http.server`: an object with `items()`."""

    def items(self) -> Iterable[tuple[Any, Any]]: ...


@attrs.frozen
class SignatureScheme:
    """A signature scheme: HMAC-SHA256 over `<time>.<body>`, in one header of `name=value` pairs between commas.

    The pairs are one time, in Unix seconds, and at least one signature, in lower-case hexadecimal. A service sends
    several signatures while its secret changes: one valid signature is enough.
    """

    headers: tuple[str, ...]
    """The names of the header. A service that renamed it has several; the first one present counts."""
    secret_variable: str
    """The environment variable that holds the secret where none is given."""
    time_name: str = "t"
    signature_name: str = "v1"
    key: Callable[[str], bytes] = str.encode
    """Returns the HMAC's key, given the secret as the service shows it."""
    compact_too: bool = False
    """Whether the service signs compact JSON, so that a body that was reformatted on its way is still valid."""


def verify(
    scheme: SignatureScheme, headers: Headers, body: bytes, secret: Secret, now: float, tolerance: float | None
) -> None:
    """Raise `WebhookSignatureError` unless exactly this body was signed with the secret, at most `tolerance` s ago.

    `now` is in Unix seconds; `tolerance` None accepts any age. The received bytes are checked first, then the compact
    JSON, in constant time.
    """
    moment, signatures = _read(scheme, headers)
    if not _fits(scheme, secret, moment, body, signatures):
        raise _refused("is wrong: the secret is another one, or the body was changed")
    age = now - float(moment)
    if tolerance is not None and abs(age) > tolerance:
        when = f"{age:.0f} s old" if age > 0 else f"{-age:.0f} s in the future"
        raise _refused(f"is {when}, more than {tolerance:g} s: is this machine's clock right?")


def _read(scheme: SignatureScheme, headers: Headers) -> tuple[str, list[bytes]]:
    """Return the time and the signatures in the headers."""
    given = [(str(name).lower(), str(value)) for name, value in headers.items()]
    for wanted in scheme.headers:
        text = ",".join(value for name, value in given if name == wanted.lower())
        if text:
            break
    else:
        raise _refused(f"is missing: there is no {scheme.headers[0]} header")
    pairs = [(name.strip(), value.strip()) for name, _, value in (part.partition("=") for part in text.split(","))]
    times = [value for name, value in pairs if name == scheme.time_name]
    signatures = [value.encode("utf-8", "replace") for name, value in pairs if name == scheme.signature_name]
    if len(times) != 1 or not _TIME.fullmatch(times[0]) or not signatures:
        raise _refused(f"cannot be read: it is not {scheme.time_name}=<time>,{scheme.signature_name}=<hexadecimal>")
    return times[0], signatures


def _fits(scheme: SignatureScheme, secret: Secret, moment: str, body: bytes, signatures: list[bytes]) -> bool:
    """Return whether a signature is valid. Raises nothing, because a traceback would show this frame with the key."""
    key = scheme.key(secret.reveal())
    compact = compact_json(body) if scheme.compact_too else None
    for candidate in [body] if compact is None else [body, compact]:
        expected = hmac.new(key, moment.encode() + b"." + candidate, hashlib.sha256).hexdigest().encode()
        if any(hmac.compare_digest(expected, signature) for signature in signatures):
            return True
    return False


def compact_json(body: bytes) -> bytes | None:
    """Return JSON without spaces, non-ASCII characters unescaped and the fields in order; None if it is not JSON."""
    try:
        return json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode()
    except (ValueError, RecursionError):  # also for text that UTF-8 cannot encode
        return None


def _refused(problem: str) -> WebhookSignatureError:
    return WebhookSignatureError(f"not a webhook of the service: its signature {problem}")
