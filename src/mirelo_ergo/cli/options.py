"""The common options of the commands."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any, Final

import click

from .output import Output
from .times import milliseconds, waiting_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem

    from .session import Session

    Function = Callable[..., None]

_SEPARATED = re.compile(r"\d{1,3}([,._' ]\d{3})+")
_MODEL = re.compile(r"(?:mirelo[-_ ]?)?(sfx[-_ ]?)?(v?)(\d+)[._-](\d+)", re.IGNORECASE)
_OLD_MODELS = ("1.5", "1.6")
"""Those whose names begin with v where nothing stands before the number; newer ones begin with sfx-."""


def time(text: str) -> int:
    """Return a time in ms; it needs its unit."""
    return _read(milliseconds, text)


def wait_time(text: str) -> int:
    """Return a time to wait in ms."""
    return _read(waiting_time, text)


def _read(read: Callable[[str], int], text: str) -> int:
    try:
        return read(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def count(least: int, most: int | None = None) -> Callable[[str], int]:
    """Return a function that reads a whole number from `least` to `most`."""

    def read(text: str) -> int:
        given = str(text).strip()
        if _SEPARATED.fullmatch(given):
            plain = re.sub(r"[^0-9]", "", given)
            raise click.BadParameter(f"{given}: write a number without separators: {plain}")
        if not re.fullmatch(r"[+-]?\d{1,18}", given, re.ASCII):
            raise click.BadParameter(f"{given[:40]!r} is not a whole number")
        number = int(given)
        if number < least or (most is not None and number > most):
            bounds = f"at least {least}" if most is None else f"from {least} to {most}"
            raise click.BadParameter(f"{number} is not {bounds}")
        return number

    return read


def dollars(text: str) -> float:
    """Return an amount of US dollars."""
    given = str(text).strip().removeprefix("$")
    if not re.fullmatch(r"\d{1,9}(\.\d{1,4})?", given, re.ASCII):
        raise click.BadParameter(f"{given[:40]!r} is not an amount of US dollars, such as 1.50")
    return float(given)


def name_of_model(text: str) -> str:
    """Return a model's name; refuse a blank one."""
    given = text.strip()
    if not given:
        raise click.BadParameter("it is blank: give the name of a model")
    return given


def model_name(text: str) -> str:
    """Return the name of a model, which may be given without its v or with a prefix."""
    given = re.sub(r"^v\s+", "v", text.strip())
    if not given:
        raise click.BadParameter("it is blank: give one such as v1.6; mirelo-ergo models lists them")
    found = _MODEL.fullmatch(given)
    if found is None:
        return given
    number = f"{found[3]}.{found[4]}"
    old = not found[1] and number in _OLD_MODELS
    return f"v{number}" if old else f"sfx-{number}"


