"""The parent's side of `child.py`: start one, tell it what to do, hear what it says."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.support.waiting import until

if TYPE_CHECKING:
    from types import TracebackType

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0
"""Seconds until a child that says nothing is killed: a backstop, never the way a test ends."""
# Forking with threads is a row of its own (72), and newer Pythons warn of it.
WARNINGS = ("-W", "error", "-W", "ignore:This process:DeprecationWarning")


class Child:
    """A process of `child.py`, in one of its modes. It must end by itself, and with nothing on its stderr."""

    def __init__(self, mode: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *WARNINGS, "-m", "tests.faults.child", mode, *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            _, complaints = self._process.communicate(timeout=PATIENCE if error is None else 0.5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            _, complaints = self._process.communicate()
        if error is not None:
            error.add_note(f"the child's stderr: {complaints}")
            return
        assert not complaints, complaints
        assert self._process.returncode == 0

    def tell(self, *command: object) -> None:
        """Send it one command."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        """Wait for the next thing it says."""
        assert self._process.stdout is not None
        backstop = threading.Timer(PATIENCE, self._process.kill)
        backstop.start()
        try:
            line = self._process.stdout.readline()
        finally:
            backstop.cancel()
            backstop.join()
        assert line, "the child said no more"
        facts: dict[str, Any] = json.loads(line)
        return facts

    def wait_until_blocked(self) -> None:
        """Wait until its main thread sleeps in a system call."""
        stat = Path(f"/proc/{self.pid}/stat")
        until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "S", "the child never blocks")
