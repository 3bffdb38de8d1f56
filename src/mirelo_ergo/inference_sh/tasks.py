"""Tasks in the service's responses, streams and webhooks, with the current and the former numbers of states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any, Final

from .._runtime.api.answers import Unusable, read_json, tolerant_integer, tolerant_number
from .._runtime.io.protocol import Reply


class TaskStatus(IntEnum):
    """The states of a task, with the service's current numbers."""

    UNKNOWN = 0
    RECEIVED = 1
    QUEUED = 2
    DISPATCHED = 3
    PREPARING = 4
    SERVING = 5
    SETTING_UP = 6
    RUNNING = 7
    CANCELLING = 8
    UPLOADING = 9
    COMPLETED = 10
    FAILED = 11
    CANCELLED = 12
    REJECTED = 13


ENDS: Final = frozenset({"completed", "failed", "cancelled", "rejected"})
RUNNING: Final = frozenset(state.name.lower() for state in TaskStatus) - ENDS
AMBIGUOUS: Final = frozenset({9, 10, 11})
"""Numbers whose meaning changed in January 2026."""
_OLD_NAMES: Final[Mapping[str, str]] = {"scheduled": "dispatched"}


def state_of(task: Mapping[str, Any]) -> str:
    """Return the name of a task's state: its text if there is one, else its current number.

    An unknown number or text is returned unchanged, and is not final.
    """
    said = task.get("status_text")
    status = task.get("status")
    word = said if isinstance(said, str) and said else status
    number = tolerant_integer(word)
    if number is not None:
        return TaskStatus(number).name.lower() if number in TaskStatus._value2member_map_ else str(number)
    if isinstance(word, str):
        name = word.strip().lower()
        return _OLD_NAMES.get(name, name)
    return "unknown"


class Record(Mapping[str, Any]):
    """An object of the service: a read-only mapping of its JSON, whose fields are attributes too."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = dict(fields)

    def __getitem__(self, name: str) -> Any:
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self._fields[name]
        except KeyError:
            raise AttributeError(f"this {type(self).__name__} has no {name!r}; it has {', '.join(self)}") from None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return dict(self._fields)

    def __repr__(self) -> str:
        named = self._fields.get("id") or f"with {', '.join(self) or 'no fields'}"
        return f"<{type(self).__name__} {named}>"


class Estimate(Record):
    """What a run would cost. `str()` tells it in words.

    `confidence` is "exact", "range" or "unknown"; `microcents`, `min` and `max` are in millionths of a cent, or None.
    """

    def __str__(self) -> str:
        price, least, most = (_cents(self.get(name)) for name in ("microcents", "min", "max"))
        if self.get("confidence") == "range" and (least or most):
            price = f"{least or '0'} to {most}" if most else f"at least {least}"
        why = [self.get("confidence"), self.get("estimate_error"), self.get("pricing_description")]
        depends = self.get("depends_on")
        if isinstance(depends, list) and depends:
            why.append(f"depends on {', '.join(map(str, depends))}")
        told = "; ".join(each for each in why if isinstance(each, str) and each)
        return (f"{price} cents" if price else "not known") + (f" ({told})" if told else "")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"


class Task(Record):
    """A run of an app: `task["output"]`, `task.output`, `task.id`, `task.status`."""

    @property
    def id(self) -> str:
        """The task's id."""
        return str(self._fields.get("id", ""))

    @property
    def status(self) -> str:
        """The name of its state, such as "queued", "running", "completed", "failed", "cancelled" or "rejected"."""
        return state_of(self._fields)

    @property
    def output(self) -> Any:
        """The app's output, unchanged; None while there is none."""
        return self._fields.get("output")

    @property
    def error(self) -> str | None:
        """Why it failed; None if it did not, or if no reason was given."""
        return self._fields.get("error") or None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.status}>"


class TaskUpdate(Task):
    """An update of a task. `update.get("progress")` is a percentage, or None if the service gives none."""


def with_progress(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task with its progress as a percentage, if it has one."""
    percent = progress_of(task)
    return {**task, "progress": percent} if percent is not None else {**task}


def progress_of(task: Mapping[str, Any]) -> float | None:
    """Return the progress in percent: the task's own, or else that in the app's output."""
    own = task.get("progress")
    if isinstance(own, Mapping):
        current, total = tolerant_number(own.get("current")), tolerant_number(own.get("total"))
        return None if current is None or not total else 100.0 * current / total
    if tolerant_number(own) is not None:
        return tolerant_number(own)
    output = task.get("output")
    share = tolerant_number(output.get("progress")) if isinstance(output, Mapping) else None
    if share is None:
        return None
    return 100 * share if 0 <= share <= 1 else share


def _cents(value: object) -> str | None:
    """Return millionths of a cent as cents, None for what is no number."""
    number = tolerant_number(value)
    return None if number is None else f"{number / 1_000_000:.6f}".rstrip("0").rstrip(".")


def unwrap(value: object) -> Any:
    """Return the content of the service's envelope; an object without an envelope is returned unchanged."""
    if isinstance(value, dict) and "data" in value and not {"id", "status"} <= value.keys():
        return value["data"]
    return value


def read_data(reply: Reply) -> Any:
    """Return the content of a response's envelope; raises `Unusable`."""
    return unwrap(read_json(reply))


def read_fields(reply: Reply) -> dict[str, Any]:
    """Read a response that is one object; raises `Unusable`."""
    data = read_data(reply)
    if not isinstance(data, dict):
        raise Unusable(f"the answer's data is a JSON {type(data).__name__}, not an object")
    return data


def merge(job_id: str, known: Mapping[str, Any], line: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the state of a task after a line of its stream; None for a line without news."""
    if line.get("type") == "heartbeat" or "event" in line:
        return None
    data = line.get("data")
    if isinstance(data, Mapping):
        fields = line.get("fields")
        news = dict(data)
        if isinstance(fields, list):
            news = {name: value for name, value in data.items() if name in fields}
        subject = data.get("id")
    else:
        news, subject = dict(line), line.get("id")
    if subject not in (None, job_id, known.get("short_id")):
        return None
    if isinstance(known.get("output"), Mapping) and isinstance(news.get("output"), Mapping):
        news["output"] = {**known["output"], **news["output"]}
    if "status" in news and "status_text" not in news:
        known = {name: value for name, value in known.items() if name != "status_text"}  # it belongs to the old state
    return {**known, **news, "id": job_id} if news else None


def is_of(task: Mapping[str, Any], named: str) -> bool:
    """Return whether a task is of an app, given by its name, with or without a version, or by its id."""
    app = task.get("app")
    plain = named.partition("@")[0].partition(":")[0]
    if isinstance(app, Mapping):
        return f"{app.get('namespace')}/{app.get('name')}" == plain or app.get("id") == named
    return task.get("app_id") == named or app == plain


def created_at(task: Mapping[str, Any]) -> float | None:
    """Return when a task was created, in Unix seconds; None if not given."""
    from dateutil.parser import isoparse

    try:
        return isoparse(str(task.get("created_at"))).timestamp()
    except (ValueError, OverflowError):
        return None
