"""The exit codes."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class Exit(IntEnum):
    """The exit codes. Each stands for another next step."""

    OK = 0
    UNEXPECTED = 1
    REFUSED = 2
    KEY = 3
    CREDITS = 4
    SERVICE = 5
    JOB_FAILED = 6
    JOB_WAITS = 7
    UNKNOWN = 8
    INTERRUPTED = 130


MEANINGS: Final[Mapping[Exit, str]] = {
    Exit.OK: "done",
    Exit.UNEXPECTED: "stdout cannot be written, or a bug: please report it",
    Exit.REFUSED: "refused: the command line, the request, a source or a folder",
    Exit.KEY: "no key, a wrong key, or one without the permission",
    Exit.CREDITS: "not enough credits, or more than --max-credits",
    Exit.SERVICE: "network or service trouble: run the same command again",
    Exit.JOB_FAILED: "a job failed or is gone, or one of several was refused",
    Exit.JOB_WAITS: "the job is there, its result is not here: resume it",
    Exit.UNKNOWN: "a paid request may have been taken: look at the account first",
    Exit.INTERRUPTED: "Ctrl-C (143: SIGTERM, 129: SIGHUP); a submitted job goes on",
}
