"""Finding a lost request in the service's own list of jobs: exactly one fits, or none is taken."""

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
"""Seconds by which two machines' clocks may differ."""
START: Final = "find:"


def job_description(description: Mapping[str, Any]) -> str:
    """Return how a request's job looks in the list, as the text that an intent keeps."""
    return START + json.dumps({"app": description["model"], "input": description["input"]}, sort_keys=True)


async def find_job(connected: Connected, looks: str, since: float, taken: Collection[str]) -> str | None:
    """Return the token of the one job that looks like the request, made after it, and is no other item's; else None.

    `taken` are the ids of jobs that belong to items already.
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
        return None  # the list does not reach back to the request: others may fit, too
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
