"""The gateway's webhooks: ordering and reading them. Their payload has the form of a poll's answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .._runtime.api.answers import Unusable, text_field
from .._runtime.ids import job_id_problem
from .._runtime.redact import short_repr, shorten
from .._runtime.webhooks.events import JobEvent, WebhookFormat
from .._runtime.webhooks.order import Webhook, WebhookOrder
from .times import read_time
from .values import read_request

if TYPE_CHECKING:
    from collections.abc import Mapping


def order_webhook(webhook: Webhook) -> WebhookOrder:
    """Return the headers of a submit that order webhooks."""
    return WebhookOrder((("X-Webhook-URL", webhook.url), ("X-Webhook-Mode", webhook.mode)))


def read_webhook(fields: Mapping[str, Any]) -> JobEvent:
    """Read a payload; raises `Unusable` without a valid `request_id` and `status`. Everything else may be missing."""
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
        service="pixazo",
    )


def _plain(text: str) -> str:
    """Remove half surrogate pairs, which no file and no terminal can represent."""
    return text.encode("utf-8", "replace").decode()


WEBHOOKS: Final = WebhookFormat(order_webhook, read_webhook, modes=("terminal", "sync"))
