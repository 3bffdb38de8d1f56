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
    """A logger. It imports `logging` for warnings only: a program that logs has imported it already."""

    def __init__(self, name: str) -> None:
        self._name = name

    @cached_property
    def _logger(self) -> Logger:
        import logging

        return logging.getLogger(self._name)

    @property
    def has_debug(self) -> bool:
        """Whether anybody listens to the steps: what they say is not worth making otherwise."""
        return "logging" in sys.modules and self._logger.isEnabledFor(10)  # logging.DEBUG

    def debug(self, message: str, *arguments: object) -> None:
        """Log a step."""
        if "logging" in sys.modules:
            self._logger.debug(message, *arguments, stacklevel=2)

    def info(self, message: str, *arguments: object) -> None:
        """Log a message at INFO."""
        if "logging" in sys.modules:
            self._logger.info(message, *arguments, stacklevel=2)

    def warning(self, message: str, *arguments: object, exc_info: bool = False) -> None:
        """Log a warning."""
        self._logger.warning(message, *arguments, exc_info=exc_info, stacklevel=2)


log = _Log("mirelo_ergo")
"""One line per attempt at DEBUG; nothing above WARNING."""
turn_log = _Log("mirelo_ergo.turn")
"""One line per submit that waits its turn, at INFO."""


class Secret:
    """An API key, or whatever was passed as one. Only `reveal` shows it."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def reveal(self) -> Any:
        """Return the key itself; the result must not be kept in a variable where an error can be raised."""
        return self._value

    def fingerprint(self) -> str:
        """Return a hash that identifies the account."""
        import hashlib  # only uploads need it

        return hashlib.sha256(self._value.encode()).hexdigest()[:16]

    def scrub(self, text: str) -> str:
        """Replace the key wherever a text contains it (a server may echo it)."""
        return text.replace(self.reveal(), "***")

    def scrub_bytes(self, data: bytes) -> bytes:
        """Replace the key wherever the bytes contain it."""
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
    """A URL whose query may be a secret. The string is complete; its repr (in tracebacks, in lists) is shortened."""

    __slots__ = ()

    def __repr__(self) -> str:
        shown = safe_url(self)
        return repr(str(self)) if shown == self else f"<signed URL {shown}, shortened: str() gives it whole>"


_QUERY = re.compile(r"(\w+://[^\s\"'<>?#]*)[?#][^\s\"'<>]*")


def hide_queries(text: str) -> str:
    """Return a text without the queries of the URLs in it."""
    return _QUERY.sub(r"\1?…", text)


class KeptText(str):
    """Text from a service. The string is complete; its repr (in tracebacks) leaves out the queries of URLs."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(hide_queries(self))


def kept(value: object) -> object:
    """Return decoded JSON with every text as a `KeptText`, because it may hold signed URLs."""
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
    """Return the repr of a value for a message, cut to `limit` characters, even if the value's own repr fails."""
    return shorten(_written(value), limit)


def type_name(value: object) -> str:
    """Return what to call a value's type in a message."""
    return public_name(type(value))


def public_name(cls: type) -> str:
    """Return a class's name for a message, of this package the one by which it is imported."""
    package, *rest = cls.__module__.split(".")
    if package != __name__.partition(".")[0]:
        return cls.__name__
    public = getattr(sys.modules[package], cls.__name__, None) is cls
    return ".".join([package, *([] if public else rest[:1]), cls.__name__])


def _written(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # an integer of over 4300 digits has no repr, and a user's class may have a faulty one
        return f"<{type(value).__name__}>"
