"""Finds the job of a lost request in the service's own list: only if exactly one job matches."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from .clients import Connected

_PAGE: Final = 100
_PAGES: Final = 100
_NEWEST_FIRST: Final = [{"field": "created_at", "dir": "desc"}]
_CLOCKS: Final = 60.0
"""Seconds by which the clocks of two machines may differ."""
START: Final = "find:"


def job_description(description: Mapping[str, Any]) -> str:
    """Return a description of a request's job for matching, as text for the intent."""
    return START + json.dumps({"app": description["model"], "input": description["input"]}, sort_keys=True)


async def find_job(connected: Connected, looks: str, since: float, taken: Collection[str]) -> str | None:
    """Return the token of the only job that matches the request, is not older, and belongs to no other item; else None.

    `taken` are the ids of jobs that belong to items.
    """
    wanted = json.loads(looks.removeprefix(START))
    named = str(wanted["app"]).partition("@")[0].partition(":")[0]
    fits: list[Any] = []
    cursor: str | None = None
    for _ in range(_PAGES):
        page = await connected.call(connected.client.tasks.list, limit=_PAGE, sort=_NEWEST_FIRST, cursor=cursor)
        young = [task for task in page.items if _made(task) >= since - _CLOCKS]
        fits += [task for task in young if task.get("input") == wanted["input"] and _is_of(task, named)]
        cursor = page.next_cursor
        if cursor is None or len(young) < len(page.items):
            break
    else:
        return None  # the list does not reach back to the request: older jobs may match too
    if len(fits) != 1 or fits[0].id in taken:
        return None
    job = connected.client.job(fits[0].id)
    return str(job.token)


def _is_of(task: Mapping[str, Any], named: str) -> bool:
    app = task.get("app")
    if isinstance(app, Mapping):
        return f"{app.get('namespace')}/{app.get('name')}" == named
    return named in (app, task.get("app_id"))


def _made(task: Mapping[str, Any]) -> float:
    try:
        return datetime.fromisoformat(str(task.get("created_at"))).timestamp()
    except ValueError:
        return 0.0
