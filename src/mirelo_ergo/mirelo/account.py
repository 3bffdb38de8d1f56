"""The account of a client's key, for both clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._runtime.api.execute import Operation, Runtime, execute
from .._runtime.api.retry import Kind
from .._runtime.io.protocol import Request
from .._runtime.lazy import LazyModule
from .generated import operations as of
from .generated_v3 import operations as of_v3
from .values import MeResult, read_me
from .versions import is_v3

if TYPE_CHECKING:
    from . import v3_values
else:
    v3_values = LazyModule("mirelo_ergo.mirelo.v3_values")


async def me(runtime: Runtime, model: str | None) -> MeResult:
    """Return the account, from the API of the client's model."""
    endpoint, read = (of_v3.GET_ME, v3_values.read_me) if is_v3(model) else (of.GET_ME, read_me)
    request = Request(endpoint.method, endpoint.path)
    return await execute(runtime, Operation(endpoint.name, Kind.READ, request, read, runtime.timeout))
