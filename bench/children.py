"""Run the two sides, and the servers they talk to, in processes of their own that take commands by name."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent
SCRATCH = ROOT / ".bench"
OURS = Path(sys.executable)
VENDOR = SCRATCH / "vendor" / "bin" / "python"
LEAN = "import sys; sys.modules['click'] = None\n"
"""Keep httpx from loading its command line, which only an environment with click and rich has."""


def environment() -> dict[str, str]:
    """Return the variables of a child: no proxy, no settings of ours, byte code kept as in any installation."""
    own = ("MIRELO_", "COV_", "PYTHONDONTWRITEBYTECODE")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(own) and not name.lower().endswith("_proxy")
    }


def check_vendor() -> None:
    """Stop with the way out if the vendor's SDK has no environment."""
    if not VENDOR.exists():
        sys.exit("the vendor's SDK is not there: `make .bench/vendor/ready` installs it in an environment of its own")


class Child:
    """Drive a module of bench.child in a process of its own; used as a context."""

    def __init__(self, module: str, python: Path = OURS) -> None:
        self._name = module
        self._process = subprocess.Popen(
            [python, "-c", f"{LEAN}import runpy; runpy.run_module('bench.child.{module}', run_name='__main__')"],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def do(self, command: str, **arguments: Any) -> Any:
        """Have a command run there and return what it returns; raises with the child's traceback."""
        self.start(command, **arguments)
        return self.result()

    def start(self, command: str, **arguments: Any) -> None:
        """Have a command begin; `result` waits for its end."""
        assert self._process.stdin is not None, "it is a pipe"
        self._process.stdin.write(json.dumps([command, arguments]) + "\n")
        self._process.stdin.flush()

    def result(self) -> Any:
        """Return the object that the process prints at its end."""
        assert self._process.stdout is not None, "it is a pipe"
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._name} ended with {self._process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{self._name}: {answer['error']}")
        return answer["result"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        assert self._process.stdin is not None, "it is a pipe"
        assert self._process.stdout is not None, "it is a pipe"
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()  # which ends it
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
