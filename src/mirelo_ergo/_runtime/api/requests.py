"""Turn what a generated endpoint's builder describes into a request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from ...errors import InvalidRequestError
from ..io.protocol import Request
from ..redact import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

Kwargs = dict[str, Any]


def request_from(
    kwargs: Kwargs,
    *,
    submit: bool = False,
    long: bool = False,
    headers: tuple[tuple[str, str], ...] = (),
    fields: Mapping[str, Any] | None = None,
) -> Request:
    """Turn what a generated builder describes into a request; raises `InvalidRequestError` if JSON cannot hold it.

    `headers` and `fields` go with those of the builder: what is asked of the service beside the operation itself.
    """
    body = {**kwargs["json"], **fields} if fields else kwargs.get("json")
    params = kwargs.get("params")
    try:
        path = kwargs["url"] + (f"?{urlencode(params)}" if params else "")
        data = None if body is None else json.dumps(body, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise InvalidRequestError(
            f"the request cannot be written: {shorten(str(error), 120)}; nothing was sent"
        ) from None
    return Request(kwargs["method"].upper(), path, data, submit=submit, long=long, headers=headers)
