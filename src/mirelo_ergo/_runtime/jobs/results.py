"""The base class of both clients' results: views of the files, and how they are displayed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NoReturn

from ..io.protocol import run
from ..plain import plain
from ..redact import safe_url
from ..transfer.inputs import Audio
from .facts import RequestFacts
from .files import ResultFile, ResultOutput, described, outputs_of
from .flows import JobFlows
from .handles import not_pickled
from .progress import in_notebook
from .tokens import JobRecord
from .values import JobErrored, JobSucceeded, main_urls

if TYPE_CHECKING:
    from .fetching import Fetcher

LARGEST_SHOWN: Final = 8 << 20
"""The largest file in bytes that is embedded into a notebook; a larger one is only named."""
_PLAYED: Final = ("audio", "speech", "video")
_LINKED: Final = ("midi", "musicxml", "pdf")
"""The kinds of files that a notebook gets a link for, which saves them."""


class ResultFacts:
    """The results of one job, without the methods that fetch them."""

    def __init__(
        self,
        core: JobFlows,
        done: JobSucceeded | JobErrored,
        record: JobRecord | None,
        facts: RequestFacts | None,
    ) -> None:
        self._core = core
        self._done = done
        self._record = record
        self._facts = facts
        self._players: list[str | None] | None = None
        """A data URL for each file that a notebook plays, once they are fetched."""

    @cached_property
    def _fetcher(self) -> Fetcher:
        from .fetching import Fetcher  # the first download imports what downloads need

        return Fetcher(self._core, self._done.files, self._record, self._facts)

    @property
    def files(self) -> tuple[ResultFile, ...]:
        """All files, in the service's order."""
        return self._done.files

    @property
    def outputs(self) -> tuple[ResultOutput, ...]:
        """The same files grouped by output and variant: `result.outputs[0].variants[1].files["speech"]`."""
        return outputs_of(self.files)

    @property
    def result_urls(self) -> list[str]:
        """The URLs of the results that were asked for, in order. They may be signed and short-lived.

        A printed list of them shortens what is signed, because it is a secret: `print(*result.result_urls)` shows all.
        """
        return main_urls(self.files)

    @property
    def audio(self) -> list[Audio]:
        """The sounds as sources for the next call. They are passed by URL without an upload, until the URLs expire."""
        return [Audio.from_url(file.url) for file in self.files if file.main and file.kind == "audio"]

    @property
    def output(self) -> Any:
        """The service's own output as JSON, unchanged; None if there is nothing but the files."""
        return self._done.output

    @property
    def incomplete(self) -> bool:
        """Whether there are fewer results than requested; such results are only found in an error's `result`."""
        return not isinstance(self._done, JobSucceeded) or self._done.incomplete

    def to_dict(self) -> dict[str, Any]:
        """Return the results as plain JSON values. Its keys stay; later versions may add some.

        The keys are `job_id` and `job_token` (None without a job), `status`, `incomplete`, `result_urls` (complete),
        `files` (each as `ResultFile.to_dict` returns it), and `output`, the service's own.
        """
        record = self._record
        return {
            "job_id": None if record is None else record.job_id,
            "job_token": None if record is None else record.token,
            "status": self._done.status,
            "incomplete": self.incomplete,
            "result_urls": [str(url) for url in self.result_urls],
            "files": plain(self.files),
            "output": plain(self.output),
        }

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled, and say how another process gets the results."""
        if self._record is None:
            raise TypeError("a result is not pickled, because its client holds the key: pass on its to_dict()")
        raise TypeError(not_pickled("result", self._record.token))

    def __repr__(self) -> str:
        what = "" if self._facts is None and self._record is None else f" of {self._label}"
        missing = ", incomplete" if self.incomplete else ""
        return f"<{type(self).__name__}{what}: {described(self.files)}{self._also}{missing}>"

    @property
    def _also(self) -> str:
        """What else is to be said of the results, in a few words that begin with a comma."""
        return ""

    @property
    def _label(self) -> str:
        if self._facts is not None:
            return str(self._facts)
        assert self._record is not None, "a result without facts is of a job"
        return f"{self._record.family} {self._record.model}"

    def _repr_html_(self) -> str:
        """Return the results for a notebook: a player for each sound and clip, a link for notes, others by name.

        A sync client fetches them here. An async one cannot, as nothing is awaited here: `players()` does.
        """
        import html  # only a notebook needs it

        if self._players is None and self._core.runtime.io.blocks:
            run(self._fetch_players())
        players = self._players or [None] * len(self.files)
        way = "download() saves it" if self._players is not None else "await result.players() shows it"
        shown = "".join(_player(file, source, way) for file, source in zip(self.files, players, strict=True))
        return f"<div>{html.escape(repr(self))}{shown}</div>"

    async def _fetch_players(self) -> None:
        """Fetch what a notebook plays or links."""
        self._players = [await self._player_of(file) for file in self.files]

    async def _fetch_ahead(self) -> None:
        """Fetch what a notebook plays or links, where this is one."""
        if in_notebook():
            await self._fetch_players()

    async def _player_of(self, file: ResultFile) -> str | None:
        """Return a small file as a data URL, None for any other and for one that cannot be fetched."""
        from base64 import b64encode

        from ..transfer.content_types import HEAD, content_type_of, known_type

        played = file.kind in _PLAYED
        data = await self._fetcher.preview(file, LARGEST_SHOWN) if played or file.kind in _LINKED else None
        if data is None:
            return None
        kind = content_type_of(data[:HEAD], f".{file.format}") if played else known_type(data[:HEAD])
        return None if kind is None else f"data:{kind};base64,{b64encode(data).decode()}"


def _player(file: ResultFile, source: str | None, way: str) -> str:
    import html

    name = f"{file.index + 1}: {file.kind}" + ("" if file.format is None else f", {file.format}")
    if source is None:
        way = way if file.kind in (*_PLAYED, *_LINKED) else "download() saves it"
        return f"<p>{html.escape(name)}: {way} ({html.escape(safe_url(file.url))})</p>"
    if file.kind in _LINKED:
        called = html.escape(f"{file.kind}-{file.index + 1}.{file.format}")
        return f'<p>{html.escape(name)}: <a download="{called}" href="{html.escape(source)}">save {called}</a></p>'
    tag = "video" if file.kind == "video" else "audio"
    return f'<p>{html.escape(name)}<br><{tag} controls preload="metadata" src="{html.escape(source)}"></{tag}></p>'
