"""Messages for wrong command lines, with suggestions that the command really has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import click

from .exits import Exit
from .failures import Failure
from .groups import UnknownCommandError, commands_of
from .services import MIRELO, SERVICES, Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


_OTHER_NAMES: Final[Mapping[str, str]] = {
    "--duration": "length len time seconds secs dur duration-ms ms t d",
    "--samples": "num count num-samples number takes variations variants",
    "--out": "outdir out-dir output-dir output-file output-folder outfile folder directory dir dest destination file",
    "--overwrite": "force f replace clobber yes y",
    "--dry-run": "cost price preflight estimate dry preview simulate",
    "--max-credits": "budget max-cost max-price credits limit max",
    "--max-cost": "budget max-credits max-price max-usd credits limit max",
    "--input": "inputs i field param parameter arg set",
    "--base-url": "url api-url host endpoint server address",
    "--start": "offset begin start-offset from ss",
    "--prompt": "text description words p",
    "--video": "clip picture",
    "--by": "append add length duration seconds",
    "--from": "start begin",
    "--to": "end until",
    "--emulator": "demo mock fake test local offline",
    "--timeout": "wait wait-time max-wait",
    "--quiet": "silent s",
    "--model": "version-of-model m",
    "--name": "filename template",
    "--output": "with-video mix",
    "--format": "output-format ext codec type",
    "--number": "all limit count max lines",
}
"""What people call options elsewhere."""
_MOST_NAMED: Final = 6
"""The number of commands that a message names at most."""
_PLACES: Final[Mapping[str, str]] = {
    "prompt": "prompt text description words p",
    "clips": "clip clips input i in video src source",
    "sound": "audio sound input i in src source",
    "video": "video clip visual v",
    "audio": "audio sound voice speech a",
}
"""What people give by an option that is an argument here, by its name."""
_SENTENCES: Final[Mapping[str, str]] = {
    "api-key apikey key k token secret auth": (
        "the key is not an option, because every user of a machine can see options: set {key} in the environment"
    ),
    "via provider service": "each service has commands of its own: mirelo-ergo pixazo text, mirelo-ergo pixazo video",
    "verbose v debug": "cost, token and progress are written to stderr without an option; -q turns them off",
    "help h ?": "write --help",
    "async no-wait background detach": (
        "commands wait; Ctrl-C leaves a submitted job running, and job download --last fetches it"
    ),
    "version": "the version is told by mirelo-ergo --version alone",
}
_COMMANDS: Final[Mapping[str, str]] = {
    "cost price preflight estimate": "give --dry-run to the command: mirelo-ergo text PROMPT --dry-run",
    "login auth configure setup": "there is no login: set MIRELO_API_KEY in the environment",
    "version": "write mirelo-ergo --version",
    "help": "write mirelo-ergo --help, or --help after a command",
    "account balance credits whoami user": "write mirelo-ergo me",
    "download wait status resubmit resume": "write mirelo-ergo job {name}",
    "list history ls queue": "write mirelo-ergo jobs",
    "generate create sfx sound audio make text-to-sfx t2a txt2sfx speech": "write mirelo-ergo text PROMPT",
    "video-to-sfx v2a film clip movie": "write mirelo-ergo video CLIP",
    "extend-audio continue": "write mirelo-ergo extend AUDIO --by TIME",
    "inpaint-audio edit repair": "write mirelo-ergo inpaint AUDIO --from TIME --to TIME",
    "emulator mock server emulate": "write mirelo-ergo serve, or give a command --emulator",
    "upload": "files are uploaded by the command that uses them: mirelo-ergo video clip.mp4",
    "mirelo": "Mirelo's commands stand at the top: mirelo-ergo text PROMPT",
}


def _unknown_command(error: UnknownCommandError) -> str:
    """Return a sentence about an unknown command of a group."""
    group, args, ctx = error.group, error.words, error.ctx
    assert ctx is not None, "a group always has a context"
    name, path = args[0], ctx.command_path
    shown = name if len(name) <= 40 else f"{name[:39]}…"
    from difflib import get_close_matches

    start = f"{path} has no command {shown!r}"
    if near := get_close_matches(name.lower(), group.list_commands(ctx), 1, 0.7):
        return f"{start}: is {near[0]} meant?"
    root = ctx.find_root().command
    if ctx.parent is None:
        for names, sentence in _COMMANDS.items():
            if name.lower().replace("_", "-") in names.split():
                return f"{start}: {sentence.format(name=name.lower())}"
        if " " in name or (len(args) > 1 and not any(arg.startswith("-") for arg in args)):
            return f"{start}; for a sound of these words: mirelo-ergo text {' '.join(args)[:60]!r}"
    elif isinstance(root, click.Group) and root.get_command(ctx, name):
        return f"{start}; mirelo-ergo {name} is of Mirelo itself"
    elif path.endswith(" batch") and "." in name:
        return f"{start}: write {path} run {shown}"
    elif path.endswith(" job") and name.lower() in ("cancel", "stop", "abort", "delete"):
        return (
            f"{start}: Mirelo cancels no job; one of inference.sh is cancelled by mirelo-ergo inference-sh task cancel"
        )
    elif path.endswith(" job") and ":" in name:
        return f"{start}: say what to do with the job: {path} download {shown}"
    return f"{start}; it has {', '.join(group.list_commands(ctx))}"


def failure_of_usage(error: click.ClickException, given: Sequence[str], root: click.Command) -> Failure:
    """Return the failure of a command line that click could not parse."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else _path_of(given, root)
    service = next((each for each in SERVICES.values() if each.group and each.group in path.split()), MIRELO)
    if isinstance(error, click.NoSuchOption):
        message = _unknown_option(error, given, service)
    elif isinstance(error, UnknownCommandError):
        message = _unknown_command(error)
    else:
        message = _complaint(error)
    return Failure(Exit.REFUSED, "usage", message, hints=(f"see: {path} --help",))


