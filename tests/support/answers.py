"""The API's answers as the core sees them, well formed unless a test bends them."""

from __future__ import annotations

import json
from typing import Any

from mirelo_ergo._runtime.io.protocol import Reply, TransportFailure

JOB_ID = "0d4e9a52-6b0f-4c58-9f5d-2f6f3f0a7c11"
ME = {"id": "usr_1", "email": "foley@example.com", "credits_available": 4200, "overage_enabled": False}


def reply(status: int, body: object, **headers: str) -> Reply:
    """Make an answer of JSON; headers by keyword, with _ for -."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"content-type": "application/json", **named}, json.dumps(body).encode())


def page(status: int, text: str = "<html><h1>Bad gateway</h1></html>", **headers: str) -> Reply:
    """Make the page that something in between answers with."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"content-type": "text/html", **named}, text.encode())


def problem(status: int, code: str, message: str = "made by the test", **headers: str) -> Reply:
    """Make the API's own error body."""
    return reply(status, {"error": {"code": code, "message": message, "http_status": status}}, **headers)


def me() -> Reply:
    return reply(200, ME)


def preflight(price: int = 20, estimated_ms: int = 9000) -> Reply:
    return reply(200, {"credits": price, "estimated_ms": estimated_ms})


def asset(asset_id: str = "ast_1", url: str = "https://uploads.example.com/1?signature=abc") -> Reply:
    return reply(201, {"asset_id": asset_id, "upload_url": url})


def accepted(job_id: str = JOB_ID, estimated_ms: object = 9000) -> Reply:
    fields = {"job_id": job_id, "job_url": f"/elsewhere/{job_id}", "estimated_ms": estimated_ms}
    return reply(202, {**fields, "estimated_completion_at": "2026-03-01T12:00:09Z"})


def processing(progress: object = 40, status: object = "processing", at: str = "", **headers: str) -> Reply:
    fields = {"job_id": JOB_ID, "status": status, "progress_percent": progress, "estimated_completion_at": at}
    return reply(200, {**fields, "estimated_ms": 9000, "request": {}}, **headers)


def succeeded(*urls: str, asked: int | None = None) -> Reply:
    request = {} if asked is None else {"num_samples": asked}
    result = {"result_urls": list(urls or ("https://results.example.com/1.wav?signature=abc",))}
    return reply(200, {"job_id": JOB_ID, "status": "succeeded", "result": result, "request": request})


def errored(code: str = "generation_failed", message: str = "it did not work", http_status: int = 502) -> Reply:
    error: dict[str, Any] = {"code": code, "message": message, "http_status": http_status}
    return reply(200, {"job_id": JOB_ID, "status": "errored", "error": error, "request": {}})


def result(*urls: str) -> Reply:
    """Make the answer of POST /sync."""
    return reply(200, {"result_urls": list(urls or ("https://results.example.com/1.wav?signature=abc",))})


def reset() -> TransportFailure:
    """Make a connection that broke after the whole request had left."""
    return TransportFailure("network", "yes", "ReadError: connection reset")


def refused() -> TransportFailure:
    """Make a connection that never came to be."""
    return TransportFailure("connect", "no", "ConnectError: connection refused")