def complete_file(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a file name, as the shell does."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def _complete_model(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from mirelo_ergo import list_models

    names = sorted({info.model for info in list_models() if "sfx" in info.family})
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _complete_job(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return _journaled(incomplete, sent=False)


def _complete_request(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return _journaled(incomplete, sent=True)


def _journaled(incomplete: str, *, sent: bool) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from . import journal

    try:
        known = journal.entries()
    except OSError:
        return []
    fit = [entry for entry in reversed(known) if not entry.emulator and (entry.state == journal.SENT) is sent]
    return [CompletionItem(entry.job_id, help=entry.label) for entry in fit if entry.job_id.startswith(incomplete)]


prompt = click.argument("prompt", nargs=-1, metavar="PROMPT")
clips = click.argument("clips", nargs=-1, metavar="CLIP_OR_URL...", shell_complete=complete_file)
sound = click.argument("sound", metavar="AUDIO_OR_URL", shell_complete=complete_file)
job = click.argument("job", metavar="[JOB]", required=False, shell_complete=_complete_job)
request = click.argument("job", metavar="[REQUEST]", required=False, shell_complete=_complete_request)
last = click.option("--last", is_flag=True, help="The last job of the journal.")

duration = click.option("--duration", metavar="TIME", type=time, help="Length: 5s, 5000ms, 1.5s or 0:05.")
clip_duration = click.option(
    "--duration",
    metavar="TIME",
    type=time,
    help="Length: 5s, 5000ms, 1.5s or 0:05; else all of the clip, up to the model's limit.",
)
start = click.option("--start", metavar="TIME", type=time, help="Where in the clip to begin, else at 0s.")
append = click.option("--by", metavar="TIME", type=time, required=True, help="How much to append.")
segment_start = click.option(
    "--from", "begin", metavar="TIME", type=time, required=True, help="Where the new part begins."
)
segment_end = click.option("--to", "end", metavar="TIME", type=time, required=True, help="Where the new part ends.")
picture = click.option(
    "--video", metavar="CLIP_OR_URL", shell_complete=complete_file, help="A clip that the sound fits."
)
words = click.option("--prompt", metavar="PROMPT", help="What is to be heard; - reads it from stdin.")
loop = click.option("--loop", is_flag=True, help="Let the end run into the beginning.")
model = click.option(
    "--model",
    metavar="MODEL",
    type=model_name,
    shell_complete=_complete_model,
    help="Which one, such as v1.6; see: mirelo-ergo models.",
)
sound_format = click.option(
    "--format",
    "sound_format",
    metavar="FORMAT",
    help="wav, flac, or mp3 or m4a with the rate in kbit/s, such as mp3_320; models sfx-….",
)
speech = click.option(
    "--keep-speech", "preserve_speech", is_flag=True, help="Keep the speech of the clip; models sfx-…."
)
samples = click.option(
    "-n", "--samples", metavar="N", type=count(1), default=1, help="How many takes, 1 to 4; each is paid. Default: 1."
)
output = click.option(
    "--output",
    metavar="audio|video",
    type=click.Choice(["audio", "video"], case_sensitive=False),
    default="audio",
    help="The sound, or the clip with it. Default: audio.",
)

out = click.option(
    "-o",
    "--out",
    metavar="PLACE",
    default=".",
    type=click.Path(),
    help="A folder (it is there, or ends in /), a file such as rain.wav, or - for stdout. Default: this folder.",
)
name = click.option(
    "--name", metavar="NAME", help='What the files are called, such as "{stem}-{n}"; else after the job.'
)
overwrite = click.option("--overwrite", is_flag=True, help="Replace files of the same name.")
max_credits = click.option(
    "--max-credits", "limit", metavar="N", type=count(0), help="Submit nothing if all of it would cost more."
)
max_cost = click.option(
    "--max-cost", "limit", metavar="USD", type=dollars, help="Submit nothing if it would cost more, such as 1.50."
)
wait_limit = click.option(
    "--timeout",
    metavar="TIME",
    type=wait_time,
    help="How long to wait for the job; else five times its estimate, at least 10:00.",
)
ask_limit = click.option("--timeout", metavar="TIME", type=wait_time, help="How long to try, else 10:00.")
dry_run = click.option("--dry-run", is_flag=True, help="Show what would be sent and what it costs; submit nothing.")
no_journal = click.option("--no-journal", is_flag=True, help="Do not write the job into the job journal.")
emulator = click.option(
    "--emulator", is_flag=True, help="Use an emulator that runs for this command; needs no key and no network."
)
base_url = click.option("--base-url", metavar="URL", help="Another address than the service's own.")
private = click.option(
    "--allow-private-hosts", is_flag=True, help="Let uploads and downloads go to private addresses of yours."
)
json = click.option("--json", is_flag=True, help="Write exactly one JSON object to stdout, also for an error.")
quiet = click.option("-q", "--quiet", is_flag=True, help="Write the result or the error, nothing else.")

OUTPUT: Final = (json, quiet)
ADDRESS: Final = (base_url, private)
SAVING: Final = (out, name, overwrite)


def writing(function: Function) -> Function:
    """Add `--json` and `--quiet` to a command, which gets the session."""

    @applied(OUTPUT)
    @functools.wraps(function)
    def command(**options: Any) -> None:
        function(session_of(options), **options)

    return command


def applied(options: tuple[Callable[[Any], Any], ...]) -> Callable[[Function], Function]:
    """Return a decorator that adds several options, in the order of the help."""

    def apply(function: Function) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return apply


def session_of(options: dict[str, Any]) -> Session:
    """Return the command's session, with its output set by `--json` and `--quiet`."""
    session: Session = click.get_current_context().obj
    session.output = Output(json=options.pop("json"), quiet=options.pop("quiet"))
    return session
