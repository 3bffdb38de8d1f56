"""Video and audio sources: a URL that the service fetches, or bytes that are uploaded when first needed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Never, Self, TypeVar
from urllib.parse import unquote, urlsplit

from ...errors import InvalidRequestError
from ..lazy import LazyModule
from ..redact import public_name, safe_url, short_repr, shorten, type_name
from .assets import AssetCache
from .urls import LONGEST_URL

if TYPE_CHECKING:
    from . import content_types, probe, sources
else:  # with the first source
    content_types = LazyModule(f"{__package__}.content_types")
    probe = LazyModule(f"{__package__}.probe")
    sources = LazyModule(f"{__package__}.sources")

OnProgress = Callable[[int, int], None]


_BEHIND_HOST = re.compile(r"https?://[^/?#\s]+(?=[/?#])", re.IGNORECASE)


class MediaSource:
    """The base class of `Video` and `Audio`; use one of these.

    Bytes are uploaded at the first submit that needs them. The asset id is reused for the same account and address as
    long as the service keeps the asset, so that one upload serves many generations. A file that changed is uploaded
    again. Uploading costs nothing. `on_progress(sent, total)` is called with bytes, from the thread or task that
    submits.
    """

    kind: ClassVar[str]
    """The name of the request's field, for messages."""

    def __init__(self, *_given: Never, **_named: Never) -> None:
        name = type(self).__name__
        raise TypeError(f"make {name} with {name}.from_path, from_url, from_bytes or from_file")

    _url: str | None
    _path: Path | None
    _source: sources.Uploadable | None
    _content_type: str | None
    _on_progress: OnProgress | None
    assets: AssetCache

    @classmethod
    def _make(
        cls,
        *,
        url: str | None = None,
        path: Path | None = None,
        source: sources.Uploadable | None = None,
        content_type: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> Self:
        made = cls.__new__(cls)
        made._url, made._path, made._source = url, path, source
        made._content_type, made._on_progress, made.assets = content_type, on_progress, AssetCache()
        return made

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Make a source of an http(s) URL, which the service fetches itself; nothing is uploaded.

        Blanks in its path and query are escaped, because a result's URL may contain some. Raises `InvalidRequestError`
        if it is not such a URL.
        """
        if isinstance(url, str) and (found := _BEHIND_HOST.match(url)):
            url = url[: found.end()] + url[found.end() :].replace(" ", "%20")
        problem = url_problem(url)
        if problem is not None:
            shown = safe_url(url) if isinstance(url, str) and "://" in url else shorten(url)
            raise InvalidRequestError(
                f"{cls.kind}: {shown} is not a URL that can be fetched: {problem}", field=cls.kind
            )
        return cls._make(url=url)

    @classmethod
    def _from_bytes(cls, data: bytes, content_type: str | None, on_progress: OnProgress | None) -> Self:
        try:
            taken = data if type(data) is bytes else bytes(memoryview(data))  # mmaps and arrays are accepted too
        except TypeError:
            raise InvalidRequestError(
                f"{cls.kind}: data is {type(data).__name__}, not bytes; for a file use from_path", field=cls.kind
            ) from None
        if not taken:
            raise InvalidRequestError(f"{cls.kind}: data is empty; nothing was sent", field=cls.kind)
        checked = _checked(content_type) or cls._guess(taken[: content_types.HEAD], "", "data")
        return cls._make(source=sources.BytesSource(taken), content_type=checked, on_progress=on_progress)

    @classmethod
    def from_path(
        cls,
        path: str | os.PathLike[str],
        *,
        content_type: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> Self:
        """Make a source of a file, which is streamed in constant memory when it is needed.

        The content type follows from the file's signature, else from its extension, unless `content_type` is given.
        Raises `InvalidRequestError` at once if the file is missing, empty, unreadable or not a regular file (a folder,
        a pipe, a device). The file is read in the calling thread; an async client's own calls take a path and read it
        off the event loop.
        """
        try:
            place = Path(path)
        except TypeError:
            raise InvalidRequestError(f"{cls.kind}: {short_repr(path, 80)} is not a path", field=cls.kind) from None
        _, head = sources.open_path(place, cls.kind)
        if content_type is None:
            cls._guess(head, place.suffix, str(place))
        return cls._make(path=place, content_type=_checked(content_type), on_progress=on_progress)

    @classmethod
    def from_file(
        cls,
        file: BinaryIO,
        *,
        content_type: str | None = None,
        size: int | None = None,
        on_progress: OnProgress | None = None,
    ) -> Self:
        """Make a source of a binary file object, from its current position. It is read when needed, and not closed.

        An object that cannot be rewound needs `size` in bytes and `content_type`; if its upload fails midway, it is not
        tried again.
        """
        source, head = sources.open_source(file, size, cls.kind)
        if content_type is None:
            name = getattr(file, "name", "")
            content_type = cls._guess(head, Path(name).suffix if isinstance(name, str) else "", "the file object")
        return cls._make(source=source, content_type=_checked(content_type), on_progress=on_progress)

    @property
    def url(self) -> str | None:
        """The URL of a source that the service fetches, None for one that is uploaded."""
        return self._url

    @property
    def content(self) -> dict[str, object]:
        """A description: its `url`, its `file`, or its size in `bytes`."""
        if self._url is not None:
            return {"url": self._url}
        if self._path is not None:
            return {"file": str(self._path)}
        assert self._source is not None, "a source has a URL, a path or bytes"
        return {"bytes": self._source.size}

    @property
    def name(self) -> str:
        """Its name in messages: its path, or the kind of source."""
        return self.kind if self._path is None else str(self._path)

    @property
    def stem(self) -> str | None:
        """The file's name without its suffix, or the last part of the URL; None for bytes without a name."""
        if self._url is not None:
            return url_stem(self._url)
        return None if self._path is None else self._path.stem

    @property
    def on_progress(self) -> OnProgress | None:
        """The callback for the upload's progress."""
        return self._on_progress

    def current(self) -> tuple[sources.Uploadable, str]:
        """Return the source in its current state, and its content type. Reads the file system."""
        if self._path is not None:
            from_path, head = sources.open_path(self._path, self.kind)
            return from_path, self._content_type or self._guess(head, self._path.suffix, str(self._path))
        assert self._source is not None, "a URL is not uploaded"
        assert self._content_type is not None, "only a path's type is told later"
        source = self._source.snapshot() if isinstance(self._source, sources.FileSource) else self._source
        return source, self._content_type

    def headers(self) -> probe.MediaHeaders | None:
        """Return the codec and lengths in the headers of a file or of bytes. Sends nothing; reads the file system.

        None if they cannot be read: for a URL, for a stream that cannot be rewound, and without the package `av` (extra
        `media`). Raises `InvalidRequestError` if the source cannot be uploaded.
        """
        return None if self._url is not None else probe.headers_of(self.current()[0])

    @classmethod
    def _guess(cls, head: bytes, suffix: str, name: str) -> str:
        found = content_types.content_type_of(head, suffix)
        other = content_types.other_kind(head)
        if other is not None:
            command = probe.convert(name if suffix else cls.kind, cls.kind)
            raise InvalidRequestError(
                f"{cls.kind}: {shorten(name, 200)} is {other}, which is not taken; convert it first: {command}",
                field=cls.kind,
            )
        if found is None:
            raise InvalidRequestError(
                f"{cls.kind}: neither the first bytes nor the name of {shorten(name, 200)} tell what it is: "
                f"pass content_type=, for example '{cls.kind}/mp4'",
                field=cls.kind,
            )
        return found

    def __repr__(self) -> str:
        name = type(self).__name__
        if self._url is not None:
            return f"{name}.from_url({safe_url(self._url)!r})"
        if self._path is not None:
            return f"{name}.from_path({str(self._path)!r})"
        assert self._source is not None, "a source has a URL, a path or bytes"
        return f"<{name} of {self._source.size} bytes, {self._content_type}>"


class Video(MediaSource):
    """A source video. Make one with `from_path`, `from_url`, `from_bytes` or `from_file`; use it with any client.

    Bytes are uploaded at the first submit that needs them. The asset id is reused for the same account and address as
    long as the service keeps the asset, so that one upload serves many generations. A file that changed is uploaded
    again. Uploading costs nothing.

    `on_progress(sent, total)` is called with bytes, from the thread or task that submits.
    """

    kind = "video"

    @classmethod
    def from_bytes(cls, data: bytes, content_type: str = "video/mp4", *, on_progress: OnProgress | None = None) -> Self:
        """Make a source of a video in memory. For large files prefer `from_path`, which streams in constant memory."""
        return cls._from_bytes(data, content_type, on_progress)


class Audio(MediaSource):
    """A source sound, made and uploaded like a `Video`.

    A finished job's sounds are in `result.audio`: they are passed by URL, without an upload, until the URLs expire.
    """

    kind = "audio"

    @classmethod
    def from_bytes(cls, data: bytes, content_type: str | None = None, *, on_progress: OnProgress | None = None) -> Self:
        """Make a source of a sound in memory. Its content type follows from the bytes, unless `content_type` is given.

        For large files prefer `from_path`, which streams in constant memory.
        """
        return cls._from_bytes(data, content_type, on_progress)

    @classmethod
    def _guess(cls, head: bytes, suffix: str, name: str) -> str:
        found = super()._guess(head, suffix, name)
        return "audio/mp4" if found == "video/mp4" else found  # an .m4a without its own brand


_Media = TypeVar("_Media", Video, Audio)


def source_from(
    cls: type[_Media], value: _Media | str | os.PathLike[str], assets: AssetCache, *, look: bool = True
) -> _Media:
    """Return a source for a source, a URL (it begins with http:// or https://) or a path.

    Without `look` a file is only read when needed, because reading may block an event loop.
    """
    if isinstance(value, cls):
        return value
    if isinstance(value, str) and value.lower().startswith(("http://", "https://")):
        return cls.from_url(value)
    if isinstance(value, str | os.PathLike):
        made = cls.from_path(value) if look else cls._make(path=Path(value))
        made.assets = assets
        return made
    raise InvalidRequestError(
        f"{cls.kind} is {type_name(value)}: give a path, a URL, or {public_name(cls)}.from_bytes, from_file",
        field=cls.kind,
    )


def url_stem(url: str) -> str | None:
    """Return the file name at the end of a URL, without its suffix; None if there is none."""
    try:
        return PurePosixPath(unquote(urlsplit(url).path)).stem or None
    except ValueError:
        return None


def url_problem(url: object) -> str | None:
    """Return why a service cannot fetch a URL, None if no reason was found."""
    if not isinstance(url, str):
        return f"it is {type(url).__name__}"
    if len(url) > LONGEST_URL:
        return f"it has {len(url)} characters, more than {LONGEST_URL}"
    if any(character <= " " for character in url):
        return "it holds a space or control character, which must be escaped"
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        return str(error)
    return None if parts.scheme in ("http", "https") and host else "it must begin with http:// or https:// and a host"


def _checked(content_type: str | None) -> str | None:
    if content_type is None:
        return None
    parts = content_type.split("/") if isinstance(content_type, str) else []
    if len(parts) != 2 or not all(parts) or not content_type.isascii() or not content_type.isprintable():
        raise InvalidRequestError(
            f"content_type={short_repr(content_type)} is not a media type such as 'video/mp4'",
            field="content_type",
        )
    return content_type
