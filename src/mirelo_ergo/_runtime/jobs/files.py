"""The files that a job made: where each is, and what it is."""

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
    """One file of a job's results. Facts that the service does not give are None."""

    url: str = attrs.field(converter=SignedUrl)
    """Where it is fetched. Often pre-signed and short-lived; the job's status gives a fresh one."""
    kind: str = "audio"
    """`audio`, `video`, `speech`, `midi`, `musicxml`, `pdf`, or another word of the service."""
    format: str | None = None
    """The container, as in a file's extension: `wav`, `mp3`, `mp4`."""
    index: int = 0
    """Which of the job's results it belongs to, counted from 0."""
    main: bool = True
    """Whether it is the result that was asked for, not something beside it, such as a speech stem or a score."""
    output: str | None = attrs.field(default=None, kw_only=True)
    """The service's name or number of the output it is of."""
    variant: str | None = attrs.field(default=None, kw_only=True)
    """The service's name or number of the variant it is of."""
    name: str | None = attrs.field(default=None, kw_only=True)
    """The service's own name of the file."""
    expires_at: datetime | None = attrs.field(default=None, kw_only=True, eq=False)
    """When its URL ends, aware and in UTC."""

    @property
    def place(self) -> tuple[object, ...]:
        """What stays the same when the job is polled again for fresh URLs."""
        return self.index, self.kind, self.main, self.output, self.variant, self.name


@attrs.frozen
class ResultVariant(Plain):
    """One variant of an output: its files by their kind, such as `files["audio"]`."""

    name: str
    """The service's name or number of it; where it has none, the result's number."""
    files: Mapping[str, ResultFile]


@attrs.frozen
class ResultOutput(Plain):
    """One output of a job, with those of its variants that came."""

    name: str
    """The service's name or number of it, "0" where it has none."""
    variants: tuple[ResultVariant, ...]


def outputs_of(files: Iterable[ResultFile]) -> tuple[ResultOutput, ...]:
    """Return files by output and variant, in their order; of two files of a kind in one variant, the first."""
    found: dict[str, dict[str, dict[str, ResultFile]]] = {}
    for file in files:
        variants = found.setdefault(file.output or "0", {})
        variants.setdefault(file.variant or str(file.index), {}).setdefault(file.kind, file)
    return tuple(
        ResultOutput(name, tuple(ResultVariant(each, held) for each, held in variants.items()))
        for name, variants in found.items()
    )


def files_of(values: Iterable[ResultFile | str]) -> tuple[ResultFile, ...]:
    """Return the files; a URL counts as one of the kind that its path's extension tells, as audio where it tells none.

    URLs are numbered in their order.
    """
    return tuple(
        value if isinstance(value, ResultFile) else _file_at(value, index) for index, value in enumerate(values)
    )


def files_at(urls: object, kind: str | None = None) -> tuple[ResultFile, ...]:
    """Return the files at a response's list of URLs; anything but a list counts as an empty one.

    `kind` is theirs where the service says it, else each URL's extension tells it.
    """
    files = files_of(string_list(urls))
    return files if kind is None else tuple(attrs.evolve(file, kind=kind) for file in files)


def _file_at(url: str, index: int) -> ResultFile:
    try:
        extension = PurePosixPath(urlsplit(url).path).suffix.lstrip(".").lower()
    except ValueError:  # no URL; the download says so
        extension = ""
    known = extension in VIDEO | AUDIO
    return ResultFile(url, "video" if extension in VIDEO else "audio", extension if known else None, index)


def described(files: Sequence[ResultFile]) -> str:
    """Return for people what files there are, and where."""
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
