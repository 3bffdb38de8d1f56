"""Webhooks instead of polling: order them with a submit, receive them in an inbox, and let a wait end by them.

inbox = WebhookInbox()
app = asgi_app(inbox)                                        # for uvicorn, or under a framework's mount point
job = request.submit_job(webhook=Webhook("https://sfx.example.com/hooks/" + secret))
result = job.wait(webhooks=inbox)                            # also ends, by polling, when no webhook comes
"""

from __future__ import annotations

from collections.abc import Callable

from ._runtime.redact import Secret
from ._runtime.webhooks.asgi import WebhookApp
from ._runtime.webhooks.events import JobEvent
from ._runtime.webhooks.inbox import WebhookInbox
from ._runtime.webhooks.order import Webhook
from ._runtime.webhooks.reader import reader
from ._runtime.webhooks.signatures import TOLERANCE, Headers
from .errors import WebhookError, WebhookSignatureError
from .services import webhook_format

__all__ = [
    "JobEvent",
    "Webhook",
    "WebhookError",
    "WebhookInbox",
    "WebhookSignatureError",
    "asgi_app",
    "parse_webhook",
]

SERVICE = "pixazo"
"""The service that is meant where none is named: it was the first with webhooks."""


def parse_webhook(
    headers: Headers,
    body: bytes,
    service: str = SERVICE,
    *,
    secret: str | None = None,
    tolerance: float | None = TOLERANCE,
) -> JobEvent:
    """Return what a service's webhook says; raises `WebhookError` for anything else.

    `headers` are any framework's (something with `items()`), `body` the whole request body as it came, at most 1 MiB.
    Where the service signs its webhooks, the signature is checked before anything else: `secret` is the one that the
    service shows you (default: its environment variable), `tolerance` the seconds by which the signature's time may
    differ from now (None: any age). Raises `WebhookSignatureError` if it does not fit, `ConfigurationError` without a
    secret, or with one for a service that signs nothing: its webhooks are hints. The content type is not looked at; a
    Content-Encoding, a field given twice and a number that is not finite are refused.
    """
    kept = Secret(secret)
    del secret  # a traceback may show this frame
    return reader(webhook_format(service), service, kept, tolerance)(headers, body)


def asgi_app(
    inbox: WebhookInbox,
    *,
    admits: Callable[[str], bool] | None = None,
    service: str = SERVICE,
    secret: str | None = None,
    tolerance: float | None = TOLERANCE,
) -> WebhookApp:
    """Return an ASGI application that puts a service's webhooks into an inbox; for a server, or a framework's route.

    It answers 204 to every webhook, known ones too, 400 to an invalid or wrongly signed body (nothing of which is
    stored), 408 to a body that takes over 10 s, 413 over 1 MiB, 405 to all but POST, 503 when the inbox's file cannot
    be written, and 404 at a path for which `admits` returns False (None: every path is accepted; where webhooks are not
    signed, use secret paths). The other arguments are those of `parse_webhook`. Runs on asyncio. Raises
    `ConfigurationError`.
    """
    from ._runtime.webhooks.asgi import WebhookApp

    kept = Secret(secret)
    del secret  # as in `parse_webhook`
    return WebhookApp(inbox, reader(webhook_format(service), service, kept, tolerance), admits)
