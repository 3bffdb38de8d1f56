"""The files that a job made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urlsplit

import attrs

from ..api.answers import string_list
from ..plain import Plain
from ..redact import SignedUrl

VIDEO: Final = frozenset({"mp4", "mov", "webm", "mkv", "m4v"})
AUDIO: Final = frozenset({"wav", "mp3", "m4a", "aac", "flac", "ogg", "opus"})


@attrs.frozen
class ResultFile(Plain):
    """One file of a job's results. Attributes that the service does not give are None."""

    url: str = attrs.field(converter=SignedUrl)
    """The URL to fetch it from. Often pre-signed and short-lived; the job's status gives a fresh one."""
    kind: str = "audio"
    """`audio`, `video`, `speech`, `midi`, `musicxml`, `pdf`, or another word of the service."""
    format: str | None = None
    """The container, as in a file's extension: `wav`, `mp3`, `mp4`."""
    index: int = 0
    """The index of the job's result that it belongs to, from 0."""
    main: bool = True
    """Whether it is the requested result itself, not an additional file such as a speech stem or a score."""
    output: str | None = attrs.field(default=None, kw_only=True)
    """The service's name or number of its output."""
    variant: str | None = attrs.field(default=None, kw_only=True)
    """The service's name or number of its variant."""
    name: str | None = attrs.field(default=None, kw_only=True)
    """The service's name of the file."""
    expires_at: datetime | None = attrs.field(default=None, kw_only=True, eq=False)
    """When its URL expires, aware and in UTC."""

    @property
    def place(self) -> tuple[object, ...]:
        """The file's identity, which stays the same when the job is polled again for fresh URLs."""
        return self.index, self.kind, self.main, self.output, self.variant, self.name


@attrs.frozen
class ResultVariant(Plain):
    """One variant of an output: its files by their kind, such as `files["audio"]`."""

    name: str
    """The service's name or number of the variant; the result's number if it has none."""
    files: Mapping[str, ResultFile]


@attrs.frozen
class ResultOutput(Plain):
    """One output of a job, with the variants that exist."""

    name: str
    """The service's name or number of the output, "0" if it has none."""
    variants: tuple[ResultVariant, ...]


def outputs_of(files: Iterable[ResultFile]) -> tuple[ResultOutput, ...]:
    """Return files grouped by output and variant, in their order. Of two of a kind in a variant, the first counts."""
    found: dict[str, dict[str, dict[str, ResultFile]]] = {}
    for file in files:
        variants = found.setdefault(file.output or "0", {})
        variants.setdefault(file.variant or str(file.index), {}).setdefault(file.kind, file)
    return tuple(
        ResultOutput(name, tuple(ResultVariant(each, held) for each, held in variants.items()))
        for name, variants in found.items()
    )


def files_of(values: Iterable[ResultFile | str]) -> tuple[ResultFile, ...]:
    """Return the files. For a plain URL, the kind follows from the extension in its path; without one it is audio.

    URLs are numbered in their order.
    """
    return tuple(
        value if isinstance(value, ResultFile) else _file_at(value, index) for index, value in enumerate(values)
    )


def files_at(urls: object, kind: str | None = None) -> tuple[ResultFile, ...]:
    """Return the files of a response's list of URLs; anything but a list counts as an empty one.

    `kind` is their kind; None: it follows from the extension of each URL.
    """
    files = files_of(string_list(urls))
    return files if kind is None else tuple(attrs.evolve(file, kind=kind) for file in files)


def _file_at(url: str, index: int) -> ResultFile:
    try:
        extension = PurePosixPath(urlsplit(url).path).suffix.lstrip(".").lower()
    except ValueError:  # not a URL; the download reports it
        extension = ""
    known = extension in VIDEO | AUDIO
    return ResultFile(url, "video" if extension in VIDEO else "audio", extension if known else None, index)


def described(files: Sequence[ResultFile]) -> str:
    """Return a text that counts the files by kind and names their hosts."""
    if not files:
        return "no files"
    kinds = Counter((file.kind, file.format) for file in files)
    parts = [f"{count} {kind}{f' ({form})' if form else ''}" for (kind, form), count in kinds.items()]
    hosts = sorted({_host(file.url) for file in files})
    return f"{', '.join(parts)} at {', '.join(hosts)}"


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "?"
    except ValueError:
        return "?"
