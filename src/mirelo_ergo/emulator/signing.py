"""Signed URLs, as an object store makes them: whoever has the URL may use it, until it expires."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from mirelo_ergo.emulator.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mirelo_ergo.emulator.clock import Clock


class Signer:
    """Sign paths with a secret that never leaves this emulator, and check what comes back."""

    def __init__(self, secret: bytes, clock: Clock) -> None:
        self._secret = secret
        self._clock = clock

    def query(self, method: str, path: str, seconds: float) -> str:
        """Return the query string that opens `path` to one method for so many seconds."""
        expires = str(int(self._clock.now() + seconds))
        return urlencode({"expires": expires, "signature": self._signature(method, path, expires)})

    def check(self, method: str, path: str, query: Mapping[str, str], authorization: str | None) -> None:
        """Raise the refusal of an object store unless the query opens `path` to this method now."""
        if authorization is not None:
            # Stores that take pre-signed URLs refuse a second way to authenticate: a client must not send its key here.
            raise Refusal("InvalidArgument", 400, "Only one auth mechanism allowed: send no Authorization header here.")
        expires = query.get("expires", "")
        signature = self._signature(method, path, expires)
        if not hmac.compare_digest(signature, query.get("signature", "").encode("ascii", "replace").decode()):
            raise Refusal("SignatureDoesNotMatch", 403, "The signature does not match the request.")
        if self._clock.now() >= int(expires):
            raise Refusal("AccessDenied", 403, "Request has expired.")

    def _signature(self, method: str, path: str, expires: str) -> str:
        return hmac.new(self._secret, f"{method}\n{path}\n{expires}".encode(), hashlib.sha256).hexdigest()
