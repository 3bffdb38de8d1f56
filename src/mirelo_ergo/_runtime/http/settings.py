"""The HTTP settings of a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from ..io.deadline import Timing

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from ..redact import Secret


@attrs.frozen
class HttpSettings:
    """The HTTP settings of a client, for its service and for external URLs."""

    base_url: str
    secret: Secret
    auth: Callable[[str], tuple[str, str]] = attrs.field(repr=False)
    headers: tuple[tuple[str, str], ...] = ()
    user_agent: str = "mirelo-ergo"
    """The User-Agent for external URLs, whose requests get none of `headers`."""
    proxy: str | None = attrs.field(default=None, repr=False)
    verify: bool | str | ssl.SSLContext = True
    transport: Any = None
    http_client: Any = None
    allow_private: bool = False
    timing: Timing = attrs.field(factory=Timing)

    def own_connections(self) -> HttpSettings | None:
        """Return these without the user's client, which carries the API only; None where a transport carries all."""
        return None if self.transport is not None else attrs.evolve(self, http_client=None)
