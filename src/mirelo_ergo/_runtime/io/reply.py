"""An API's answer as the core reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..redact import Secret


@attrs.frozen
class Reply:
    """An API answer. `problem` says why its body is incomplete or could not be unpacked; None if it is complete."""

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    problem: str | None = None
    raw: bytes = attrs.field(default=b"", repr=False)
    """Of a submit: the beginning of the body as it came, with what its framing and its announced length leave out."""

    def scrubbed(self, secret: Secret) -> Reply:
        """Return the answer without the API key, which a server may echo. Called before anything of it is read."""
        body, raw = secret.scrub_bytes(self.body), secret.scrub_bytes(self.raw)
        headers = {name: secret.scrub(value) for name, value in self.headers.items()}
        return Reply(self.status, headers, body, self.problem, raw)
