"""The commands of inference.sh: `mirelo-ergo inference-sh …`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import click

from mirelo_ergo.errors import InvalidRequestError

from . import commands, options
from .failures import refused
from .generations import Generation
from .groups import Commands
from .inputs import Source, source_from
from .progress import shown
from .prompts import prompt_from, words_from
from .services import INFERENCE_SH

if TYPE_CHECKING:
    from mirelo_ergo import InferenceClient, JobRequest
    from mirelo_ergo.inference_sh import File

    from .generate import Command
    from .inputs import Stdin
    from .progress import ProgressView
    from .saving import Saving
    from .services import Connection
    from .session import Session

_FLAC = (".flac",)
_MMAUDIO = "infsh/mmaudio"


@click.group(cls=Commands, short_help="Apps of inference.sh, such as mmaudio.")
def inference_sh() -> None:
    """Run apps of inference.sh and watch them live (key: INFERENCE_API_KEY); --dry-run estimates the cost."""


@inference_sh.command()
@click.argument("app", metavar="APP")
@click.option(
    "--input",
    "given",
    metavar="NAME=VALUE",
    multiple=True,
    help="A field of the app's input: NAME=TEXT, NAME=@FILE (@- is stdin), or NAME:=JSON; may be given several times.",
)
@click.option("--function", metavar="NAME", help="The app's function, where it has several.")
@click.option(
    "--upload",
    metavar="auto|strict|off",
    type=click.Choice(["auto", "strict", "off"], case_sensitive=False),
    default="auto",
    help="auto also uploads what names a file in a field that the app types as one. Default: auto.",
)
@commands.generating(INFERENCE_SH)
def run(command: Command, app: str, given: tuple[str, ...], function: str | None, upload: Any) -> None:
    """Run an app and save the files of its output.

    APP is namespace/name, such as infsh/mmaudio. Writes the files' paths to stdout; --json has the app's own output.
    """
    fields = _fields(given, command.session.stdin)

    def build(client: InferenceClient, view: ProgressView) -> JobRequest:
        made = {name: _file(value, view) if isinstance(value, Source) else value for name, value in fields.items()}
        request = client.app(app, function=function, upload=upload)
        try:
            return request(**made)
        except InvalidRequestError as error:
            raise refused(_told(error, given), "invalid_request", field=error.field) from None

    endings = _FLAC if app == _MMAUDIO and not fields.get("video_input") else ()
    command.generate([Generation(build, app, app.replace("/", "-"), 1, "files", endings)])


def _told(error: InvalidRequestError, given: tuple[str, ...]) -> str:
    """Return why an input is refused, with the option as it was written."""
    message = error.message.removesuffix("; nothing was sent").replace(" is str, not ", " is a text, not ")
    written = next((each for each in given if each.partition("=")[0] == error.field), None)
    if written is None:
        return message
    name, _, value = written.partition("=")
    plain = re.fullmatch(r"-?\d+(\.\d+)?|true|false", value)
    way = f": write {name}:={value}" if plain else f": such a one is written behind {name}:="
    return f"--input {written[:80]} is a text, {message.rpartition(' is a text, ')[2]}{way}"


@inference_sh.command()
@options.prompt
@click.option("--video", metavar="CLIP_OR_URL", help="A clip that the sound fits: then the clip with it is saved too.")
@options.duration
@click.option("--negative-prompt", metavar="PROMPT", help="What is not to be heard.")
@click.option("--seed", metavar="N", type=options.count(0), help="The same one gives the same sound.")
@commands.generating(INFERENCE_SH)
def mmaudio(
    command: Command,
    prompt: tuple[str, ...],
    video: str | None,
    duration: int | None,
    negative_prompt: str | None,
    seed: int | None,
) -> None:
    """Make sound from words, or for a silent clip, with infsh/mmaudio, and save it.

    PROMPT says what is to be heard, in quotation marks; - reads it from stdin. Writes the files' paths to stdout.
    """
    words = prompt_from(prompt, command.session.stdin)
    if duration == 0:
        raise refused("--duration 0 s is not above 0")
    source = None if video is None else source_from(video, "clip", command.session.stdin)
    more: dict[str, Any] = {
        "duration": None if duration is None else duration / 1000,
        "negative_prompt": words_from(negative_prompt, command.session.stdin, "--negative-prompt"),
        "seed": seed,
    }
    told = {name: value for name, value in more.items() if value is not None}

    def build(client: InferenceClient, view: ProgressView) -> JobRequest:
        return client.mmaudio(words, video=None if source is None else _file(source, view), **told)

    command.generate([Generation(build, words, words, 1 if source is None else 2, endings=_FLAC)])


@inference_sh.group(cls=Commands)
def task() -> None:
    """Look at a task, wait for it, cancel it, save its results.

    JOB is a task's id, its token, or its id in the job journal; --last takes the journal's last one.
    """


@task.command()
@commands.about_a_job(waits=False, saves=False)
def status(session: Session, job: str | None, last: bool, timeout: int | None, **address: Any) -> None:
    """Look once. Ends with 0 whatever the status is."""
    from .job import choose, look

    look(session, choose(job, last, address, INFERENCE_SH), timeout)


@task.command()
@commands.about_a_job(waits=True, saves=False)
def wait(session: Session, job: str | None, last: bool, timeout: int | None, **address: Any) -> None:
    """Wait until the task has ended; saves nothing."""
    from .job import choose, wait_for

    wait_for(session, choose(job, last, address, INFERENCE_SH), timeout)


@task.command()
@commands.about_a_job(waits=False, saves=False)
def cancel(session: Session, job: str | None, last: bool, timeout: int | None, **address: Any) -> None:
    """Cancel the task, and tell its status then; one that has ended keeps its end."""
    from .job import cancel, choose

    cancel(session, choose(job, last, address, INFERENCE_SH), timeout)


@task.command()
@commands.about_a_job(waits=True, saves=True)
def download(
    session: Session, job: str | None, last: bool, timeout: int | None, saving: Saving, **address: Any
) -> None:
    """Save the results, waiting for the task if it still runs; writes the files' paths."""
    from .job import choose, fetch

    saving.check(session.output)
    fetch(session, choose(job, last, address, INFERENCE_SH), timeout, saving)


