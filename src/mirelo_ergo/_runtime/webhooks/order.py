"""Ordering a service's callbacks with a submit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, get_args

import attrs

from ...errors import InvalidRequestError
from ..redact import shorten
from ..transfer.urls import parse_url

if TYPE_CHECKING:
    from .events import CallbackFormat

Mode = Literal["terminal", "sync"]


def _host_only(url: object) -> str:
    """Shorten a callback URL to its host: the path is what keeps strangers from calling it."""
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
class Webhook:
    """Order callbacks for a job: `submit_job(webhook=Webhook("https://…"))`. Costs nothing.

    `url` must be https, without user info or fragment, at most 8192 characters; let its path hold a secret of this
    job, because callbacks are not signed. `mode` "terminal" asks for one callback when the job is done, "sync" for more
    while it runs. Raises `InvalidRequestError`.
    """

    url: str = attrs.field(repr=lambda url: repr(_host_only(url)))
    mode: Mode = "terminal"

    def __attrs_post_init__(self) -> None:
        _check_url(self.url)
        if self.mode not in get_args(Mode):
            raise InvalidRequestError(
                f"webhook mode={shorten(self.mode, 40)} is not 'terminal' or 'sync'", field="webhook"
            )

    def headers(self, form: CallbackFormat) -> tuple[tuple[str, str], ...]:
        """Give the request headers that order it from a service."""
        return (form.url_header, self.url), (form.mode_header, self.mode)
