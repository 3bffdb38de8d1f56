"""The reader of a service's webhooks, with its secret and the tolerated age."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from ...errors import ConfigurationError
from ..redact import Secret, shorten
from .events import JobEvent, WebhookFormat, read_event
from .signatures import Headers


def reader(
    form: WebhookFormat, service: str, secret: Secret, tolerance: float | None
) -> Callable[[Headers, bytes], JobEvent]:
    """Return a function that reads a service's webhooks; raises `ConfigurationError`."""
    secret = _check_secret(form, service, secret)
    _check_tolerance(tolerance)
    return lambda headers, body: read_event(form, headers, body, secret=secret, now=time.time(), tolerance=tolerance)


def _check_secret(form: WebhookFormat, service: str, given: Secret) -> Secret:
    """Check a secret without keeping it in a variable: a traceback may show this frame."""
    if form.signature is None:
        if given.reveal() is not None:
            raise ConfigurationError(
                f"secret= checks nothing here: {service} does not sign its webhooks; leave it out, and take them as "
                "hints"
            )
        return given
    variable = form.signature.secret_variable
    secret = Secret(os.environ.get(variable)) if given.reveal() is None else given
    if not secret.reveal():
        raise ConfigurationError(f"no webhook secret: pass secret=, or set {variable}, to the one that {service} shows")
    if not isinstance(secret.reveal(), str):
        raise ConfigurationError(f"secret is {type(secret.reveal()).__name__}, not a string")
    return secret


def _check_tolerance(value: Any) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is not None and (not number or not 0 < value <= 86_400):
        raise ConfigurationError(
            f"tolerance={shorten(value, 40)} is not a number of seconds up to 86400, or None for any age"
        )
