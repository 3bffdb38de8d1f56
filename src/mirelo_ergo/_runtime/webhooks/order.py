"""The orders by which a submit requests webhooks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

import attrs

from ...errors import InvalidRequestError
from ..redact import shorten
from ..transfer.urls import parse_url

Mode = Literal["terminal", "sync"]


def _host_only(url: object) -> str:
    """Return a webhook's URL cut to its host, because its path may hold a secret."""
    scheme, mark, rest = str(url).partition("://")
    host = re.split(r"[/?#\\]", rest, maxsplit=1)[0].rpartition("@")[2]
    return shorten(f"{scheme}://{host}/…") if mark else shorten(url, 20)


def _check_url(url: Any) -> None:
    try:
        if not isinstance(url, str):
            raise ValueError(f"it is {type(url).__name__}, not a string")
        if parse_url(url).scheme != "https":
            raise ValueError("its scheme is http, not https")
        if "#" in url:
            raise ValueError("it has a fragment, which no request carries")
    except ValueError as error:
        raise InvalidRequestError(
            f"webhook url={_host_only(url)} cannot be called: {error}; give the https address at which the service "
            "reaches you, or wait without a webhook",
            field="webhook",
        ) from None


@attrs.frozen
class WebhookOrder:
    """The headers, or the fields of the body, by which a submit orders webhooks."""

    headers: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    fields: Mapping[str, Any] = attrs.field(factory=dict, repr=False)


NOTHING: Final = WebhookOrder()


@attrs.frozen
class Webhook:
    """An order of webhooks for a job: `submit_job(webhook=Webhook("https://…"))`. Costs nothing.

    `url` must be https, without user info or fragment, at most 8192 characters. If the service does not sign its
    webhooks, put a secret for this job into its path. `mode` "terminal" asks for one webhook when the job is done,
    "sync" for more while it runs, if the service has that. Raises `InvalidRequestError`.
    """

    url: str = attrs.field(repr=lambda url: repr(_host_only(url)))
    mode: Mode = "terminal"

    def __attrs_post_init__(self) -> None:
        _check_url(self.url)
        if self.mode not in get_args(Mode):
            raise InvalidRequestError(
                f"webhook mode={shorten(self.mode, 40)} is not 'terminal' or 'sync'", field="webhook"
            )
