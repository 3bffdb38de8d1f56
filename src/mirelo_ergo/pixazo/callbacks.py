"""The gateway's callbacks: how they are ordered, and how their payload is read, which has a status answer's shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .._runtime.api.answers import Unusable, text_field
from .._runtime.ids import job_id_problem
from .._runtime.redact import short_repr, shorten
from .._runtime.webhooks.events import CallbackFormat, JobEvent
from .times import read_time
from .values import read_request

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_callback(fields: Mapping[str, Any]) -> JobEvent:
    """Read a payload; raises `Unusable` without a usable `request_id` and `status`, everything else may be missing."""
    job_id = text_field(fields, "request_id")
    problem = job_id_problem(job_id)
    if problem is not None:
        raise Unusable(f"its request_id {short_repr(job_id)} {problem}")
    status = read_request(fields)
    return JobEvent(
        job_id,
        status.status,
        shorten(_plain(fields["status"])),
        status.result_urls if status.status == "succeeded" else [],
        _plain(status.message) if status.status == "errored" else None,
        status.created_at,
        read_time(fields.get("updated_at")),
        read_time(fields.get("completed_at")),
        fields,
    )


def _plain(text: str) -> str:
    """Take out what no file and no terminal can hold: half of a pair of code points."""
    return text.encode("utf-8", "replace").decode()


CALLBACKS: Final = CallbackFormat("X-Webhook-URL", "X-Webhook-Mode", read_callback)
