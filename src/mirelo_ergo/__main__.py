"""The entry point of `mirelo-ergo` and of `python -m mirelo_ergo`. It imports little, so that it starts fast."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # the checkers know the name; importing `typing` for it costs more than answering --version

if TYPE_CHECKING:
    from collections.abc import Sequence

_REFUSED = 2
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given == ["--version"]:
        from . import __version__

        print(f"mirelo-ergo {__version__}")
        return 0
    try:
        return _run(given)
    except KeyboardInterrupt:  # before any command began
        print("error: interrupted; no job was submitted", file=sys.stderr)
        return _INTERRUPTED


def _run(given: list[str]) -> int:
    import os

    if given == ["models"]:
        return _models(given)
    try:
        from .cli.app import COMPLETE, complete, run
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        return _without(error.name, given)
    instruction = os.environ.get(COMPLETE)
    return complete(instruction) if instruction else run(given)


def _models(given: list[str]) -> int:
    """Print the models without importing click, which would double the time."""
    from .cli import catalogue
    from .cli.output import Output, StdoutError

    try:
        catalogue.show(Output())
    except StdoutError as error:
        from .cli.app import report

        return report(error, given)
    return 0


def _without(missing: str, given: list[str]) -> int:
    message = f'the command line needs {missing}: pip install "mirelo-ergo[cli]"'
    if "--json" in given:
        import json

        error = {"code": "missing_extra", "message": message, "http_status": 0, "job_token": None}
        print(json.dumps({"error": {**error, "exit_code": _REFUSED}}))
    else:
        print(f"error: {message}", file=sys.stderr)
    return _REFUSED


if __name__ == "__main__":
    sys.exit(main())
