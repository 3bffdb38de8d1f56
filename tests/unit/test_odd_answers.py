"""What polls of every service may answer: whatever stands in a field, it is read or unusable, and ends no wait."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo._runtime.api.answers import Unusable
from mirelo_ergo._runtime.io.reply import Reply
from mirelo_ergo._runtime.jobs.tokens import JobRecord
from mirelo_ergo.inference_sh.service import INFERENCE_SH_JOBS
from mirelo_ergo.inference_sh.tasks import merge
from mirelo_ergo.mirelo.midi import notes_of
from mirelo_ergo.mirelo.service import MIRELO_JOBS, MIRELO_MIDI_JOBS, MIRELO_V3_JOBS
from mirelo_ergo.pixazo.service import PIXAZO_JOBS
from mirelo_ergo.sync_so.service import SYNC_SO_JOBS

if TYPE_CHECKING:
    from mirelo_ergo._runtime.jobs.protocol import JobApi
    from mirelo_ergo._runtime.jobs.values import PollResult

URL = "https://results.test/1.wav"
AT = "2026-01-01T00:00:00Z"
ODD: list[object] = [None, True, 0, -1, 10**400, 1e308, "", "10", 10.0, [], [1], {}, {"a": 1}, [[]], [{}], "\ud800"]
DEEP: Any = []
for _ in range(300):
    DEEP = [DEEP]
VARIANT = {"index": 0, "status": "succeeded", "files": {"audio": {"url": URL, "url_expires_at": AT, "format": "wav"}}}
ANSWERS: dict[str, tuple[JobApi, str, list[dict[str, Any]]]] = {
    "v2": (
        MIRELO_JOBS,
        "text-to-sfx",
        [
            {"job_id": "j", "status": "succeeded", "result": {"result_urls": [URL]}, "request": {"num_samples": 1}},
            {"job_id": "j", "status": "errored", "error": {"code": "a", "http_status": 500, "message": "b"}},
            {"job_id": "j", "status": "processing", "progress_percent": 5, "estimated_completion_at": AT},
        ],
    ),
    "midi": (
        MIRELO_MIDI_JOBS,
        "audio-to-midi",
        [
            {
                "job_id": "j",
                "status": "succeeded",
                "created_at": AT,
                "result": {
                    "midi_url": URL,
                    "score_pdfs": [{"kind": "full_score", "filename": "a.pdf", "url": URL, "size_bytes": 1}],
                    "notes": [{"pitch": 60, "start": 0, "end": 1, "instrument": "organ", "velocity": 1}],
                },
            }
        ],
    ),
    "v3": (
        MIRELO_V3_JOBS,
        "text-to-sfx",
        [
            {
                "id": "j",
                "status": "succeeded",
                "completed_at": AT,
                "progress": 1,
                "errors": [{"code": "a", "message": "b"}],
                "result": {"output": {"index": 0, "variants_requested": 1, "variants": [VARIANT]}},
            }
        ],
    ),
    "pixazo": (
        PIXAZO_JOBS,
        "video-to-video",
        [
            {"request_id": "j", "status": "COMPLETED", "output": {"media_url": [URL]}, "completed_at": AT},
            {"request_id": "j", "status": "FAILED", "error": "a", "created_at": AT},
        ],
    ),
    "sync_so": (
        SYNC_SO_JOBS,
        "lipsync",
        [
            {"id": "j", "status": "COMPLETED", "createdAt": AT, "outputUrl": URL, "outputDuration": 3},
            {"id": "j", "status": "PROCESSING", "progressPercent": 5, "error": "a", "errorCode": "b"},
        ],
    ),
    "inference_sh": (
        INFERENCE_SH_JOBS,
        "app",
        [
            {"id": "j", "status": 10, "output": {"audio": {"uri": URL, "content_type": "audio/wav"}, "more": [URL]}},
            {"id": "j", "status_text": "running", "progress": {"current": 1, "total": 2}, "output": {"progress": 0.5}},
            {"id": "j", "status": 11, "error": "a"},
        ],
    ),
}


def read(service: str, answer: object) -> PollResult:
    job_api, family, _ = ANSWERS[service]
    record = JobRecord(job_api.api.name, family, "sfx-2.0", "j", 1.7e9, 1000, 1)
    return job_api.read_status(record, Reply(200, {}, json.dumps(answer).encode()), 1.7e9)


def places(value: object, *above: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the keys that lead to each value within another one."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*above, key)
        yield from places(each, *above, key)


@pytest.mark.parametrize("service", ANSWERS)
def test_whatever_stands_in_a_field_is_read_or_unusable(service: str) -> None:
    for answer in ANSWERS[service][2]:
        assert read(service, answer).status.status in ("succeeded", "errored", "processing")
        for *above, last in places(answer):
            for odd in [*ODD, DEEP]:
                bent: Any = json.loads(json.dumps(answer))
                inner = bent
                for key in above:
                    inner = inner[key]
                inner[last] = odd
                with suppress(Unusable):
                    result = read(service, bent)
                    assert repr(result)
                    notes_of(getattr(result.status, "output", None))


@pytest.mark.parametrize("fields", [*ODD, [["status"], {}, "status", 7]])
def test_whatever_a_line_of_a_stream_says_changed_it_can_be_merged(fields: object) -> None:
    assert merge("j", {"id": "j"}, {"data": {"id": "j", "status": 7}, "fields": fields}) in (
        None,
        {"id": "j", "status": 7},
    )


@pytest.mark.parametrize(("status", "state"), [("10", "succeeded"), (10.0, "succeeded"), ("11", "errored")])
def test_a_task_has_ended_however_its_number_is_written(status: object, state: str) -> None:
    answer = {"id": "j", "status": status, "output": {"audio": {"uri": URL}}}
    assert read("inference_sh", answer).status.status == state
