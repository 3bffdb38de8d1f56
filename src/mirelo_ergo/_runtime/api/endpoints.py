"""Descriptions of requests to the generated operations, in the form that the generated builders use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from ...errors import InvalidRequestError
from ..ids import job_id_problem
from ..redact import short_repr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .requests import Kwargs


class Endpoint(Protocol):
    """One operation of a generated `operations.py`."""

    @property
    def name(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def query(self) -> tuple[str, ...]: ...
    @property
    def headers(self) -> tuple[str, ...]: ...


def describe(
    endpoint: Endpoint,
    ids: Mapping[str, str] | None = None,
    *,
    query: Mapping[str, Any] | None = None,
    headers: Mapping[str, str | None] | None = None,
    json: object = None,
) -> Kwargs:
    """Return the description of a request, for `request_from`. None values in `query` and `headers` are left out.

    `ids` are the parameters of the path. Raises `InvalidRequestError` for a value that is not a valid id, and
    `ValueError` for a name that the operation does not have, which is a bug.
    """
    path = endpoint.path
    for name, value in (ids or {}).items():
        if f"{{{name}}}" not in path:
            raise ValueError(f"{endpoint.name} has no path parameter {name!r}")
        problem = job_id_problem(value)
        if problem is not None:
            raise InvalidRequestError(f"{name}={short_repr(value)} {problem}; nothing was sent", field=name)
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    if "{" in path:
        raise ValueError(f"{endpoint.name} needs each parameter of {endpoint.path}")
    described: Kwargs = {"method": endpoint.method, "url": path}
    for place, known, given in (("params", endpoint.query, query), ("headers", endpoint.headers, headers)):
        if unknown := sorted(set(given or {}) - set(known)):
            raise ValueError(f"{endpoint.name} has no parameter {unknown[0]!r}")
        described[place] = {name: value for name, value in (given or {}).items() if value is not None}
    if json is not None:
        described["json"] = json
    return described
