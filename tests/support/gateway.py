"""The gateway's answers as the core sees them, well formed unless a test bends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.answers import reply
from tests.support.virtual import VirtualIO, pixazo_over

if TYPE_CHECKING:
    from mirelo_ergo import Job
    from mirelo_ergo._runtime.io.protocol import Reply

REQUEST_ID = "req_6f1e20c4"
CREATED, ENDED = "2026-05-22T13:17:32.110Z", "2026-05-22 13:19:23"
URL = "https://media.example.com/1.wav?signature=abc"


def queued(request_id: object = REQUEST_ID) -> Reply:
    polling_url = "https://elsewhere.example/v2/requests/status/another"
    return reply(202, {"request_id": request_id, "status": "QUEUED", "polling_url": polling_url})


def status(status: object, output: object = None, error: object = None, **more: Any) -> Reply:
    ended = ENDED if status in ("COMPLETED", "FAILED", "ERROR") else None
    fields = {"request_id": REQUEST_ID, "status": status, "model_id": "m", "error": error, "output": output}
    times = {"created_at": CREATED, "updated_at": ENDED, "completed_at": ended}
    return reply(200, {**fields, **times, **more})


def completed(*urls: str, **more: Any) -> Reply:
    return status("COMPLETED", {"media_url": list(urls or (URL,)), "media_type": "audio/wav"}, **more)


def problem(status: int, error: str, message: str = "made by the test", **headers: str) -> Reply:
    """Make the queue's own error body."""
    return reply(status, {"error": error, "message": message}, **headers)


def job_over(io: VirtualIO, **options: Any) -> Job:
    """Submit a job; its answer is the first of the script."""
    return pixazo_over(io).text_to_audio("rain", **options).submit_job()
