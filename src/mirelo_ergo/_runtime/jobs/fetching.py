"""Fetching a job's files, with no partial file left behind, and from a fresh URL if the first one has expired."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from ..._signals import Tolerating
from ...errors import InvalidRequestError, MireloError
from ..transfer.download import LARGEST_FILE, LARGEST_IN_MEMORY, fetch
from ..transfer.filenames import NameFields, NameTemplate, Place
from ..transfer.saving import save_all
from ..transfer.sinks import FileSink, MemorySink
from .values import JobProcessing
from .waiter import YOUNG

if TYPE_CHECKING:
    from collections.abc import Callable

    from .facts import RequestFacts
    from .files import ResultFile
    from .flows import JobFlows
    from .tokens import JobRecord

    OnProgress = Callable[[int, int | None], None]

_DEFAULT: Final = NameTemplate("{job}-{n}")


@attrs.frozen
class Fetcher:
    """Fetches the files of one result, and names them after their job."""

    flows: JobFlows
    files: tuple[ResultFile, ...]
    record: JobRecord | None
    facts: RequestFacts | None

    async def download(
        self, folder: Path, name: str | None, overwrite: bool, on_progress: OnProgress | None
    ) -> list[Path]:
        """Save every file in a folder. `name` is a template; None: the job's id and a number."""
        template = _DEFAULT if name is None else NameTemplate.read(name)
        places = [
            Place(file.index + 1, "" if file.main else file.kind, file.output, file.variant) for file in self.files
        ]
        unique = template.names_the_job
        sinks = [
            FileSink(folder, stem, overwrite=overwrite, numbered=not unique)
            for stem in template.stems(self._fields(), places)
        ]

        async def fetch_one(index: int) -> None:
            await self._fetch(self.files[index], sinks[index], LARGEST_FILE, on_progress)

        return await save_all(self.flows.runtime.io, sinks, fetch_one, own_names=unique)

    async def save(self, path: Path, overwrite: bool, on_progress: OnProgress | None) -> Path:
        """Save the only result under a name; raises `InvalidRequestError` if there is not exactly one."""
        results = [file for file in self.files if file.main]
        if len(results) != 1:
            raise InvalidRequestError(
                f"save: there are {len(results)} results, not one: "
                f'download({str(path.parent)!r}, name="{path.stem}-{{n}}") numbers them',
                field="path",
            )
        sink = FileSink(path.parent, path.stem, overwrite=overwrite, suffix=path.suffix or None)
        await self._fetch(results[0], sink, LARGEST_FILE, on_progress)
        assert sink.target is not None, "a file that is saved has its place"
        return sink.target

    async def contents(self) -> list[bytes]:
        """Fetch every file into memory."""
        return [await self.content(file, LARGEST_IN_MEMORY) for file in self.files]

    async def content(self, file: ResultFile, cap: int) -> bytes:
        """Fetch one file into memory; raises `DownloadError` if it has more than `cap` bytes."""
        sink = MemorySink()
        await self._fetch(file, sink, cap, None)
        return sink.data

    async def preview(self, file: ResultFile, cap: int) -> bytes | None:
        """Fetch a file for a page, up to so many bytes; None if that cannot be. A closed client renews no URL."""
        runtime, sink = self.flows.runtime, MemorySink()
        try:
            if not runtime.closed:
                return await self.content(file, cap)
            io = runtime.io.own_io()
            if io is None:
                return None
            try:
                beside = attrs.evolve(runtime, io=io, closed=False)
                await fetch(beside, file.url, sink, cap=cap, fresh_url=_no_other)
            finally:
                await io.close()
        except MireloError:
            return None
        return sink.data

    def _fields(self) -> NameFields:
        """Return the fields that a name template can use."""
        prompt, stem = (None, None) if self.facts is None else (self.facts.prompt, self.facts.stem)
        record = self.record
        if record is None:
            digest = hashlib.sha256("".join(file.url for file in self.files[:1]).encode("utf-8", "replace")).hexdigest()
            family, _, model = ("", "", "") if self.facts is None else self.facts.label.partition(" ")
            return NameFields(f"result-{digest[:12]}", family, model, _day(self.flows.runtime.io.wall()), stem, prompt)
        return NameFields(record.job_id, record.family, record.model, _day(record.submitted_at), stem, prompt)

    async def _fetch(
        self, file: ResultFile, sink: FileSink | MemorySink, cap: int, on_progress: OnProgress | None
    ) -> None:
        runtime, url = self.flows.runtime, file.url
        if file.expires_at is not None and runtime.io.wall() >= file.expires_at.timestamp():
            with Tolerating(MireloError):  # it may be this clock that is wrong: the URL itself is asked then
                url = await self._fresh_url(file) or url
        await fetch(runtime, url, sink, cap=cap, fresh_url=lambda: self._fresh_url(file), on_progress=on_progress)

    async def _fresh_url(self, file: ResultFile) -> str | None:
        """Poll the job again for a fresh URL of a file: signed URLs expire before the job does."""
        if self.record is None:
            return None
        status = await self.flows.status(self.record, YOUNG)
        files = () if isinstance(status, JobProcessing) else status.files
        return next((fresh.url for fresh in files if fresh.place == file.place), None)


async def _no_other() -> None:
    """Return None: there is no other URL."""


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).date().isoformat()
