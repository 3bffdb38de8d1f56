"""Refusals of object stores and CDNs: their code and message, and what can be done about them."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import attrs

from ..api.answers import status_phrase
from ..io.protocol import TransportFailure
from ..redact import hide_queries, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..io.deadline import Progress
    from ..io.protocol import Stream

LARGEST_BODY: Final = 64 << 10
"""The most bytes of a refusal's body that are read."""
_LONGEST_WAIT: Final = 5.0
"""The longest time in seconds to read a refusal's body: its status is known already."""

_EXPIRED = re.compile(r"expired|\bexp\b|not valid in the specified time ?frame", re.IGNORECASE)
_NOT_EXPIRED = re.compile(r"skew|clock|SignatureDoesNotMatch", re.IGNORECASE)
"""What is wrong on this machine or in the signature, whatever else is said: the next URL would be refused too."""
_DENIED: Final = frozenset({"accessdenied", "forbidden", "unauthorized", "401", "403"})
"""Unspecific codes, which may mean an expired URL."""
_NO_REASON = re.compile(r"((access|permission|request)( is)? )?(denied|forbidden|unauthorized)?[.!]?", re.IGNORECASE)
"""Messages that are as unspecific."""
_PROLOG = re.compile(r"\A(\s|<\?.*?\?>|<!--.*?-->)+", re.DOTALL)
_PAGE = re.compile(r"<(!doctype html|html|head|body|title|h1|center|script|meta|iframe)\b", re.IGNORECASE)
"""Tags near the beginning of a web page."""
_MESSAGES: Final = ("Message", "Details", "AuthenticationErrorDetail")
"""The elements of an XML body with further reasons."""
_CODE_FIELDS: Final = ("code", "error", "errorcode", "statuscode")
_MESSAGE_FIELDS: Final = ("message", "msg", "detail", "error_description", "error_message", "reason", "title")
_ANYHOW: Final = re.IGNORECASE | re.DOTALL
_BEGINNING: Final = 2000
"""The first characters of a body, in which a web page is recognised."""
_CUT: Final = frozenset({"requesttimeout", "incompletebody"})
"""Codes of a 400 that mean that the body arrived incomplete."""


@attrs.frozen
class StoreError:
    """A store's refusal. `code` and `message` are the store's own, "" if it gave none that can be read."""

    status: int
    code: str = ""
    message: str = ""
    is_page: bool = False
    """Whether the body is a web page, as from firewalls and captive portals."""

    @property
    def says_expired(self) -> bool:
        """Whether it names an expiry, or has a status that means one without any reason."""
        if self.status == 410:
            return True
        said = f"{self.code} {self.message}"
        if self.is_page or _NOT_EXPIRED.search(said):
            return False
        return bool(_EXPIRED.search(said)) or (said == " " and self.status == 403)

    @property
    def may_be_expired(self) -> bool:
        """Whether a fresh URL may help: not against a wrong clock, a wrong signature or a firewall."""
        if self.says_expired:
            return self.status in (400, 401, 403, 404, 410)
        no_reason = _NO_REASON.fullmatch(self.message) is not None
        return self.status == 403 and self.code.lower() in _DENIED and no_reason

    @property
    def effective_status(self) -> int:
        """The status by its meaning: 408 for a 400 that says that the body did not arrive."""
        return 408 if self.status == 400 and self.code.lower() in _CUT else self.status

    def __str__(self) -> str:
        parts = [": ".join(part for part in (self.code, self.message) if part)]
        if self.is_page:
            parts.append("a web page, as a firewall or a login gives")
        if self.may_be_expired:
            parts.append(f"the signed URL {'has' if self.says_expired else 'may have'} expired")
        return "; ".join(part for part in parts if part)


async def read_refusal(answer: Stream, limit: Progress) -> StoreError:
    """Return the refusal in an error answer, from at most 64 KiB and 5 s of its body."""
    limit.end_within(_LONGEST_WAIT)
    body = bytearray()
    try:
        while len(body) < LARGEST_BODY and (piece := await answer.read()):
            body += piece
    except TransportFailure:
        pass  # an early refusal is often cut, and its status is sufficient
    return parse_refusal(answer.status, bytes(body[:LARGEST_BODY]))


def parse_refusal(status: int, body: bytes) -> StoreError:
    """Read the body of a refusal: XML or JSON with a code and a message in any of the usual places."""
    coding = "utf-16" if body.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    text = body.decode(coding, "replace").strip()
    if text.startswith(("{", "[")):
        try:
            return StoreError(status, *_from_json(json.loads(text)))
        except (ValueError, RecursionError):  # cut, or longer than what is read
            code, message = _field(text, "code"), _field(text, "message")
            return StoreError(status, code, message or ("" if code else _tidy(text)))
    if text.startswith("<"):
        code = _element(text, "Code")
        if _PAGE.match(_PROLOG.sub("", text)) or (not code and _PAGE.search(text[:_BEGINNING])):
            return StoreError(status, is_page=True)
        message = " ".join(_element(text, name) for name in _MESSAGES).strip()
        return StoreError(status, code, message)
    return StoreError(status, message=_tidy(text))


def _element(text: str, name: str) -> str:
    """Return the text of an element, without an XML parser, which would expand entities."""
    found = re.search(rf"<(?:\w+:)?{name}(?:\s[^<>]*)?>\s*(?:<!\[CDATA\[(.*?)(?:\]\]>|\Z)|([^<]*))", text, _ANYHOW)
    if found is None:
        return ""
    return _tidy(html.unescape(found[2]) if found[1] is None else found[1])


def _field(text: str, name: str) -> str:
    """Return a field of JSON that may be cut off after it."""
    found = re.search(rf'"(?:\w*error\w*)?{name}"\s*:\s*("(?:[^"\\]|\\.)*"|[0-9]+)', text, _ANYHOW)
    try:
        return _tidy(str(json.loads(found[1]))) if found else ""
    except ValueError:
        return ""


def _from_json(value: Any) -> tuple[str, str]:
    if isinstance(value, list):
        value = next((each for each in value if isinstance(each, dict)), None)
    if not isinstance(value, dict):
        return "", ""
    fields = {str(key).lower(): each for key, each in value.items()}
    inner = fields.get("error") or fields.get("errors")
    if isinstance(inner, dict | list):
        return _from_json(inner)
    code = next((fields[name] for name in _CODE_FIELDS if fields.get(name) not in (None, "")), "")
    message = next((fields[name] for name in _MESSAGE_FIELDS if fields.get(name) not in (None, "")), "")
    return _tidy(str(code)), _tidy(str(message))


def _tidy(text: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in text)
    return shorten(hide_queries(" ".join(printable.split())), 200)


def refusal_text(where: str, headers: Mapping[str, str], refusal: StoreError) -> str:
    """Return a sentence about a refusal. Of a redirect, which is never followed, it names only the host."""
    said = str(refusal)
    if 300 <= refusal.status < 400:
        said = f"it leads to {_host(headers.get('location', ''))} and is not followed"
    return f"{where} answered HTTP {status_phrase(refusal.status)}{': ' if said else ''}{said}"


def _host(location: str) -> str:
    try:
        host = urlsplit(location).hostname
    except ValueError:
        host = None
    return shorten(host, 100) if host else "another place"
