"""The files in an input: explicit ones anywhere, and strings in fields that are files by the app's schema."""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Callable, Iterator, Mapping
from mimetypes import guess_type
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal
from urllib.parse import unquote_to_bytes

import attrs

from .._runtime.redact import short_repr, shorten, type_name
from .._runtime.transfer.content_types import HEAD, content_type_of, known_type
from .._runtime.transfer.sources import BytesSource, FileSource, Uploadable, open_path, open_source
from ..errors import InvalidRequestError

UploadPolicy = Literal["auto", "strict", "off"]
"""Which values are uploaded: "strict": paths, bytes, open files and `File`s; "auto": also strings in fields that are
files by the app's schema; "off": nothing."""
Schema = Mapping[str, Any]
OnProgress = Callable[[int, int], None]

_DATA: Final = re.compile(r"data:([^,]*),", re.ASCII)
_DEEPEST: Final = 50
_REMOTE: Final = re.compile(r"(https?|inf)://", re.IGNORECASE)
_FILE_NAME: Final = re.compile(r"[^\n]{1,300}\.[A-Za-z][A-Za-z0-9]{1,4}")


ACCEPTED: Final = "give a path, a URL, bytes, an open file or mirelo_ergo.inference_sh.File(…)"
"""What a file can be given as, for messages."""


