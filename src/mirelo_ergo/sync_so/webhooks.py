"""`client.webhooks`: webhooks are verified with the client's own secret."""

from __future__ import annotations

from .._runtime.redact import Secret
from .._runtime.webhooks.events import JobEvent
from .._runtime.webhooks.reader import reader
from .._runtime.webhooks.signatures import TOLERANCE, Headers
from .service import SYNC_SO, WEBHOOKS


class Webhooks:
    """Webhooks of sync.so, which are signed."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret

    def unwrap(self, headers: Headers, body: bytes, *, tolerance: float | None = TOLERANCE) -> JobEvent:
        """Return what a webhook says, after its signature was verified against exactly these bytes.

        `tolerance` is the number of seconds by which its time may differ from now; None: any age. Raises
        `WebhookSignatureError`, `WebhookError` if it is not a valid webhook, and `ConfigurationError` without a secret.
        """
        return reader(WEBHOOKS, SYNC_SO.name, self._secret, tolerance)(headers, body)
