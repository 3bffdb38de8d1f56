"""The entry of `mirelo-ergo` and of `python -m mirelo_ergo`: it imports little, so that `--help` comes at once."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_REFUSED = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and give its exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    missing = [name for name in ("typer", "rich") if find_spec(name) is None]
    if missing:
        return _without(missing, given)
    from .cli.app import run

    return run(given)


def _without(missing: list[str], given: list[str]) -> int:
    message = f'the command line needs {" and ".join(missing)}: pip install "mirelo-ergo[cli]"'
    if "--json" in given:
        error = {"code": "missing_extra", "message": message, "http_status": 0, "job_token": None}
        print(json.dumps({"error": {**error, "exit_code": _REFUSED}}))
    else:
        print(f"error: {message}", file=sys.stderr)
    return _REFUSED


if __name__ == "__main__":
    sys.exit(main())