class File:
    """A file for an input: a new one, or one that is stored already.

    Give one of: a local path, the `uri` of a stored file (or any URL), bytes, or an open binary file. `file.uri` is
    None for a file that is still to be uploaded. `on_progress(sent, total)` is called with bytes during the upload.
    """

    def __init__(
        self,
        source: str | os.PathLike[str] | bytes | BinaryIO | Mapping[str, Any] | None = None,
        *,
        uri: str | None = None,
        path: str | os.PathLike[str] | None = None,
        content_type: str | None = None,
        size: int | None = None,
        filename: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> None:
        if isinstance(source, Mapping):
            uri, path = source.get("uri") or uri, source.get("path") or path
            content_type, size = source.get("content_type") or content_type, source.get("size") or size
            filename, source = source.get("filename") or filename, None
        if isinstance(source, str) and _REMOTE.match(source):
            uri, source = source, None
        if isinstance(source, str | os.PathLike):
            path, source = source, None
        if sum(each is not None for each in (uri, path if uri is None else None, source)) != 1:
            raise InvalidRequestError("File: give one of a path, a uri, bytes or an open file; nothing was sent")
        self.uri, self.path, self.content_type = uri, None if path is None else os.fspath(path), content_type
        self.size, self.filename, self.content = size, filename, source
        self.on_progress = on_progress

    @classmethod
    def from_path(cls, path: str | os.PathLike[str]) -> File:
        """Return a `File` for a local path."""
        return cls(path=path)

    def to_dict(self) -> dict[str, Any]:
        """Return the file in the service's form, with the known fields."""
        known = {
            "uri": self.uri,
            "path": self.path,
            "content_type": self.content_type,
            "size": self.size,
            "filename": self.filename,
        }
        return {name: value for name, value in known.items() if value is not None}

    def __repr__(self) -> str:
        return f"<File {shorten(self.uri or self.path or 'in memory', 80)}>"


@attrs.frozen
class Upload:
    """A local file to upload, with its name and its place in the input."""

    source: Uploadable
    filename: str
    content_type: str
    place: str
    on_progress: OnProgress | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the file in the service's form for a file that is not uploaded yet."""
        return {"filename": self.filename, "content_type": self.content_type, "size": self.source.size}


def open_upload(value: Any, place: str, name: str | None = None, content_type: str | None = None) -> Upload:
    """Return the upload; raises `InvalidRequestError` if it is not a regular, readable file with content."""
    if isinstance(value, File):
        given = value.path if value.path is not None else value.content
        upload = open_upload(given, place, name or value.filename, content_type or value.content_type)
        return attrs.evolve(upload, on_progress=value.on_progress)
    if isinstance(value, str) and _REMOTE.match(value):
        raise InvalidRequestError(
            f"{place}={short_repr(value)} is a URL, which an input takes as it is; nothing was sent", field=place
        )
    if isinstance(value, str) and not value:
        raise InvalidRequestError(
            f"{place} is blank: give a path, bytes or an open file; nothing was sent", field=place
        )
    if isinstance(value, str) and (data := _DATA.match(value)):
        content, told = _decoded(value[data.end() :], data[1], place)
        return open_upload(content, place, name, content_type or told)
    source: Uploadable
    if isinstance(value, bytes | bytearray | memoryview):
        if not len(value):
            raise InvalidRequestError(f"{place} is empty; nothing was sent", field=place)
        source, head, own = BytesSource(bytes(value)), bytes(value[:HEAD]), "file"
    elif isinstance(value, str | os.PathLike):
        path = Path(value)
        source, head = open_path(path, place)
        own = path.name
    elif not hasattr(value, "read"):
        raise InvalidRequestError(
            f"{place}={short_repr(value)} is {type_name(value)}: {ACCEPTED}; nothing was sent", field=place
        )
    else:
        opened, head = open_source(value, None, place)
        called = getattr(value, "name", None)
        source, own = opened.snapshot(), Path(called).name if isinstance(called, str) else "file"
        if isinstance(source, FileSource) and source.start is None:
            raise InvalidRequestError(f"{place}: the stream cannot be rewound: give a path or bytes", field=place)
    called = name or own
    found = content_type or known_type(head) or content_type_of(head, Path(called).suffix) or guess_type(called)[0]
    return Upload(source, called, found or "application/octet-stream", place)


def _decoded(text: str, parameters: str, place: str) -> tuple[bytes, str | None]:
    """Return the bytes of a data URI, with any parameters, and its type."""
    kind, *more = (each.strip() for each in parameters.split(";"))
    raw = unquote_to_bytes(text)
    if "base64" in (each.lower() for each in more):
        try:
            raw = base64.b64decode(raw, validate=True)
        except binascii.Error as error:
            raise InvalidRequestError(f"{place} is a data URI whose base64 is broken ({error})", field=place) from None
    return raw, kind or None


def needs_schema(value: Any) -> bool:
    """Return whether the input contains a string that may mean a file, so that the app's schema is needed."""
    return any(_may_be_file(text) for text in _strings(value, 0))


def _strings(value: Any, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        raise InvalidRequestError(f"input is nested more than {_DEEPEST} levels deep; nothing was sent", field="input")
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _strings(inner, depth + 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner, depth + 1)


def _may_be_file(text: str) -> bool:
    named = _FILE_NAME.fullmatch(text) is not None and _REMOTE.match(text) is None
    return named or _DATA.match(text) is not None or _exists(text)


def _exists(text: str) -> bool:
    """Return whether a string is an existing path on this machine. Nothing is opened."""
    if not text or len(text) > 4096 or "\0" in text or _REMOTE.match(text):
        return False
    try:
        return Path(text).exists()
    except (OSError, ValueError):
        return False


def is_given(value: object) -> bool:
    """Return whether a value is a file object of any kind, not a text that may name a file."""
    return isinstance(value, os.PathLike | bytes | bytearray | memoryview | File) or hasattr(value, "read")


def refuse_other_objects(value: Any, place: str = "input", depth: int = 0) -> None:
    """Raise `InvalidRequestError` for what is neither JSON nor a file, such as another service's object."""
    if depth > _DEEPEST:
        raise InvalidRequestError(f"input is nested more than {_DEEPEST} levels deep; nothing was sent", field="input")
    if isinstance(value, Mapping):
        for name, inner in value.items():
            refuse_other_objects(inner, f"{place}.{name}", depth + 1)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            refuse_other_objects(inner, f"{place}[{index}]", depth + 1)
    elif not (value is None or isinstance(value, str | int | float) or is_given(value)):
        raise InvalidRequestError(
            f"{place}={short_repr(value)} is {type_name(value)}, neither JSON nor a file: {ACCEPTED}; nothing was sent",
            field=place,
        )


def place_files(value: Any, schema: Schema | None, policy: UploadPolicy, take: Callable[[Upload], Any]) -> Any:
    """Return an input with each file replaced by the result of `take`; everything else is unchanged.

    `schema` is that of the app's input, None if it is not known. Raises `InvalidRequestError` for a file that cannot be
    read, and for a string that may be a file or a text. Only the beginnings of files are read.
    """
    return _place(value, schema, schema or {}, policy, take, "input", 0)


def _place(
    value: Any,
    schema: Schema | None,
    root: Schema,
    policy: UploadPolicy,
    take: Callable[[Upload], Any],
    place: str,
    depth: int,
) -> Any:
    if depth > _DEEPEST:
        raise InvalidRequestError(f"{place} is nested more than {_DEEPEST} levels deep; nothing was sent", field=place)
    if isinstance(value, File) and value.uri is not None:
        return value.uri
    if is_given(value):
        return take(_opened(value, place, policy))
    if isinstance(value, str):
        return _place_text(value, schema, root, policy, take, place)
    if isinstance(value, Mapping):
        return {
            name: _place(inner, _field(schema, root, str(name)), root, policy, take, f"{place}.{name}", depth + 1)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        items = _items(schema, root)
        return [
            _place(inner, items, root, policy, take, f"{place}[{index}]", depth + 1)
            for index, inner in enumerate(value)
        ]
    return value


def _opened(value: Any, place: str, policy: UploadPolicy) -> Upload:
    if policy == "off":
        raise InvalidRequestError(
            f"{place} is a file, and uploads are off: give the uri that files.upload() returns, or set upload='auto'; "
            "nothing was sent",
            field=place,
        )
    return open_upload(value, place)


def _place_text(
    text: str, schema: Schema | None, root: Schema, policy: UploadPolicy, take: Callable[[Upload], Any], place: str
) -> Any:
    if policy == "auto" and schema is not None and is_file(schema, root) and not _REMOTE.match(text):
        return take(open_upload(text, place)) if text else text
    if schema is None and policy == "auto" and ("/" in text or "\\" in text) and _exists(text):
        raise InvalidRequestError(
            f"{place}={short_repr(text)} names a file of this machine, and nothing says whether the app wants the file "
            f"or the text: give pathlib.Path({short_repr(text)}) for the file; nothing was sent",
            field=place,
        )
    return text


def is_file(schema: Schema, root: Schema) -> bool:
    """Return whether a field with this schema is a file."""
    resolved = follow(schema, root)
    if resolved.get("format") in ("file", "binary") or resolved.get("$id") == "File" or resolved.get("title") == "File":
        return True
    properties = resolved.get("properties")
    if isinstance(properties, Mapping) and {"uri", "path"} <= properties.keys():
        return True
    choices = [each for word in ("anyOf", "oneOf", "allOf") for each in resolved.get(word) or ()]
    return any(isinstance(each, Mapping) and is_file(each, root) for each in choices)


def follow(schema: Schema, root: Schema) -> Schema:
    """Return a schema with its `$ref` followed."""
    for _ in range(_DEEPEST):
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return schema
        target: Any = root
        for word in reference[2:].split("/"):
            target = target.get(word) if isinstance(target, Mapping) else None
        if not isinstance(target, Mapping):
            return {}
        schema = target
    return {}


def _field(schema: Schema | None, root: Schema, name: str) -> Schema | None:
    """Return the schema of a field, None if it has none."""
    if schema is None:
        return None
    resolved = follow(schema, root)
    for each in (resolved, *(c for w in ("anyOf", "oneOf", "allOf") for c in resolved.get(w) or ())):
        properties = follow(each, root).get("properties") if isinstance(each, Mapping) else None
        if isinstance(properties, Mapping) and isinstance(properties.get(name), Mapping):
            found: Schema = properties[name]
            return found
    return None


def _items(schema: Schema | None, root: Schema) -> Schema | None:
    if schema is None:
        return None
    resolved = follow(schema, root)
    for each in (resolved, *(c for w in ("anyOf", "oneOf", "allOf") for c in resolved.get(w) or ())):
        items = follow(each, root).get("items") if isinstance(each, Mapping) else None
        if isinstance(items, Mapping):
            return items
    return None
