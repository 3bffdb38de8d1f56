"""The one way the emulator says no: a code, an HTTP status and a message, raised anywhere, answered in one place."""

from __future__ import annotations

from typing import Any

BAD_REQUEST = "invalid_request"


class Refusal(Exception):
    """Refuse a request, or end a job, with one of the contract's error codes."""

    def __init__(self, code: str, http_status: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.http_status = http_status
        self.message = message

    def detail(self) -> dict[str, Any]:
        """Return the `error` object of the contract's envelope."""
        return {"code": self.code, "message": self.message, "http_status": self.http_status}


def bad_request(message: str) -> Refusal:
    """Make the 400 for a parameter that is missing or out of range."""
    return Refusal(BAD_REQUEST, 400, message)


def short(value: object, limit: int = 60) -> str:
    """Show a value in a message, cut to `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
