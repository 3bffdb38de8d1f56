"""The targets of faults: single operations, by their operationId, and groups that all services share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

ANY = "any"
GROUPS: Mapping[str, str] = {
    "me": "the account",
    "assets": "opening an upload",
    "preflight": "the price of a generation",
    "submit": "creating a job",
    "sync": "a generation that is waited for in one request",
    "poll": "looking at a job",
    "stream": "watching a job as it goes on",
    "cancel": "cancelling a job",
    "list": "lists",
    "register": "naming an uploaded file as an asset",
    "upload": "the upload to the object store",
    "result": "the GET from the object store",
    "link": "the short link to a result",
    "other": "all other calls",
}
GENERATE = frozenset({"submit", "sync"})
UNIONS: Mapping[str, frozenset[str]] = {"generate": GENERATE, ANY: frozenset(GROUPS)}


@attrs.frozen
class Target:
    """One operation: of a service by its operationId, of the object store by the emulator's own name."""

    id: str
    method: str
    path: str
    group: str
    service: str = ""

    def on(self, service: str) -> Target:
        """Return the same operation of another service."""
        return attrs.evolve(self, service=service)


STORE = (
    Target("putUpload", "PUT", "/store/uploads/{asset_id}", "upload"),
    Target("postUpload", "POST", "/store/forms", "upload"),
    Target("getStored", "GET", "/store/assets/{asset_id}/{name}", "result"),
    Target("getResult", "GET", "/store/results/{job_id}/{name}", "result"),
)
"""The operations of the object store, which is on every port."""
