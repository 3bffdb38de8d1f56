"""Files for the service: in a form, or as an asset."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, TypeAlias

import attrs

from .._runtime.redact import short_repr, type_name
from .._runtime.transfer.content_types import HEAD, content_type_of
from .._runtime.transfer.sources import BytesSource, FileSource, Uploadable, open_path, open_source
from ..errors import InvalidRequestError

Content = bytes | str | os.PathLike[str] | BinaryIO
File: TypeAlias = (
    Content
    | tuple[str | None, Content]
    | tuple[str | None, Content, str | None]
    | tuple[str | None, Content, str | None, Mapping[str, str]]
)
"""A file for a form, as in the vendor's SDK: its content, or a tuple of name, content, type and headers."""
AssetKind = Literal["AUDIO", "VIDEO", "IMAGE"]
LARGEST_FILE: Final = 5 << 30
"""The largest file in a form or of an asset, in bytes."""
LARGEST_BATCH: Final = 5_000_000
"""The largest file of a batch, in bytes."""
_PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}


@attrs.frozen
class AssetFile:
    """A file to upload as an asset."""

    source: Uploadable
    name: str
    content_type: str
    kind: AssetKind


def open_asset(source: Any, name: str | None, kind: AssetKind | None, what: str = "source") -> AssetFile:
    """Return the file of a path, bytes or an open file; raises `InvalidRequestError`. Reads its first bytes."""
    opened, head, own_name = _open(source, what)
    content_type = _content_type(head, own_name)
    told = content_type.partition("/")[0].upper() if content_type is not None else None
    chosen = kind or told
    if content_type is None or chosen not in ("AUDIO", "VIDEO", "IMAGE"):
        raise InvalidRequestError(
            f"{what}: neither the first bytes nor the name of {short_repr(own_name)} tell what it is: save it as MP4, "
            "WAV, MP3, FLAC, PNG or JPEG; nothing was sent",
            field=what,
        )
    return AssetFile(opened, name or own_name, content_type, chosen)  # type: ignore[arg-type]  # one of the three


def sha256_of(file: AssetFile) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal. Reads all of it."""
    digest = hashlib.sha256()
    reader = file.source.open()
    try:
        while piece := reader.read(1 << 20):
            digest.update(piece)
    finally:
        reader.close()
    return digest.hexdigest()


def form_file(file: Any, what: str, *, media: bool, largest: int) -> tuple[str, Any, str | None, Mapping[str, str]]:
    """Return a file for a form: name, source or bytes, type and headers; raises `InvalidRequestError`."""
    name, content, content_type, headers = (
        (*file, None, None)[:4] if isinstance(file, tuple) else (None, file, None, None)
    )
    if isinstance(content, str) and media:
        raise InvalidRequestError(
            f"{what}={short_repr(content)} is text, not a file: give pathlib.Path(…), bytes or an open file; nothing "
            "was sent",
            field=what,
        )
    if isinstance(content, str):
        content = content.encode()
    source, head, own_name = _open(content, what)
    if isinstance(source, FileSource) and source.start is None:
        raise InvalidRequestError(
            f"{what}: the stream cannot be rewound, and a request may have to be sent again: give a path or bytes; "
            "nothing was sent",
            field=what,
        )
    if source.size > largest:
        raise InvalidRequestError(
            f"{what} has {source.size} bytes, more than the {largest} that the service takes; nothing was sent",
            field=what,
        )
    return name or own_name, source, content_type or _content_type(head, name or own_name), headers or {}


def _open(content: Any, what: str) -> tuple[Uploadable, bytes, str]:
    if isinstance(content, bytes | bytearray | memoryview):
        if not len(content):
            raise InvalidRequestError(f"{what} is empty; nothing was sent", field=what)
        return BytesSource(bytes(content)), bytes(content[:HEAD]), what
    if isinstance(content, str | os.PathLike):
        path = Path(content)
        source, head = open_path(path, what)
        return source, head, path.name
    if hasattr(content, "read"):
        opened, head = open_source(content, None, what)
        own = getattr(content, "name", None)
        return opened.snapshot(), head, Path(own).name if isinstance(own, str) else what
    raise InvalidRequestError(
        f"{what}={short_repr(content)} is {type_name(content)}: give a path, bytes or an open binary file; nothing "
        "was sent",
        field=what,
    )


def _content_type(head: bytes, name: str) -> str | None:
    picture = next((kind for signature, kind in _PICTURES.items() if head.startswith(signature)), None)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        picture = "image/webp"
    return picture or content_type_of(head, Path(name).suffix)
