"""The properties of each service that a batch needs."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import attrs

import mirelo_ergo

from ..errors import InvalidRequestError
from .items import Item
from .ledger import Currency

DAY: Final = 24 * 3600.0


@attrs.frozen
class Service:
    """One service: its clients, and how its requests are priced, found again and kept."""

    name: str
    client: str
    async_client: str
    currency: Currency | None
    """The currency of its preflight; None: it has none."""
    lifetime: float | None
    """Seconds for which a job's results are kept; None: the service does not say."""
    sources: tuple[str, ...] = ()
    """The arguments that are a file or a URL."""
    keyed: tuple[str, ...] = ()
    """The prefix of models whose requests can be prepared and sent again with the same key."""
    listed: bool = False
    """Whether a lost request is searched for in the service's list of jobs."""


SERVICES: Final[Mapping[str, Service]] = MappingProxyType(
    {
        service.name: service
        for service in (
            Service("mirelo", "MireloClient", "AsyncMireloClient", "credits", DAY, ("video", "audio"), ("sfx-",)),
            Service("pixazo", "PixazoClient", "AsyncPixazoClient", None, None),
            Service("sync_so", "SyncSoClient", "AsyncSyncSoClient", "usd", None, ("video", "audio"), ("",)),
            Service("inference_sh", "InferenceClient", "AsyncInferenceClient", None, None, ("video",), listed=True),
        )
    }
)
APP: Final = "app"
"""The operation that runs an app: its arguments are `app`, `function`, `input`, and `files` to upload."""
_APP_ARGUMENTS: Final = ("app", "input", "function", "files")
NOT_OF_THE_REQUEST: Final = ("max_credits", "max_cost_usd", "upload")
"""Arguments that do not change the result."""


@cache
def parameters(service: str, operation: str) -> Mapping[str, inspect.Parameter]:
    """Return the arguments of an operation, from its client; raises `InvalidRequestError` if it does not exist."""
    known = mirelo_ergo.capabilities()
    if service not in known or service not in SERVICES:
        raise InvalidRequestError(
            f"service: {service[:40]!r} is not a service; the services are {', '.join(SERVICES)}", field="service"
        )
    if operation not in known[service]:
        names = ", ".join(sorted(known[service]))
        raise InvalidRequestError(
            f"operation: {service} has no {operation[:60]!r}; it has {names}" + _elsewhere(operation), field="operation"
        )
    if operation == APP:
        kind = inspect.Parameter.KEYWORD_ONLY
        empty = inspect.Parameter.empty
        return {
            name: inspect.Parameter(name, kind, default=empty if name in ("app", "input") else None)
            for name in _APP_ARGUMENTS
        }
    method = getattr(getattr(mirelo_ergo, SERVICES[service].client), operation)
    given = inspect.signature(method, eval_str=True).parameters
    return {name: parameter for name, parameter in given.items() if name != "self"}


def request_of(client: Any, item: Item) -> Any:
    """Return the client's request for an item. Sends nothing. Raises `InvalidRequestError`, also for a missing file."""
    arguments = dict(item.arguments)
    parameters(item.service, item.operation)  # only operations are ever called
    if item.operation == APP:
        app, function, given = arguments["app"], arguments.get("function"), arguments["input"]
        if not isinstance(given, Mapping):
            raise InvalidRequestError(f"input: {type(given).__name__} is not an object", field="input")
        request = client.app(app, function=function, upload="off")
        return request(**{**given, **(arguments.get("files") or {})})
    return getattr(client, item.operation)(**arguments)


def _elsewhere(operation: str) -> str:
    found = [name for name, operations in mirelo_ergo.capabilities().items() if operation in operations]
    return f"; {', '.join(found)} has it: say so in service" if found else ""