@inference_sh.group(cls=Commands)
def files() -> None:
    """Upload files for inputs, list and delete them."""


@files.command()
@click.argument("paths", nargs=-1, metavar="FILE...", required=True)
@commands.asking(INFERENCE_SH)
def upload(session: Session, connection: Connection, timeout: int | None, paths: tuple[str, ...]) -> None:
    """Upload files; writes the uri of each, which an input names it by."""
    sources = [source_from(each, "file", session.stdin) for each in paths]
    if urls := [each.given for each in sources if each.is_url]:
        raise refused(f"{urls[0]} is a URL: an input takes it as it is")
    stored = []
    with connection.client(session.output, timeout) as client, shown(session.output) as view:
        for source in sources:
            view.begin(source.label if len(sources) > 1 else "")
            stored.append(client.files.upload(source.local, on_progress=view.upload))
    session.output.result([each.uri for each in stored], {"files": [each.to_dict() for each in stored]})


@files.command("list")
@click.option("-n", "--number", metavar="N", type=options.count(1), default=20, help="How many at most. Default: 20.")
@commands.asking(INFERENCE_SH)
def list_files(session: Session, connection: Connection, timeout: int | None, number: int) -> None:
    """List the uploaded files, the newest first."""
    with connection.client(session.output, timeout) as client:
        found = [each for each, _ in zip(client.files.list(limit=number), range(number), strict=False)]
    lines = [f"{each.id}  {each.get('size', '')}  {each.get('filename') or ''}  {each.uri}" for each in found]
    session.output.result(lines, {"files": [each.to_dict() for each in found]})


@files.command()
@click.argument("ids", nargs=-1, metavar="ID...", required=True)
@commands.asking(INFERENCE_SH)
def delete(session: Session, connection: Connection, timeout: int | None, ids: tuple[str, ...]) -> None:
    """Delete uploaded files by their ids; writes each id when it is gone."""
    with connection.client(session.output, timeout) as client:
        for each in ids:
            client.files.delete(each)
    session.output.result(ids, {"deleted": list(ids)})


def _fields(given: tuple[str, ...], stdin: Stdin) -> dict[str, Any]:
    """Return the input in the options --input."""
    fields: dict[str, Any] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name.strip(":"):
            raise refused(f"--input {each[:80]!r} is not NAME=VALUE, NAME=@FILE or NAME:=JSON")
        if not value:
            raise refused(f"--input {each[:80]} gives nothing; an empty text is written {name.strip(':')}:='\"\"'")
        plain = name.strip().removesuffix(":")
        if plain in fields:
            raise refused(f"--input gives {plain} twice; several values are a JSON list: {plain}:=[...]")
        fields[plain] = _json(plain, value) if name.strip() != plain else _value(value, stdin)
    return fields


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise refused(f"--input {name}:= is not JSON ({error}); for a text write {name}=") from None


def _value(text: str, stdin: Stdin) -> Any:
    """Return a text, or for @FILE the file. A text that begins with @ is written with @@."""
    if text.startswith("@@") or not text.startswith("@"):
        return text.removeprefix("@") if text.startswith("@@") else text
    return source_from(text[1:], "file", stdin)


def _file(source: Source, view: ProgressView) -> File:
    """Return a file for the library. A URL is fetched by the service."""
    from mirelo_ergo.inference_sh import File

    return File(source.local or source.given, on_progress=view.upload)
