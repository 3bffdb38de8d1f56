"""Parsing multipart forms as a stream: texts in memory, files on the emulator's disk, each up to a limit."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

import attrs
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from mirelo_ergo.emulator.refusals import bad_request, short

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from contextlib import ExitStack
    from pathlib import Path

    from starlette.requests import Request

    from mirelo_ergo.emulator.disk import Disk

FORM = "multipart/form-data"
MAX_PARTS = 200
MAX_TEXT = 1 << 20  # bytes of a part that is no file
MAX_FILE = 1 << 30
WRITE_SIZE = 1 << 20


@attrs.frozen
class FormFile:
    """A part that is a file."""

    name: str
    filename: str
    content_type: str
    path: Path
    size: int
    sha256: str


@attrs.frozen
class Form:
    """A complete form: its texts and files by the names of their parts, in order."""

    texts: Mapping[str, list[str]]
    files: Mapping[str, list[FormFile]]

    def text(self, name: str, default: str = "") -> str:
        """Return the last text with a name."""
        return self.texts.get(name, [default])[-1]

    def file(self, name: str) -> FormFile | None:
        """Return the last file with a name."""
        return self.files.get(name, [None])[-1]


async def read_form(
    request: Request,
    disk: Disk,
    undo: ExitStack,
    *,
    max_file: int = MAX_FILE,
    before_file: Callable[[Mapping[str, list[str]]], int | None] | None = None,
) -> Form:
    """Read a form; `undo` removes its files. Refuses with 400 an invalid form, a text over 1 MiB, and over 200 parts.

    `before_file` is called with the texts so far when a file begins; it may refuse the file or lower its limit. A part
    is a file if it has a file name. Bytes over the limit are not written: `size` is then the limit plus one.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != FORM.encode() or not options.get(b"boundary"):
        shown = short(request.headers.get("content-type", ""))
        raise bad_request(f"the Content-Type of the body is {shown}: it has to be {FORM} with a boundary")
    texts: dict[str, list[str]] = {}
    files: dict[str, list[FormFile]] = {}
    async for part in _parts(request, options[b"boundary"]):
        if part.filename is None:
            texts.setdefault(part.name, []).append(await part.text())
            continue
        limit = max_file if before_file is None else min(max_file, before_file(texts) or max_file)
        path = disk.new_file("form", 0)
        undo.callback(path.unlink, missing_ok=True)
        size, digest = await part.save(path, limit, disk.growing(path))
        disk.whole(path)
        file = FormFile(part.name, part.filename, part.content_type, path, size, digest)
        files.setdefault(part.name, []).append(file)
    return Form(texts, files)


@attrs.define
class _Part:
    """A part that is being received. Its `pieces` must be read before the next part."""

    name: str
    filename: str | None
    content_type: str
    pieces: AsyncIterator[bytes]

    async def text(self) -> str:
        whole = bytearray()
        async for piece in self.pieces:
            whole += piece
            if len(whole) > MAX_TEXT:
                raise bad_request(f"the part {short(self.name)} is over {MAX_TEXT} bytes")
        try:
            return whole.decode()
        except UnicodeDecodeError:
            raise bad_request(f"the part {short(self.name)} is not text in UTF-8") from None

    async def save(self, path: Path, limit: int, grow: Callable[[int], None]) -> tuple[int, str]:
        digest, size, pending = hashlib.sha256(), 0, bytearray()
        with path.open("wb") as file:
            async for piece in self.pieces:
                kept = piece[: max(0, limit - size)]
                size = min(limit + 1, size + len(piece))
                digest.update(kept)
                pending += kept
                if len(pending) >= WRITE_SIZE:
                    grow(size)
                    await asyncio.to_thread(file.write, bytes(pending))
                    pending.clear()
            grow(size)
            file.write(pending)
        return size, digest.hexdigest()


@attrs.define
class _Events:
    """The parser's events: the headers of a part, its data, or None for its end."""

    found: list[dict[bytes, bytes] | bytes | None] = attrs.field(factory=list)
    ended: bool = False
    headers: dict[bytes, bytes] = attrs.field(factory=dict)
    field: bytes = b""
    value: bytes = b""

    def callbacks(self) -> dict[str, Callable[..., None]]:
        return {name: getattr(self, name) for name in dir(self) if name.startswith("on_")}

    def on_part_begin(self) -> None:
        self.headers = {}

    def on_header_begin(self) -> None:
        self.field = self.value = b""

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self.field += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self.value += data[start:end]

    def on_header_end(self) -> None:
        self.headers[self.field.lower()] = self.value

    def on_headers_finished(self) -> None:
        self.found.append(self.headers)

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self.found.append(data[start:end])

    def on_part_end(self) -> None:
        self.found.append(None)

    def on_end(self) -> None:
        self.ended = True


async def _parts(request: Request, boundary: bytes) -> AsyncIterator[_Part]:
    events = _Events()
    parser = MultipartParser(boundary, events.callbacks())  # type: ignore[arg-type]  # all of them are its callbacks
    source = _events(request, parser, events)

    async def pieces() -> AsyncIterator[bytes]:
        async for event in source:
            if event is None:
                return
            assert isinstance(event, bytes)
            yield event

    count = 0
    async for event in source:
        count += 1
        if count > MAX_PARTS:
            raise bad_request(f"the form has over {MAX_PARTS} parts")
        assert isinstance(event, dict)
        kind, options = parse_options_header(event.get(b"content-disposition"))
        name = options.get(b"name")
        if kind != b"form-data" or name is None:
            raise bad_request("a part of the form has no Content-Disposition: form-data with a name")
        filename = options.get(b"filename")
        yield _Part(
            name.decode("utf-8", "replace"),
            None if filename is None else filename.decode("utf-8", "replace"),
            event.get(b"content-type", b"").decode("latin-1"),
            pieces(),
        )


async def _events(
    request: Request, parser: MultipartParser, events: _Events
) -> AsyncIterator[dict[bytes, bytes] | bytes | None]:
    try:
        async for chunk in request.stream():
            parser.write(chunk)
            while events.found:
                yield events.found.pop(0)
    except FormParserError as error:
        raise bad_request(f"the body is not a form: {short(str(error))}") from None
    if not events.ended:
        raise bad_request("the form has no end: its last boundary is missing")
