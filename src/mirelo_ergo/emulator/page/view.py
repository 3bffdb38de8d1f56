"""The content of the page, as plain text and numbers, with every key shortened. The template escapes it."""

from __future__ import annotations

import contextlib
import json
import math
import re
import time
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any

import attrs

from mirelo_ergo.emulator.clock import iso
from mirelo_ergo.emulator.services.registry import MAIN, SERVICES, port_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mirelo_ergo.emulator.faults.plan import ActiveFault
    from mirelo_ergo.emulator.media.rendering import Rendering
    from mirelo_ergo.emulator.state.records import Balance, Job
    from mirelo_ergo.emulator.web.traffic import SeenRequest

MAX_JOBS = 20
MAX_SEEN = 300  # requests that are looked through
MAX_REQUESTS = 30
MAX_ACCOUNTS = 20
MAX_PROMPT = 280
MAX_TEXT = 4000
MAX_PARSED = 16 << 10  # bytes of a body that is set out
PREFIXES = "|".join(sorted({re.escape(service.key_prefix) for service in SERVICES.values()}))
KEY = re.compile(rf"\b(?:{PREFIXES})[\w-]{{5,}}")
STATES = {"processing": "Running", "succeeded": "Succeeded", "errored": "Failed"}


@attrs.frozen
class Moment:
    """A time of the emulator, for people and for machines."""

    text: str
    iso: str


@attrs.frozen
class Access:
    """How to reach a service."""

    name: str
    title: str
    url: str
    key: str


@attrs.frozen
class Player:
    """A result that can be played."""

    kind: str
    source: str
    about: str
    name: str


@attrs.frozen
class ShownJob:
    """A job as the page lists it."""

    id: str
    title: str
    family: str
    status: str
    state: str
    progress_percent: int
    left: str
    credits: int
    created: Moment
    failure: str
    players: Sequence[Player]


@attrs.frozen
class ShownRequest:
    """A request as the page lists it; `times` counts those like it right before it."""

    number: int
    at: Moment
    service: str
    method: str
    path: str
    status: int | None
    good: bool
    times: int
    target: str
    faults: str
    body: str
    answer: str


@attrs.frozen
class ShownFault:
    """A fault in force as the page lists it."""

    id: int
    name: str
    details: str
    operation: str
    left: str


@attrs.frozen
class ShownAccount:
    """An account as the page lists it."""

    id: str
    name: str
    credits: int
    held: int
    spent: int


def access(urls: Mapping[str, str], keys: Mapping[str, str], base: str) -> list[Access]:
    """Return each service's address; on the main port it is that of the page's own request."""
    return [
        Access(name, SERVICES[name].title, base if port_of(name) == MAIN else url, keys[name])
        for name, url in urls.items()
    ]


def moment(seconds: float) -> Moment:
    """Write a time."""
    text = iso(seconds)
    return Moment(text[11:19], text)


def ahead(now: float) -> str:
    """Return how far the emulator's time is ahead of this machine's, "" if it is not."""
    seconds = now - time.time()
    return span(seconds) if seconds > 1 else ""


def span(seconds: float) -> str:
    """Return a length of time in its two largest units, the smaller one rounded up."""
    whole = math.ceil(seconds)
    for size, name, part, part_name in ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size} {name}" + (f" {rest} {part_name}" if rest else "")
    return f"{whole} s"


def safe(text: str) -> str:
    """Shorten every key in a text."""
    return KEY.sub(lambda match: short_key(match[0]), text)


def short_key(key: str) -> str:
    """Return the ends of a key, or only the beginning of a short one."""
    return f"{key[:7]}…{key[-4:]}" if len(key) >= 20 else f"{key[:5]}…"


def jobs(held: Sequence[Job], now: float) -> list[ShownJob]:
    """Show the latest jobs, newest first."""
    return [_job(job, now) for job in reversed(held[-MAX_JOBS:])]


def counts(held: Sequence[Job], now: float) -> Counter[str]:
    """Count the jobs in each state."""
    return Counter(job.seen(now).state for job in held)


