"""The answers of inference.sh: tasks in all their historical forms, problems and lists."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from starlette.responses import JSONResponse

from mirelo_ergo.emulator.clock import iso
from mirelo_ergo.emulator.refusals import BAD_REQUEST
from mirelo_ergo.emulator.web.pages import page, read_cursor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.responses import Response

    from mirelo_ergo.emulator.refusals import Refusal
    from mirelo_ergo.emulator.state.records import Job

Numbering = Literal["new", "old", "names"]
Progress = Literal["none", "number", "steps", "output"]
NUMBERINGS, PROGRESSES = get_args(Numbering), get_args(Progress)
BEFORE_THE_END: Final = ("unknown", "received", "queued", "dispatched", "preparing", "serving", "setting_up", "running")
NEW: Final = (*BEFORE_THE_END, "cancelling", "uploading", "completed", "failed", "cancelled", "rejected")
OLD: Final = (*BEFORE_THE_END, "uploading", "completed", "failed", "cancelled")
"""The numbers until January 2026. What they did not have yet is written as its nearest."""
NEAREST: Final = {"cancelling": "running", "rejected": "failed"}
PHASES: Final = (
    ("received", 0.0),
    ("queued", 0.05),
    ("dispatched", 0.2),
    ("preparing", 0.25),
    ("setting_up", 0.3),
    ("running", 0.35),
    ("uploading", 0.95),
)
"""When a task is what, in shares of its time."""
PER_PAGE: Final = 20
STATUSES: Final = (400, 401, 402, 403, 404, 405, 409, 410, 412, 429, 500, 503)
CODES: Final = {
    "insufficient_credits": "payment_required",
    "no_active_subscription": "payment_required",
    "job_not_found": "not_found",
    "server_error": "internal_error",
}
PLAIN: Final = {403: "forbidden", 409: "conflict", 410: "app_retired"}
"""What a refusal without a better word is by its status."""
ERRORS: Final = "https://api.inference.sh/errors/"


def refuse(refusal: Refusal) -> Response:
    """Return a refusal as a problem document, a 412 as the list of missing requirements."""
    status = refusal.http_status
    if status not in STATUSES:
        status = 400 if status < 500 else 500
    if status == 412:
        action = {"type": "add_secret", "instructions": "Add it in the settings of your account."}
        need = {"type": "secret", "key": "DEMO_TOKEN", "message": refusal.message, "action": action}
        return JSONResponse({"satisfied": False, "errors": [need]}, status_code=status)
    code = CODES.get(refusal.code, refusal.code)
    if code == BAD_REQUEST:
        code = PLAIN.get(status, code)
    problem = {"type": ERRORS + code, "title": code.replace("_", " "), "status": status, "detail": refusal.message}
    return JSONResponse(problem, status_code=status, media_type="application/problem+json")


def end_of(job: Job) -> str:
    """Return the final state of a job."""
    if job.error is None:
        return "completed"
    return job.error.code if job.error.code in ("cancelled", "rejected") else "failed"


def phases(job: Job, now: float) -> list[tuple[str, float]]:
    """Return the states of a job so far, each with its start. The last one is the current state."""
    length = min(job.estimated_ms / 1000, job.finishes_at - job.created_at)
    until = now if job.completed_at is None else job.completed_at
    passed = [(name, job.created_at + share * length) for name, share in PHASES]
    seen = [passed[0], *((name, at) for name, at in passed[1:] if at <= until)]
    return seen if job.completed_at is None else [*seen, (end_of(job), job.completed_at)]


def status(state: str, numbering: Numbering) -> dict[str, Any]:
    """Return a state as the service writes or wrote it. An old number is accompanied by its name."""
    if numbering == "names":
        return {"status": state}
    if numbering == "old":
        return {"status": OLD.index(NEAREST.get(state, state)), "status_text": state}
    return {"status": NEW.index(state)}


def progress(job: Job, now: float, shape: Progress) -> dict[str, Any]:
    """Return a running job's progress, in one of its historical forms; {} if there is none."""
    percent = job.progress_percent(now)
    if shape == "none" or job.done:
        return {}
    if shape == "output":
        return {"output": {"progress": percent / 100}}
    return {"progress": percent if shape == "number" else {"current": percent, "total": 100}}


def timings(job: Job, now: float, numbering: Numbering) -> dict[str, Any]:
    """Return the duration of each step of a job."""
    seen = phases(job, now)
    until = now if job.completed_at is None else job.completed_at
    groups, events = [], []
    for (name, begins), (following, ends) in zip(seen, [*seen[1:], ("", until)], strict=True):
        length = {"duration": f"{max(0.0, ends - begins):.1f}s", "duration_ms": max(0, round(1000 * (ends - begins)))}
        groups.append({"label": name, "start_at": iso(begins), "end_at": iso(ends), **length})
        events.append({"status": name, "timestamp": iso(begins), "next_status": following, **length})
    total = max(0.0, until - job.created_at)
    return {
        "task_id": job.id,
        **status(seen[-1][0], numbering),
        "total_duration": f"{total:.1f}s",
        "total_duration_ms": round(total * 1000),
        "groups": groups,
        "events": events,
    }


def _compared(compare: Callable[[str, str], bool]) -> Callable[[Any, str], bool]:
    return lambda value, wanted: value is not None and compare(_text(value), wanted)


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


OPERATORS: Final[Mapping[str, Callable[[Any, str], bool]]] = {
    "eq": _compared(operator.eq),
    "neq": _compared(operator.ne),
    "in": _compared(lambda value, wanted: value in wanted.split(",")),
    "not_in": _compared(lambda value, wanted: value not in wanted.split(",")),
    "gt": _compared(operator.gt),
    "gte": _compared(operator.ge),
    "lt": _compared(operator.lt),
    "lte": _compared(operator.le),
    "like": _compared(lambda value, wanted: wanted.strip("%") in value),
    "ilike": _compared(lambda value, wanted: wanted.strip("%").lower() in value.lower()),
    "contains": _compared(lambda value, wanted: wanted in value),
    "not_contains": _compared(lambda value, wanted: wanted not in value),
    "is_null": lambda value, _: value is None,
    "is_not_null": lambda value, _: value is not None,
    "is_empty": lambda value, _: not value,
    "is_not_empty": lambda value, _: bool(value),
}


def listed(items: Sequence[dict[str, Any]], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return a filtered page of a list, by default the newest first."""
    term = (asked.get("search") or {}).get("term", "")
    kept = [each for each in items if term in str(each) and all(_keeps(each, one) for one in asked.get("filters", ()))]
    for one in reversed(asked.get("sort") or [{"field": "created_at", "dir": "desc"}]):
        kept.sort(key=lambda each: _text(each.get(one["field"])), reverse=one.get("dir") == "desc")
    limit = asked.get("limit", PER_PAGE)
    found = page(kept, lambda each: str(each["id"]), read_cursor(asked.get("cursor") or None), limit)
    return {
        "items": list(found.items),
        "next_cursor": found.cursor or "",
        "has_next": found.cursor is not None,
        "has_previous": bool(asked.get("cursor")),
        "items_per_page": limit,
    }


def _keeps(item: Mapping[str, Any], one: Mapping[str, Any]) -> bool:
    return OPERATORS[one["operator"]](item.get(one["field"]), one.get("value", ""))
