"""Callbacks instead of polling: order them with a submit, take them in, and let a wait wake on them.

inbox = WebhookInbox()
app = asgi_app(inbox)                                        # for uvicorn, or under a framework's mount point
job = request.submit_job(webhook=Webhook("https://sfx.example.com/hooks/" + secret))
result = job.wait(webhooks=inbox)                            # also ends, by polling, when no callback comes
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._runtime.webhooks.events import JobEvent, read_event
from ._runtime.webhooks.inbox import WebhookInbox
from ._runtime.webhooks.order import Webhook
from .errors import WebhookError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._runtime.webhooks.asgi import WebhookApp
    from ._runtime.webhooks.events import Headers

__all__ = ["JobEvent", "Webhook", "WebhookError", "WebhookInbox", "asgi_app", "parse_webhook"]


def parse_webhook(headers: Headers, body: bytes) -> JobEvent:
    """Read a callback of the Pixazo gateway, the one service that has them; raises `WebhookError`, nothing else.

    `headers` are any framework's (something with `items()`), `body` the whole request body, at most 1 MiB. The content
    type is not looked at; a Content-Encoding, a field given twice and a number that is not finite are refused. What it
    says is a hint, because nobody signed it.
    """
    from .pixazo.callbacks import CALLBACKS

    return read_event(CALLBACKS, headers, body)


def asgi_app(inbox: WebhookInbox, *, admits: Callable[[str], bool] | None = None) -> WebhookApp:
    """Make an ASGI application that takes callbacks into an inbox; for a server by itself, or a framework's route.

    It answers 204 to every callback, known ones too, 400 to what is none, 413 over 1 MiB, 405 to all but POST, 503 when
    the inbox's file cannot be written, and 404 at a path that `admits` says no to (None: any will do; callbacks are not
    signed, so let paths be secret). Runs on asyncio.
    """
    from ._runtime.webhooks.asgi import WebhookApp

    return WebhookApp(inbox, parse_webhook, admits)
