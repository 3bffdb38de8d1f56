"""The commands, and how any of them ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from mirelo_ergo import __version__

from . import signals
from .failures import MEANINGS, Exit, Failure
from .job import job, jobs
from .mirelo import extend, inpaint, me, text, video
from .mistakes import Commands, complaint, unknown_option
from .models import models
from .output import Output
from .pixazo import pixazo
from .serve import serve
from .services import SERVICES
from .session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME: Final = "mirelo-ergo"
COMPLETE: Final = "_MIRELO_ERGO_COMPLETE"
"""The variable that a shell's completion asks with."""
_CODES = "\n".join(f"{code.value:>5}  {meaning}" for code, meaning in MEANINGS.items())
# the lines behind a backspace are not filled
_EPILOG = f"""The key comes from MIRELO_API_KEY, or PIXAZO_API_KEY. There is no option: process lists show options.

\b
Exit codes:
{_CODES}
"""


@click.group(cls=Commands, epilog=_EPILOG)
@click.version_option(__version__, message=f"{NAME} %(version)s")
def root() -> None:
    """Make sound effects for video and from text, and go on from a sound, with the Mirelo API."""


for _command in (text, video, extend, inpaint, job, jobs, models, me, serve, pixazo):
    root.add_command(_command)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; every failure becomes words, or one JSON object."""
    given = list(arguments) or ["--help"]
    before_arguments = given[: given.index("--")] if "--" in given else given
    session = Session(Output(json="--json" in before_arguments))
    try:
        with signals.raising():
            return _run(session, given)
    except KeyboardInterrupt as stop:  # it hit the last words
        return session.output.failure(session.conclude(stop))
    finally:
        for file in session.stdin.copies:
            file.close()


def complete(instruction: str) -> int:
    """Answer a shell's completion; return the exit code."""
    from click.shell_completion import shell_complete

    return shell_complete(root, {"obj": Session(Output())}, NAME, COMPLETE, instruction)


def _run(session: Session, given: list[str]) -> int:
    try:
        with root.make_context(NAME, list(given), obj=session) as context:
            root.invoke(context)
        return Exit.OK
    except click.exceptions.Exit as end:
        return end.exit_code
    except BaseException as error:
        ended: BaseException = _usage(error, given) if isinstance(error, click.ClickException) else error
        with signals.ignored():
            return session.output.failure(session.conclude(ended))


def _usage(error: click.ClickException, given: Sequence[str]) -> Failure:
    """Return click's complaint about a command line in our form."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else NAME
    service = next(
        (each for each in SERVICES.values() if each.group and each.group in path.split()), SERVICES["mirelo"]
    )
    if isinstance(error, click.NoSuchOption):
        message = unknown_option(error, given, service.key_variable)
    else:
        message = complaint(error)
    return Failure(Exit.REFUSED, "usage", message, hints=(f"see: {path} --help",))
