"""The commands of sync.so: `mirelo-ergo sync-so …`."""

from __future__ import annotations

import itertools
import json
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import commands, options
from .costs import cost_of
from .failures import refused
from .generate import described
from .generations import Generation
from .groups import Commands
from .inputs import CLIPS, SOUNDS, source_from
from .printing import one_line
from .progress import shown
from .resume import Resumption, program, shell_word
from .services import SYNC_SO
from .session import Task

if TYPE_CHECKING:
    from mirelo_ergo import LipsyncRequest, SyncSoClient

    from .generate import Command
    from .inputs import Source, Stdin
    from .progress import ProgressView
    from .saving import Saving
    from .services import Connection
    from .session import Session

_ASSET = "asset:"
_PAGE = 100
_STATUSES = ("PENDING", "PROCESSING", "COMPLETED", "FAILED", "REJECTED")
_KINDS = ("AUDIO", "VIDEO", "IMAGE")


@click.group(cls=Commands, short_help="Lips that say what a sound says, with sync.so.")
def sync_so() -> None:
    """Lips that say what a sound says, with sync.so (key: SYNC_API_KEY)."""


_visual = click.argument("video", metavar="VIDEO", shell_complete=options.complete_file)
_voice = click.argument("audio", metavar="AUDIO", shell_complete=options.complete_file)
_model = click.option(
    "--model", metavar="MODEL", type=options.name_of_model, default="lipsync-2", help="Which one. Default: lipsync-2."
)
_sync_mode = click.option(
    "--sync-mode",
    metavar="MODE",
    type=click.Choice(["bounce", "loop", "cut_off", "silence", "remap"], case_sensitive=False),
    help="Where both differ in length: bounce, loop, cut_off, silence or remap.",
)
_project = click.option("--project", metavar="ID", help="The project that it belongs to.")
_number = click.option(
    "-n", "--number", metavar="N", type=options.count(1), default=20, help="How many at most. Default: 20."
)
_batch = click.argument("batch", metavar="BATCH")
_generation = click.argument("generation", metavar="GENERATION")


@sync_so.command()
@_visual
@_voice
@_model
@_sync_mode
@_project
@commands.generating(SYNC_SO, options.max_cost)
def lipsync(command: Command, video: str, audio: str, model: str, sync_mode: Any, project: str | None) -> None:
    """Make the lips of a video say what a sound says, and save it.

    VIDEO and AUDIO are files, URLs that the service fetches, - for stdin, or asset:ID. Files are uploaded before the
    cost is asked. Writes the file's path to stdout.
    """
    pair = _pair(video, audio, command.session.stdin)

    def build(client: SyncSoClient, view: ProgressView) -> LipsyncRequest:
        return client.lipsync(
            *pair.uploaded(client, view),
            model=model,
            sync_mode=sync_mode,
            project_id=project,
            max_cost_usd=command.limit,
        )

    command.generate([Generation(build, pair.label, pair.stem, 1, "video", reads=pair.reads)])


@sync_so.command()
@_visual
@_voice
@_model
@_sync_mode
@commands.asking(SYNC_SO)
def estimate(
    session: Session, connection: Connection, timeout: int | None, video: str, audio: str, model: str, sync_mode: Any
) -> None:
    """Show what a lip-sync would cost, in US dollars. Files are uploaded for that; nothing is paid."""
    pair = _pair(video, audio, session.stdin)
    with connection.client(session.output, timeout) as client, shown(session.output) as view:
        found = client.lipsync(*pair.uploaded(client, view), model=model, sync_mode=sync_mode).preflight()
    cost = cost_of(found)
    words = "the service does not tell it" if cost is None else cost.words
    session.output.result([words], found.to_dict())


@sync_so.command()
@commands.asking(SYNC_SO)
def models(session: Session, connection: Connection, timeout: int | None) -> None:
    """List the models that the key may use."""
    with connection.client(session.output, timeout) as client:
        found = client.models.list()
    lines = (_line(each.id, each.type, "deprecated" if each.deprecated_at else each.description) for each in found)
    session.output.result(lines, {"models": [each.to_dict() for each in found]})


# Assets


@sync_so.group(cls=Commands)
def assets() -> None:
    """List, upload and delete assets: files that are stored once and used often."""


@assets.command("list")
@_number
@click.option("--search", metavar="WORDS", help="Only those with these words in their names.")
@click.option("--type", "types", type=click.Choice(_KINDS, case_sensitive=False), multiple=True, help="Only these.")
@_project
@commands.asking(SYNC_SO)
def list_assets(
    session: Session,
    connection: Connection,
    timeout: int | None,
    number: int,
    search: str | None,
    types: tuple[str, ...],
    project: str | None,
) -> None:
    """List the assets, the newest first: id, type, size in bytes, name."""
    with connection.client(session.output, timeout) as client:
        page = client.assets.list(
            limit=min(number, _PAGE),
            search_query=search,
            types=types or None,
            project_id=project,
            sort_by="dateDesc",
        )
        found = list(itertools.islice(page, number))
    lines = (_line(each.id, each.type, each.size, each.name) for each in found)
    session.output.result(lines, {"assets": [each.to_dict() for each in found], "total": page.total_count})


