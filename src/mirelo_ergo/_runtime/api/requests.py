"""Turns the description of a generated builder into a request that carries all of it, or refuses it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

from ...errors import InvalidRequestError
from ..io.protocol import Request
from ..redact import short_repr, shorten

if TYPE_CHECKING:
    from ..io.protocol import Source
    from .multipart import Part

Kwargs = dict[str, Any]
Headers = tuple[tuple[str, str], ...]

_CARRIED = frozenset({"method", "url", "params", "json", "content", "data", "files", "headers"})
_FORM = "application/x-www-form-urlencoded"
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?|", re.ASCII)


def request_from(
    kwargs: Mapping[str, Any],
    *,
    submit: bool = False,
    long: bool = False,
    headers: Headers = (),
    fields: Mapping[str, Any] | None = None,
    comma_lists: bool = False,
) -> Request:
    """Return the request that a generated builder describes.

    `headers` and `fields` (of JSON or a form) are added to those of the builder. A list in the query is sent as a
    repeated name, with `comma_lists` as one value. Files are sources or bytes, and are streamed. Raises
    `InvalidRequestError` for a value that cannot be sent, and for anything in the description that would be dropped: a
    dropped header may be an idempotency key.
    """
    _refuse_unknown(kwargs)
    given = dict(kwargs.get("headers") or {})
    declared = next((given.pop(name) for name in list(given) if name.lower() == "content-type"), None)
    try:
        path = kwargs["url"] + _query(kwargs.get("params") or {}, comma_lists=comma_lists)
        body, content_type = _body(_with_fields(kwargs, fields), declared)
    except (TypeError, ValueError) as error:
        raise _refused(shorten(str(error), 120)) from None
    own = tuple(_header(name, value) for name, value in given.items())
    method = kwargs["method"].upper()
    return Request(method, path, body, content_type, submit=submit, long=long, headers=own + headers)


def fingerprint(request: Request) -> str:
    """Return the sha256 of method, path and body. The same request has the same fingerprint in every process.

    A streamed form counts with the names of its parts and the sizes of its files.
    """
    import hashlib  # most processes never need one

    body = request.body
    text = body or b"" if body is None or isinstance(body, bytes) else getattr(body, "fingerprint", b"%d" % body.size)
    return hashlib.sha256(f"{request.method} {request.path}\n".encode() + text).hexdigest()


def _refused(problem: str) -> InvalidRequestError:
    return InvalidRequestError(f"the request cannot be written: {problem}; nothing was sent")


def _refuse_unknown(kwargs: Mapping[str, Any]) -> None:
    unknown = sorted(set(kwargs) - _CARRIED)
    if unknown:
        raise _refused(f"its description has {', '.join(unknown)}, which this version does not send")
    bodies = [name for name in ("json", "content", "data", "files") if kwargs.get(name) is not None]
    if len(bodies) > 1 and bodies != ["data", "files"]:
        raise _refused(f"its description has {' and '.join(bodies)}, and a request has one body")


def _with_fields(kwargs: Mapping[str, Any], fields: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if not fields:
        return kwargs
    place = "data" if kwargs.get("files") is not None or kwargs.get("data") is not None else "json"
    return {**kwargs, place: {**(kwargs.get(place) or {}), **fields}}


def _header(name: str, value: object) -> tuple[str, str]:
    if not isinstance(value, str) or not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
        raise _refused(f"its header {shorten(name, 60)} holds a character that no header can have")
    return name, value


def _query(params: Mapping[str, Any], *, comma_lists: bool) -> str:
    pairs: list[str] = []
    for name, value in params.items():
        if isinstance(value, list | tuple):
            items = [_plain(item) for item in value]
            if comma_lists:
                pairs.append(f"{quote_plus(name)}={','.join(quote_plus(item) for item in items)}")
            else:
                pairs.extend(urlencode({name: item}) for item in items)
        else:
            pairs.append(urlencode({name: _plain(value)}))
    return f"?{'&'.join(pairs)}" if pairs else ""


def _plain(value: object) -> str:
    """Return the text of a value in a query or a form; raises `TypeError` for a value without a plain text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise TypeError(f"{short_repr(value)} is {type(value).__name__}, not text, a number or a bool")


def _body(kwargs: Mapping[str, Any], declared: str | None) -> tuple[bytes | Source | None, str]:
    data, files, content = kwargs.get("data"), kwargs.get("files"), kwargs.get("content")
    if files is not None:
        from .multipart import MultipartBody  # only forms with files need it

        form = MultipartBody((*_fields(data or {}), *_parts(files)))
        return form, form.content_type  # the builder's own boundary is replaced by this one
    if data is not None:
        return urlencode([(part.name, part.content) for part in _fields(data)]).encode(), declared or _FORM
    if content is not None:
        return _content("content", content), declared or "application/octet-stream"
    if kwargs.get("json") is None:
        return None, declared or "application/json"
    text = json.dumps(kwargs["json"], separators=(",", ":"), allow_nan=False)
    return text.encode(), declared or "application/json"


def _fields(data: Mapping[str, Any]) -> Iterable[Part]:
    from .multipart import Part

    for name, value in data.items():
        for item in value if isinstance(value, list | tuple) else [value]:
            yield Part(name, _plain(item).encode())


def _parts(files: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Iterable[Part]:
    """Read a file as httpx accepts it: its content, or a tuple of name, content, type and headers."""
    from .multipart import Part

    named: Any = files.items() if isinstance(files, Mapping) else files
    for name, file in named:
        described: tuple[Any, ...] = file if isinstance(file, tuple) else (name, file)
        filename, content, content_type, headers = (*described, None, None)[:4]
        extra = tuple(_header(*each) for each in (headers or {}).items())
        yield Part(name, _content(name, content), filename, content_type, extra)


def _content(name: str, content: Any) -> bytes | Source:
    if isinstance(content, str):
        return content.encode()
    if isinstance(content, bytes):
        return content
    if not hasattr(content, "verify") or not hasattr(content, "open"):
        raise TypeError(f"{name} is {type(content).__name__}, not bytes, text or a source")
    if not content.replayable:
        raise ValueError(f"{name} cannot be rewound, and a request may have to be sent again: give a path or bytes")
    source: Source = content
    return source
