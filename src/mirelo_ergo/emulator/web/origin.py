"""Access to the emulator's own pages: not for requests that other sites cause in a browser."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mirelo_ergo.emulator.refusals import Refusal, short

if TYPE_CHECKING:
    from starlette.requests import Request

PRIVATE = (".localhost", ".internal")  # names that nobody can register


def check_origin(request: Request) -> None:
    """Refuse with 403 a request that another site has caused, and a Host that others could point here.

    Following a link from another site to a page is allowed, because it changes nothing. Programs other than browsers do
    not send the checked headers.
    """
    host = request.headers.get("host", "")
    if not _is_private(host):
        raise Refusal(
            "forbidden",
            403,
            f"the Host is {short(host)}: use an IP address, localhost or a name without dots, which no stranger owns",
        )
    site = request.headers.get("sec-fetch-site", "none")
    follows_link = request.method == "GET" and request.headers.get("sec-fetch-dest") == "document"
    origin = request.headers.get("origin")
    if (site not in ("same-origin", "none") and not follows_link) or (origin is not None and _netloc(origin) != host):
        raise Refusal("forbidden", 403, f"this comes from another site, {short(origin or site)}, which may not do it")


def _is_private(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:  # half of an IPv6 address
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return bool(name) and ("." not in name or name.endswith(PRIVATE))
    return True


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