@assets.command("upload")
@click.argument("file", metavar="FILE", shell_complete=options.complete_file)
@click.option("--type", "kind", type=click.Choice(_KINDS, case_sensitive=False), help="Told from the file otherwise.")
@click.option("--name", metavar="NAME", help="What it is called; the file's name otherwise.")
@_project
@commands.asking(SYNC_SO)
def upload_asset(
    session: Session,
    connection: Connection,
    timeout: int | None,
    file: str,
    kind: Any,
    name: str | None,
    project: str | None,
) -> None:
    """Upload a file as an asset and write its id. FILE is a file, or - for stdin."""
    source = source_from(file, "file", session.stdin)
    if source.is_url:
        raise refused("upload takes a file: lipsync takes URLs as they are")
    with connection.client(session.output, timeout) as client, shown(session.output) as view:
        made = client.assets.upload(_content(source), name=name, type=kind, project_id=project, on_progress=view.upload)
    session.output.result([made.id], made.to_dict())


@assets.command("delete")
@click.argument("asset", metavar="ASSET...", nargs=-1, required=True)
@commands.asking(SYNC_SO)
def delete_asset(session: Session, connection: Connection, timeout: int | None, asset: tuple[str, ...]) -> None:
    """Delete assets by their ids."""
    with connection.client(session.output, timeout) as client:
        for each in asset:
            client.assets.delete(each.removeprefix(_ASSET))
            session.output.note(f"deleted {each}")
    session.output.result([], {"deleted": list(asset)})


# Generations


@sync_so.group(cls=Commands)
def generations() -> None:
    """List generations, look at one, save its result."""


@generations.command("list")
@_number
@click.option("--status", metavar="STATUS", multiple=True, help="Only these, such as COMPLETED; may be repeated.")
@_project
@commands.asking(SYNC_SO)
def list_generations(
    session: Session,
    connection: Connection,
    timeout: int | None,
    number: int,
    status: tuple[str, ...],
    project: str | None,
) -> None:
    """List the generations, the newest first: id, status, model, when it was created."""
    statuses = [each.upper() for each in status]
    for each in sorted({*statuses} - {*_STATUSES}):  # the service may have new ones
        known = ", ".join(_STATUSES)
        session.output.note(f"--status {one_line(each)[:40]}: this version knows no such status, only {known}")
    with connection.client(session.output, timeout) as client:
        page = client.generations.list(limit=min(number, _PAGE), status=statuses or None, project_id=project)
        found = list(itertools.islice(page, number))
    lines = (_line(each.id, each.status, each.model, each.created_at) for each in found)
    session.output.result(lines, {"generations": [each.to_dict() for each in found]})


@generations.command("get")
@_generation
@commands.asking(SYNC_SO)
def get_generation(session: Session, connection: Connection, timeout: int | None, generation: str) -> None:
    """Look at a generation once."""
    with connection.client(session.output, timeout) as client:
        found = client.generations.get(generation, include="progress")
    rows = {"id": found.id, "status": found.status, "model": found.model, "created": found.created_at}
    rows |= {"progress": found.progress_percent, "seconds": found.output_duration}
    rows |= {"error": found.error, "code": found.error_code}
    session.output.result([_row(*row) for row in rows.items() if row[1] is not None], found.to_dict())


@generations.command("download")
@_generation
@commands.fetching(SYNC_SO)
def download_generation(
    session: Session, connection: Connection, timeout: int | None, saving: Saving, generation: str
) -> None:
    """Save a generation's result, waiting for it if it still runs; writes the file's path."""
    saving.check(session.output)
    with connection.client(session.output) as client:
        resumption = Resumption("download", (*saving.options(None), *connection.options), connection.emulator)
        task = Task(generation, resumption, submitted=False, jobs=[client.job(generation)])
        session.tasks.append(task)
        with shown(session.output) as view:
            task.result = task.jobs[0].wait(timeout_ms=timeout, on_progress=view.job)
            view.job_done()
            saving.save(task.result, task.files, session.output, view)
    if not saving.to_stdout:
        named = {"job_token": task.jobs[0].token, "job_id": task.jobs[0].job_id}
        session.output.result([str(path) for path in task.files], {**named, **described(task)})


# Batches


@sync_so.group(cls=Commands)
def batch() -> None:
    """Make many generations from one file of lines, and read what became of them."""


