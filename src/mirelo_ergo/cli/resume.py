"""The command line that resumes a job, correctly quoted for any file name."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import attrs

from .printing import printable


@attrs.frozen
class Resumption:
    """The `job` command that resumes a job, and its options.

    The jobs of an embedded emulator end with it (`lost`).
    """

    command: str = "download"
    options: tuple[str, ...] = ()
    lost: bool = False

    def line(self, token: str) -> str | None:
        """Return the command, None if there is no job to resume."""
        if self.lost:
            return None
        return " ".join((program(), "job", self.command, *map(shell_word, (token, *self.options))))

    def again(self, request: str) -> str | None:
        """Return the exact command that sends a request again as the same, by its token."""
        return attrs.evolve(self, command="resubmit").line(request)

    def hints(self, token: str) -> tuple[str, ...]:
        """Return the lines with the token and the command."""
        line = self.line(token)
        after = f"resume with: {line}" if line else "the embedded emulator ends with this command, and the job too"
        return f"job token: {token}", after


def program() -> str:
    """Return how this program was called, for the same shell."""
    import shutil

    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{shell_word(sys.executable)} -m mirelo_ergo"
    found = shutil.which(called.name)
    return called.name if found == str(called) else shell_word(str(called))


def shell_word(text: str) -> str:
    """Return text quoted for a shell. Unprintable characters become octal escapes, which bash, zsh and ksh read."""
    if printable(text) == text and "\n" not in text:
        return shlex.quote(text)
    plain = b"".join(_escaped(byte) for byte in os.fsencode(text))
    return f"$'{plain.decode('ascii')}'"


def _escaped(byte: int) -> bytes:
    if 0x20 <= byte < 0x7F and byte not in b"'\\":
        return bytes([byte])
    return b"\\%03o" % byte
