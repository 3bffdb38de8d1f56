"""The common answers of Mirelo's API v2, well formed, after the wire contract; a test bends them as it needs.

Each is a `Respond`: a whole script where one is wanted, and its `wire` is there to be cut or dripped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults.steps import Respond, json_response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.faults.wire import Received

CREATED = "2026-01-01T12:00:00Z"
COMPLETED = "2026-01-01T12:00:10Z"
TEXT_TO_SFX = "/v2/text-to-sfx/v1.5"
VIDEO_TO_SFX = "/v2/video-to-sfx/v1.5"
JOB_ID = "7e0a3d2c-9b41-4f6e-8a55-0c1d2e3f4a5b"
SUBMITTED = {"prompt": "rain on a tin roof", "duration_ms": 2000, "num_samples": 1}


def api_error(status: int, code: str, message: str = "made by the test", **headers: str) -> Respond:
    """Make the API's error envelope; headers by keyword, `Retry_After="1"`."""
    error = {"code": code, "message": message, "http_status": status}
    return json_response(status, {"error": error}, {name.replace("_", "-"): value for name, value in headers.items()})


def html_error(status: int) -> Respond:
    """Make the page that a proxy in between answers with."""
    page = f"<html><head><title>{status}</title></head><body><h1>{status}</h1><hr>nginx</body></html>"
    return Respond(status, page.encode(), {"Content-Type": "text/html"})


def me(credits_available: int = 1000) -> Respond:
    return json_response(
        200,
        {
            "id": "user-1",
            "email": "someone@example.com",
            "credits_available": credits_available,
            "overage_enabled": False,
        },
    )


def asset(upload_url: str, asset_id: str = "asset-1") -> Respond:
    return json_response(201, {"asset_id": asset_id, "upload_url": upload_url})


def preflight(price: int = 20, estimated_ms: int = 1000) -> Respond:
    return json_response(200, {"credits": price, "estimated_ms": estimated_ms})


def result(*urls: str) -> Respond:
    """Make the answer of POST `/sync`."""
    return json_response(200, {"result_urls": urls})


def accepted(job_id: str = JOB_ID, estimated_ms: int = 1000, operation: str = TEXT_TO_SFX) -> Respond:
    return json_response(
        202,
        {
            "job_id": job_id,
            "job_url": f"{operation}/jobs/{job_id}",
            "estimated_ms": estimated_ms,
            "estimated_completion_at": COMPLETED,
        },
    )


def processing(job_id: str = JOB_ID, progress_percent: int = 40, estimated_ms: int = 1000) -> Respond:
    return json_response(
        200,
        {
            "job_id": job_id,
            "status": "processing",
            "created_at": CREATED,
            "estimated_completion_at": COMPLETED,
            "estimated_ms": estimated_ms,
            "progress_percent": progress_percent,
            "request": SUBMITTED,
        },
    )


def succeeded(*urls: str, job_id: str = JOB_ID) -> Respond:
    return json_response(
        200,
        {
            "job_id": job_id,
            "status": "succeeded",
            "created_at": CREATED,
            "completed_at": COMPLETED,
            "result": {"result_urls": urls},
            "request": SUBMITTED,
        },
    )


def errored(code: str = "generation_failed", http_status: int = 502, job_id: str = JOB_ID) -> Respond:
    error = {"code": code, "message": "made by the test", "http_status": http_status}
    return json_response(
        200,
        {
            "job_id": job_id,
            "status": "errored",
            "created_at": CREATED,
            "completed_at": COMPLETED,
            "error": error,
            "request": SUBMITTED,
        },
    )


def submits(requests: Iterable[Received]) -> list[Received]:
    """Keep the requests that a server may charge for: POST `/jobs` and `/sync`, cut ones too."""
    return [r for r in requests if r.method == "POST" and r.path.endswith(("/jobs", "/sync"))]