@batch.command("create")
@click.argument("file", metavar="FILE", shell_complete=options.complete_file)
@click.option("--webhook", metavar="URL", help="An https address that is called at the end.")
@click.option("--dry-run", is_flag=True, help="Let the service check the file; create nothing.")
@commands.asking(SYNC_SO)
def create_batch(
    session: Session, connection: Connection, timeout: int | None, file: str, webhook: str | None, dry_run: bool
) -> None:
    """Create a batch from a JSONL file of 20 to 500 requests, and write its id. It is paid.

    A batch has no key that would make it safe to send again: with exit code 8 look at the list of batches first.
    """
    source = source_from(file, "file", session.stdin)
    if source.is_url:
        raise refused("batch create takes a file of JSON lines, or - for stdin")
    name = source.path.name if source.path is not None else "stdin.jsonl"
    session.way_to_batch = " ".join((program(), "sync-so batch status", *map(shell_word, connection.options)))
    with connection.client(session.output, timeout) as client:
        create = partial(client.batch.create, webhook_url=webhook, dry_run=dry_run or None)
        answers: list[Any] = [] if dry_run else session.batches
        # starmap() calls it without a line of Python around: no signal finds the batch made and not yet kept
        answers.extend(itertools.starmap(partial(create, input=(name, _content(source))), [()]))
        made = answers[0]
        if not dry_run:
            session.output.note(f"batch: {made.id}")
    lines = [str(made.status), "nothing was created"] if dry_run else [made.id]
    session.output.result(lines, {**({"dry_run": True} if dry_run else {}), **made.to_dict()})


@batch.command("status")
@_batch
@commands.asking(SYNC_SO)
def batch_status(session: Session, connection: Connection, timeout: int | None, batch: str) -> None:
    """Show how far a batch is."""
    with connection.client(session.output, timeout) as client:
        found = client.batch.get(batch)
    counts = found.metrics
    words = "" if counts is None else f", {counts.success_count} of {counts.total_generations} are done"
    failed = f", {counts.failed_count} failed" if counts is not None and counts.failed_count else ""
    session.output.result([f"{found.status}{words}{failed}"], found.to_dict())


@batch.command("results")
@_batch
@commands.asking(SYNC_SO)
def batch_results(session: Session, connection: Connection, timeout: int | None, batch: str) -> None:
    """Write the result lines of a batch that is done, one JSON object a line."""
    with connection.client(session.output, timeout) as client:
        found = list(client.batch.results(batch))
    session.output.result(map(json.dumps, found), {"results": found})


# What is given


class _Pair:
    """The given video and sound."""

    def __init__(self, video: Source | str, audio: Source | str) -> None:
        self._sources = (video, audio)

    @property
    def label(self) -> str:
        """The video's name for people."""
        video = self._sources[0]
        return video if isinstance(video, str) else video.label

    @property
    def stem(self) -> str:
        """The stem for the result's name."""
        video = self._sources[0]
        if isinstance(video, str):
            return video.removeprefix(_ASSET)
        return video.path.stem if video.path is not None else Path(video.label).stem

    @property
    def reads(self) -> tuple[Path, ...]:
        """The files of both."""
        return tuple(each.path for each in self._sources if not isinstance(each, str) and each.path is not None)

    def uploaded(self, client: SyncSoClient, view: ProgressView) -> tuple[Any, Any]:
        """Return both for the library; files become assets."""
        from mirelo_ergo.sync_so import Audio, Video

        found: list[Any] = []
        for source, kind, cls in zip(self._sources, ("VIDEO", "AUDIO"), (Video, Audio), strict=True):
            if isinstance(source, str):
                found.append(cls(asset_id=source.removeprefix(_ASSET)))
            elif source.is_url:
                found.append(source.given)
            else:
                found.append(client.assets.upload(_content(source), type=_told(kind), on_progress=view.upload))
        return found[0], found[1]


def _told(kind: str) -> Any:
    """Return the type of an asset. A video may be a picture."""
    return kind if kind == "AUDIO" else None


def _pair(video: str, audio: str, stdin: Stdin) -> _Pair:
    if Path(video).suffix.lower() in SOUNDS and Path(audio).suffix.lower() in CLIPS:
        raise refused(f"{video} is a sound and {audio} a clip: VIDEO comes first, AUDIO second")
    return _Pair(_source(video, "video", stdin), _source(audio, "sound", stdin))


def _source(given: str, kind: str, stdin: Stdin) -> Source | str:
    if given.startswith(_ASSET):
        if not re.fullmatch(r"[\w-]+", given.removeprefix(_ASSET)):
            raise refused(f"{given} names no asset: mirelo-ergo sync-so assets list has their ids")
        return given
    return source_from(given, kind, stdin)


def _content(source: Source) -> Any:
    return source.path if source.path is not None else source.open()


def _line(*values: object) -> str:
    return "  ".join("-" if value is None else str(value) for value in values)


def _row(name: str, value: object) -> str:
    return f"{name:<8}  {value}"
