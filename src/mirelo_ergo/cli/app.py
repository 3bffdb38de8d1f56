"""The root command, and the exit of every command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from mirelo_ergo import __version__

from . import signals
from .dashes import refuse_dashed_files, refuse_swallowed_options
from .exits import MEANINGS, Exit
from .groups import Commands
from .output import Output
from .session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME: Final = "mirelo-ergo"
COMPLETE: Final = "_MIRELO_ERGO_COMPLETE"
"""The variable that a shell's completion asks with."""
_CODES = "\n".join(f"{code.value:>5}  {meaning}" for code, meaning in MEANINGS.items())
# the lines behind a backspace are not filled
_EPILOG = f"""The key comes from MIRELO_API_KEY; the groups of other services name theirs. There is no option: process
lists show options.

\b
Exit codes:
{_CODES}
"""


_COMMANDS: Final = {
    "text": "mirelo",
    "video": "mirelo",
    "extend": "mirelo",
    "inpaint": "mirelo",
    "music": "music",
    "midi": "music",
    "job": "job",
    "jobs": "job",
    "models": "models",
    "me": "mirelo",
    "serve": "serve",
    "pixazo": "pixazo",
    "sync-so": "sync_so",
    "inference-sh": "inference_sh",
    "batch": "batch",
}
"""Each command, and the module that has it under the same name, with _ for -. A service of its own is one more line."""


@click.group(cls=Commands, elsewhere=_COMMANDS, epilog=_EPILOG)
@click.version_option(__version__, message=f"{NAME} %(version)s")
def root() -> None:
    """Make sound effects for video and from text, and go on from a sound, with the Mirelo API."""


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code. Every failure becomes a message, or one JSON object."""
    given = list(arguments) or ["--help"]
    before_arguments = given[: given.index("--")] if "--" in given else given
    session = Session(Output(json="--json" in before_arguments))
    try:
        with signals.raising():
            return _run(session, given)
    except KeyboardInterrupt as stop:  # it hit the last words
        return _report(session, stop, given)
    finally:
        session.close()


def report(error: BaseException, given: Sequence[str]) -> int:
    """Report the failure of a command that ran outside of `run`; return its exit code."""
    return _report(Session(Output()), error, list(given))


def complete(instruction: str) -> int:
    """Answer a shell's completion; return the exit code."""
    from click.shell_completion import shell_complete

    return shell_complete(root, {"obj": Session(Output())}, NAME, COMPLETE, instruction)


def _run(session: Session, given: list[str]) -> int:
    try:
        refuse_dashed_files(given)
        refuse_swallowed_options(root, given)
        with root.make_context(NAME, list(given), obj=session) as context:
            root.invoke(context)
        return Exit.OK
    except click.exceptions.Exit as end:
        return end.exit_code
    except BaseException as error:
        with signals.ignored():
            return _report(session, error, given)


def _report(session: Session, error: BaseException, given: list[str]) -> int:
    from .endings import conclude

    if isinstance(error, click.ClickException):
        from .usage_errors import failure_of_usage

        error = failure_of_usage(error, given, root)
    return session.output.failure(conclude(session, error))
