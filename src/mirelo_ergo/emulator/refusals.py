"""Refusals: an error code, an HTTP status and a message, raised anywhere and answered in one place."""

from __future__ import annotations

from typing import Any

BAD_REQUEST = "invalid_request"


class Refusal(Exception):
    """Raised to refuse a request, or to end a job, with one of the API's error codes."""

    def __init__(self, code: str, http_status: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.http_status = http_status
        self.message = message

    def detail(self) -> dict[str, Any]:
        """Return the `error` object of Mirelo's API."""
        return {"code": self.code, "message": self.message, "http_status": self.http_status}


def bad_request(message: str) -> Refusal:
    """Return the 400 for a parameter that is missing or out of range."""
    return Refusal(BAD_REQUEST, 400, message)


def short(value: object, limit: int = 60) -> str:
    """Return a value for a message, cut to `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
