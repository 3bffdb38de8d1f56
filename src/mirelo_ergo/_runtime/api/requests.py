"""Turn what a generated endpoint's builder describes into a request."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from ...errors import InvalidRequestError
from ..io.protocol import Request
from ..redact import shorten

Kwargs = dict[str, Any]


def request_from(
    kwargs: Kwargs, *, submit: bool = False, long: bool = False, headers: tuple[tuple[str, str], ...] = ()
) -> Request:
    """Turn what a generated builder describes into a request; raises `InvalidRequestError` if JSON cannot hold it."""
    body = kwargs.get("json")
    params = kwargs.get("params")
    try:
        path = kwargs["url"] + (f"?{urlencode(params)}" if params else "")
        data = None if body is None else json.dumps(body, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise InvalidRequestError(
            f"the request cannot be written: {shorten(str(error), 120)}; nothing was sent"
        ) from None
    return Request(kwargs["method"].upper(), path, data, submit=submit, long=long, headers=headers)
