"""The video that sound is made for: a URL the service fetches, or bytes that are uploaded when first needed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from .._runtime.media import HEAD, content_type_of
from .._runtime.redact import safe_url, shorten
from .._runtime.sources import BytesSource, FileSource, PathSource, Uploadable, look_at, measure
from .._runtime.urls import LONGEST_URL
from ..errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Callable

    OnProgress = Callable[[int, int], None]


class AssetCache:
    """Asset ids by what they are of: account, address and the exact bytes. Shared by threads."""

    LARGEST = 1000

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, float]] = {}

    def get(self, key: str, now: float) -> str | None:
        """Give the asset id kept under a key, if it still lives."""
        asset_id, until = self._kept.get(key, (None, 0.0))
        return asset_id if now < until else None

    def keep(self, key: str, asset_id: str, until: float) -> None:
        """Keep an asset id until a moment of the monotonic clock; the oldest one makes room."""
        if len(self._kept) >= self.LARGEST:
            self._kept.pop(next(iter(self._kept)), None)
        self._kept[key] = (asset_id, until)

    def forget(self, key: str, asset_id: str) -> None:
        """Forget an asset id that the service does not know any more; one that took its place meanwhile stays."""
        if self._kept.get(key, ("", 0.0))[0] == asset_id:
            self._kept.pop(key, None)


class Video:
    """A source video. Make one with `from_path`, `from_url`, `from_bytes` or `from_file`; use it with any client.

    Bytes are uploaded at the first submit that needs them and the asset id is kept for 23 hours per account and
    address, so that one upload serves many generations; a file that changed is uploaded anew. Uploading costs nothing.
    `on_progress(sent, total)` is called with bytes, from the thread or task that submits.
    """

    def __init__(self) -> None:
        raise TypeError("make a Video with from_path, from_url, from_bytes or from_file")

    _url: str | None
    _path: Path | None
    _source: Uploadable | None
    _content_type: str | None
    _on_progress: OnProgress | None
    assets: AssetCache

    @classmethod
    def _make(
        cls,
        *,
        url: str | None = None,
        path: Path | None = None,
        source: Uploadable | None = None,
        content_type: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> Video:
        video = cls.__new__(cls)
        video._url, video._path, video._source = url, path, source
        video._content_type, video._on_progress, video.assets = content_type, on_progress, AssetCache()
        return video

    @classmethod
    def from_url(cls, url: str) -> Video:
        """Take a video by its http(s) URL, which the service fetches itself; nothing is uploaded.

        Raises `InvalidRequestError` if it is not such a URL.
        """
        problem = _url_problem(url)
        if problem is not None:
            shown = safe_url(url) if isinstance(url, str) and "://" in url else shorten(url)
            raise InvalidRequestError(f"video: {shown} is not a URL that can be fetched: {problem}", field="video")
        return cls._make(url=url)

    @classmethod
    def from_bytes(
        cls, data: bytes, content_type: str = "video/mp4", *, on_progress: OnProgress | None = None
    ) -> Video:
        """Take a video from memory. For large files prefer `from_path`, which streams in constant memory."""
        if not isinstance(data, bytes | bytearray | memoryview):
            raise InvalidRequestError(
                f"video: data is {type(data).__name__}, not bytes; for a file use from_path", field="video"
            )
        if not len(data):
            raise InvalidRequestError("video: data is empty; nothing was sent", field="video")
        checked = _checked(content_type) or _guess(bytes(data[:HEAD]), "", "data")
        return cls._make(source=BytesSource(bytes(data)), content_type=checked, on_progress=on_progress)

    @classmethod
    def from_path(
        cls,
        path: str | os.PathLike[str],
        *,
        content_type: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> Video:
        """Take a video file, streamed in constant memory when it is needed.

        The content type is told from the file's own signature, else from its extension, unless `content_type` says it.
        Raises `InvalidRequestError` at once for a missing, empty or unreadable file and for a folder.
        """
        try:
            place = Path(path)
        except TypeError:
            raise InvalidRequestError(f"video: {shorten(repr(path))} is not a path", field="video") from None
        _, head = look_at(place, "video")
        if content_type is None:
            _guess(head, place.suffix, str(place))
        return cls._make(path=place, content_type=_checked(content_type), on_progress=on_progress)

    @classmethod
    def from_file(
        cls,
        file: BinaryIO,
        *,
        content_type: str | None = None,
        size: int | None = None,
        on_progress: OnProgress | None = None,
    ) -> Video:
        """Take a binary file object from where it stands; it is read when it is needed and is not closed.

        One that cannot be rewound needs its `size` in bytes and its `content_type`, and an upload of it that fails
        midway is not tried again.
        """
        source, head = measure(file, size, "video")
        if content_type is None:
            name = getattr(file, "name", "")
            content_type = _guess(head, Path(name).suffix if isinstance(name, str) else "", "the file object")
        return cls._make(source=source, content_type=_checked(content_type), on_progress=on_progress)

    @property
    def url(self) -> str | None:
        """Give the URL of a video that the service fetches, None for one that is uploaded."""
        return self._url

    @property
    def on_progress(self) -> OnProgress | None:
        """Give the callback that hears of the upload."""
        return self._on_progress

    def current(self) -> tuple[Uploadable, str]:
        """Look at the source as it is now and give it with its content type. Reads the file system."""
        if self._path is not None:
            stamp, head = look_at(self._path, "video")
            return PathSource(self._path, stamp), self._content_type or _guess(head, self._path.suffix, str(self._path))
        assert self._source is not None, "a URL is not uploaded"
        assert self._content_type is not None, "only a path's type is told later"
        source = self._source.snapshot() if isinstance(self._source, FileSource) else self._source
        return source, self._content_type

    def __repr__(self) -> str:
        if self._url is not None:
            return f"Video.from_url({safe_url(self._url)!r})"
        if self._path is not None:
            return f"Video.from_path({str(self._path)!r})"
        assert self._source is not None, "a Video has a URL, a path or a source"
        return f"<Video of {self._source.size} bytes, {self._content_type}>"


def video_from(value: Video | str | os.PathLike[str], assets: AssetCache) -> Video:
    """Take a Video, a URL (a string that begins with http:// or https://) or a path, which uses the client's assets."""
    if isinstance(value, Video):
        return value
    if isinstance(value, str) and value.lower().startswith(("http://", "https://")):
        return Video.from_url(value)
    if isinstance(value, str | os.PathLike):
        video = Video.from_path(value)
        video.assets = assets
        return video
    raise InvalidRequestError(
        f"video is {type(value).__name__}: give a path, a URL, or a Video (from_bytes, from_file)", field="video"
    )


def _url_problem(url: object) -> str | None:
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
            f"content_type={shorten(repr(content_type), 60)} is not a media type such as 'video/mp4'",
            field="content_type",
        )
    return content_type


def _guess(head: bytes, suffix: str, name: str) -> str:
    found = content_type_of(head, suffix)
    if found is None:
        raise InvalidRequestError(
            f"video: neither the first bytes nor the name of {shorten(name, 200)} tell what it is: "
            "pass content_type=, for example 'video/mp4'",
            field="video",
        )
    return found