def _job(job: Job, now: float) -> ShownJob:
    seen = job.seen(now)
    return ShownJob(
        id=job.id,
        title=_cut(safe(job.origin.title).strip(), MAX_PROMPT) or "No prompt",
        family=" ".join(filter(None, (_service(seen.service), seen.family, seen.model))),
        status=seen.state,
        state=STATES[seen.state],
        progress_percent=seen.progress_percent,
        left="" if job.done else _left(job.finishes_at - now),
        credits=job.credits,
        created=moment(job.created_at),
        failure="" if job.error is None else safe(f"{job.error.code} ({job.error.http_status}): {job.error.message}"),
        players=[_player(job, index, result) for index, result in enumerate(job.results)],
    )


def _left(seconds: float) -> str:
    if math.isinf(seconds):
        return "never ends"
    return f"ends in {span(seconds)}" if seconds > 0 else "being rendered"


def _player(job: Job, index: int, result: Rendering) -> Player:
    kind, facts = result.media_type.partition("/")[0], [f"Result {index + 1} of {len(job.results)}"]
    if result.duration_ms is not None:
        facts.append(f"{result.duration_ms / 1000:.1f} s")
    return Player(
        kind=kind,
        source=f"/_emulator/page/results/{job.id}/{index}{result.suffix}",
        about=" · ".join([*facts, result.suffix[1:].upper(), _bytes(result.size)]),
        name=f"{job.id}-{index + 1}{result.suffix}",
    )


def requests(seen: Sequence[SeenRequest]) -> list[ShownRequest]:
    """Return the latest requests, newest first; equal ones in a row, such as polls, as one."""
    runs = [list(run) for _, run in groupby(seen, key=_likeness)]
    return [_request(run) for run in reversed(runs[-MAX_REQUESTS:])]


def _likeness(request: SeenRequest) -> tuple[Any, ...]:
    alone = request.number if request.method != "GET" else 0
    return request.service, request.method, request.path, request.query, request.status, request.faults, alone


def _request(run: Sequence[SeenRequest]) -> ShownRequest:
    last = run[-1]
    kind = last.headers.get("content-type", "")
    return ShownRequest(
        number=run[0].number,
        at=moment(last.at),
        service=_service(last.service),
        method=_cut(last.method, 20),
        path=_cut(safe(last.path), 200) + ("?…" if last.query else ""),
        status=last.status,
        good=last.status is not None and last.status < 400,
        times=len(run),
        target=_cut(safe(f"{last.path}?{last.query}"), 1000) if last.query else "",
        faults=", ".join(last.faults).replace("_", " "),
        body=_body(last.body) or (f"{_bytes(last.body_bytes)} {_cut(kind, 80)}".strip() if last.body_bytes else ""),
        answer=_body(last.answer),
    )


def _service(name: str) -> str:
    """Return the label of a service, "" for the main one."""
    return "" if name == MAIN else SERVICES[name].title


def accounts(balances: Sequence[Balance]) -> list[ShownAccount]:
    """Show the accounts, the first ones to come."""
    return [
        ShownAccount(each.id, short_key(each.key), each.credits, each.held, each.spent)
        for each in balances[:MAX_ACCOUNTS]
    ]


def faults(active: Sequence[ActiveFault]) -> list[ShownFault]:
    """Show the faults in force."""
    return [_fault(each) for each in active]


def _fault(each: ActiveFault) -> ShownFault:
    rule = each.rule
    given = {**_given(rule.fault), **_given(rule)}
    left = "until cleared" if rule.times is None else f"{rule.times - each.hits} of {rule.times}"
    for name in ("fault", "operation", "times"):
        given.pop(name, None)
    return ShownFault(
        id=each.id,
        name=rule.fault.kind.replace("_", " "),
        details=", ".join(f"{name} {_cut(safe(str(value)), 80)}" for name, value in given.items()),
        operation=rule.operation,
        left=left,
    )


def _given(value: attrs.AttrsInstance) -> dict[str, Any]:
    """Return the attributes that differ from their defaults."""
    return attrs.asdict(value, recurse=False, filter=lambda field, held: held != field.default)


def _body(raw: bytes) -> str:
    text = raw[:MAX_PARSED].decode("utf-8", "replace")
    with contextlib.suppress(ValueError, RecursionError):  # cut, or no JSON: shown as it is
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return _cut(safe(text), MAX_TEXT)


def _bytes(count: int) -> str:
    return f"{count:,} bytes" if count < 100_000 else f"{count / 1_000_000:.1f} MB"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