_EXAMPLES: Final = {
    "PROMPT": '"rain on a tin roof"',
    "CLIP_OR_URL...": "clip.mp4",
    "AUDIO_OR_URL": "song.wav",
    "AUDIO": "voice.wav",
    "VIDEO": "talk.mp4",
    "APP": "infsh/mmaudio",
    "MANIFEST": "items.csv",
}
"""What stands in the place of an argument that is missing."""


def _complaint(error: click.ClickException) -> str:
    """Return click's message as a sentence that begins with the wrong part."""
    param = getattr(error, "param", None)
    name = None if param is None else max(param.opts, key=len) if isinstance(param, click.Option) else param.metavar
    if isinstance(error, click.MissingParameter) and param is not None and error.ctx is not None:
        if isinstance(param, click.Option):
            return f"{error.ctx.command_path} needs {name} {param.metavar}"
        example = _EXAMPLES.get(str(name))
        return f"{error.ctx.command_path} needs {name}" + (f", such as {example}" if example else "")
    if isinstance(error, click.BadParameter) and name is not None:
        elsewhere = "; --out says where the results go" if name == "--output" else ""
        problem = error.message.rstrip(".").replace("a valid float", "a number").replace("a valid integer", "a number")
        return f"{name}: {problem}{elsewhere}"
    if isinstance(error, click.BadOptionUsage):
        takes_one = "requires" in error.message
        return (
            f"{error.option_name} needs a value" if takes_one else f"{error.option_name} takes no value: write it alone"
        )
    if found := re.match(r"Got unexpected extra arguments? \((.+)\)", error.message):
        ctx = error.ctx if isinstance(error, click.UsageError) else None
        path = "" if ctx is None else f"{ctx.command_path} "
        return f"{path}takes no more arguments: {found[1]} is too much{_as_option(found[1], ctx)}"
    return error.format_message().rstrip(".")


def _path_of(given: Sequence[str], root: click.Command) -> str:
    """Return the command of a command line, for an error that does not know it."""
    words = [word for word in given if not word.startswith("-")]
    paths = (path.split() for path, _ in commands_of(root))
    found = max((path for path in paths if words[: len(path)] == path), key=len, default=[])
    return " ".join(["mirelo-ergo", *found])


def _as_option(extra: str, ctx: click.Context | None) -> str:
    """Return the option that an extra argument was probably meant for."""
    own = set() if ctx is None else set(_options(ctx.command))
    word = extra.split()[0]
    if "--input" in own and "=" in word:
        return f": write --input {word}"
    if "--input" in own:
        return f": a field of the app's input is written --input NAME={word}"
    return f": write --port {word}" if "--port" in own and word.isdigit() else ""


def _unknown_option(error: click.NoSuchOption, given: Sequence[str], service: Service) -> str:
    """Return a sentence about an unknown option of a command."""
    ctx = error.ctx
    assert ctx is not None, "click names the command of a wrong option"
    written = _as_written(error.option_name, given)
    plain = written.lstrip("-").partition("=")[0].lower().replace("_", "-")
    own = set(_options(ctx.command))
    start = f"{ctx.command_path} has no option {written[:40]}"
    for argument in (param for param in ctx.command.params if isinstance(param, click.Argument)):
        if plain in _PLACES.get(str(argument.name), "").split():
            example = _EXAMPLES.get(str(argument.metavar), argument.metavar)
            what = {"clips": "clip", "audio": "sound"}.get(str(argument.name), argument.name)
            return f"{start}: the {what} stands without one: {ctx.command_path} {example}"
    if f"--{plain}" in own:
        return f"{start}: long options have two dashes and small letters: --{plain}"
    meant = [name for name, others in _OTHER_NAMES.items() if name in own and plain in others.split()]
    if meant:
        return f"{start}: is {meant[0]} meant?"
    for names, sentence in _SENTENCES.items():
        if plain in names.split():
            return f"{start}: {sentence.format(key=service.key_variable)}"
    if plain == "seed" and service is MIRELO:
        return f"{start}: the service takes no seed"
    if "--input" in own:
        return f"{start}: a field of the app's input is written --input {plain}=VALUE"
    if ctx.parent is None and plain in {name.lstrip("-") for name in all_options(ctx.command)}:
        return f"{start}: options stand after the command, as in mirelo-ergo text PROMPT --{plain}"
    from difflib import get_close_matches

    near = get_close_matches(f"--{plain}", own, 1, 0.7)
    if near:
        return f"{start}: is {near[0]} meant?"
    root = ctx.find_root().command
    having = [path for path, command in commands_of(root) if f"--{plain}" in _options(command)]
    if len(having) > _MOST_NAMED:
        named = having[: _MOST_NAMED - 1]
        return f"{start}; {', '.join(named)} and {len(having) - len(named)} other commands have it"
    if having:
        return f"{start}; {', '.join(having)} {'has' if len(having) == 1 else 'have'} it"
    return start


def _as_written(name: str, given: Sequence[str]) -> str:
    """Return an option as it was typed: click only names the first letter of -duration."""
    if name.startswith("--"):
        return name
    return next((word for word in given if re.match(rf"{re.escape(name)}[a-z]{{2,}}", word, re.IGNORECASE)), name)


def _options(command: click.Command) -> Iterator[str]:
    for param in command.params:
        if isinstance(param, click.Option):
            yield from param.opts


def all_options(command: click.Command) -> Iterator[str]:
    """Yield the options of every command below one."""
    for _, inner in commands_of(command):
        yield from _options(inner)
