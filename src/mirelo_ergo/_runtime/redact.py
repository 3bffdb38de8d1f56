"""Keep secrets out of reprs, logs, errors and tracebacks."""

from __future__ import annotations

import re
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from logging import Logger


class _Log:
    """The logger `mirelo_ergo`. `logging` is imported when there is a warning: who listens to less has it already."""

    @cached_property
    def _logger(self) -> Logger:
        import logging

        return logging.getLogger("mirelo_ergo")

    def debug(self, message: str, *arguments: object) -> None:
        """Log a step."""
        if "logging" in sys.modules:
            self._logger.debug(message, *arguments, stacklevel=2)

    def info(self, message: str, *arguments: object) -> None:
        """Log what somebody may want to know."""
        if "logging" in sys.modules:
            self._logger.info(message, *arguments, stacklevel=2)

    def warning(self, message: str, *arguments: object, exc_info: bool = False) -> None:
        """Log what somebody should know."""
        self._logger.warning(message, *arguments, exc_info=exc_info, stacklevel=2)


log = _Log()
"""One line per attempt at DEBUG; nothing above WARNING."""


class Secret:
    """Hold an API key, or what was given as one, so that only `reveal` gives it away."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def reveal(self) -> Any:
        """Return the key itself; the result must not be kept in a variable where an error can be raised."""
        return self._value

    def fingerprint(self) -> str:
        """Return a hash that tells accounts apart."""
        import hashlib  # only uploads need it

        return hashlib.sha256(self._value.encode()).hexdigest()[:16]

    def scrub(self, text: str) -> str:
        """Replace the key wherever a text holds it (a server may echo it)."""
        return text.replace(self.reveal(), "***")

    def scrub_bytes(self, data: bytes) -> bytes:
        """Replace the key wherever bytes hold it."""
        return data.replace(self.reveal().encode(), b"***")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> tuple[type, tuple[str]]:
        raise TypeError("a Secret is not pickled: make the client where it is used")


class SignedUrl(str):
    """A URL whose query may be a secret: whole as a string, shortened in its repr (in tracebacks, in lists)."""

    __slots__ = ()

    def __repr__(self) -> str:
        shown = safe_url(self)
        return repr(str(self)) if shown == self else f"<signed URL {shown}, shortened: str() gives it whole>"


_QUERY = re.compile(r"(\w+://[^\s\"'<>?#]*)[?#][^\s\"'<>]*")


class KeptText(str):
    """Text that came from a service: whole as a string, its repr (in tracebacks) without the queries of URLs."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(_QUERY.sub(r"\1?…", self))


def kept(value: object) -> object:
    """Return decoded JSON whose texts do not show the queries of URLs, which may be signed."""
    if isinstance(value, str):
        return KeptText(value)
    if isinstance(value, dict):
        return {name: kept(inner) for name, inner in value.items()}
    return [kept(inner) for inner in value] if isinstance(value, list) else value


def safe_url(url: str) -> str:
    """Shorten a URL to scheme, host and path: a pre-signed query, a fragment and user info are secrets."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(malformed URL)"
    query = "?…" if parts.query else ""
    return f"{parts.scheme}://{host}{port}{shorten(parts.path, 120)}{query}"


def shorten(value: object, limit: int = 80) -> str:
    """Return a value's repr-like text, cut to `limit` characters, on one line."""
    text = value if isinstance(value, str) else _written(value)
    text = text.replace("\r", "\\r").replace("\n", "\\n")
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def short_repr(value: object, limit: int = 60) -> str:
    """Return any value's repr for a message, cut to `limit` characters, also when its own repr fails."""
    return shorten(_written(value), limit)


def _written(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # an integer of over 4300 digits has none, and a user's class may have a bad one
        return f"<{type(value).__name__}>"
