"""How a command ends when it fails: the exit code, and what is said of it to people and to scripts."""

from __future__ import annotations

import errno
import shlex
import shutil
import sys
import traceback
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from mirelo_ergo import (
    AuthenticationError,
    CostLimitError,
    DownloadError,
    IncompleteResultError,
    InsufficientCreditsError,
    JobError,
    JobTimeoutError,
    MireloError,
    NetworkError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    SourceChangedError,
    SubmitOutcomeUnknown,
    UnexpectedResponseError,
    UploadError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


class Exit(IntEnum):
    """The exit codes, told apart by what to do next."""

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
    Exit.UNEXPECTED: "unexpected: a bug, please report it",
    Exit.REFUSED: "refused: the command line, the request, a source or a folder",
    Exit.KEY: "no key, a wrong key, or one without the permission",
    Exit.CREDITS: "not enough credits, or more than --max-credits",
    Exit.SERVICE: "network or service trouble: run the same command again",
    Exit.JOB_FAILED: "the job failed, or the service no longer has it",
    Exit.JOB_WAITS: "the job is there, its result is not here: resume it by its token",
    Exit.UNKNOWN: "a paid request may have been taken: look at the account first",
    Exit.INTERRUPTED: "Ctrl-C; a job that was submitted goes on: resume it by its token",
}

_BY_CLASS: Final[tuple[tuple[type[MireloError], Exit], ...]] = (
    (SubmitOutcomeUnknown, Exit.UNKNOWN),
    (AuthenticationError, Exit.KEY),
    (PermissionDeniedError, Exit.KEY),
    (InsufficientCreditsError, Exit.CREDITS),
    (CostLimitError, Exit.CREDITS),
    (JobTimeoutError, Exit.JOB_WAITS),
    (JobError, Exit.JOB_FAILED),
    (NotFoundError, Exit.JOB_FAILED),
    (RateLimitError, Exit.SERVICE),
    (ServerError, Exit.SERVICE),
    (NetworkError, Exit.SERVICE),
    (UnexpectedResponseError, Exit.SERVICE),
    (SourceChangedError, Exit.REFUSED),
    (UploadError, Exit.SERVICE),
    (DownloadError, Exit.SERVICE),
)
"""First match wins; what is not here (a refused request or clip, a wrong setting, another 4xx) is `REFUSED`."""

_KEPT: Final = (
    "field",
    "credits",
    "max_credits",
    "retry_after",
    "errno",
    "path",
    "sent_at",
    "request_fingerprint",
    "result_urls",
)
"""What an error class knows beyond the rest and a script can use."""


class Failure(Exception):
    """Say how a command ends: `fields` are those of the JSON error, `hints` are for people."""

    def __init__(
        self, exit_code: Exit, code: str, message: str, *, hints: tuple[str, ...] = (), **fields: object
    ) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.message = message
        self.hints = hints
        known: dict[str, Any] = {"code": code, "message": message, "http_status": 0, "job_token": None}
        self.fields = {**known, **fields, "exit_code": int(exit_code)}


@attrs.frozen
class Resumption:
    """How a job of this command is taken up again: which `job` command, and the options it needs.

    `job` is the command's own word. An embedded emulator (`lost`) takes its jobs with it.
    """

    job: str = "download"
    options: tuple[str, ...] = ()
    lost: bool = False

    def command(self, token: str) -> str | None:
        """Give the exact command, None when there is nothing to go back to."""
        return None if self.lost else f"{program()} job {self.job} {shlex.join((token, *self.options))}"

    def hints(self, token: str) -> tuple[str, ...]:
        """Give the token and how to go on with it."""
        command = self.command(token)
        after = (
            f"resume with: {command}" if command else "the embedded emulator ends with this command, and the job too"
        )
        return f"job token: {token}", after


def program() -> str:
    """Give how this program was called, to be pasted into the same shell."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m mirelo_ergo"
    found = shutil.which(called.name)
    return called.name if found == str(called) else shlex.quote(str(called))


def exit_code_of(error: MireloError) -> Exit:
    """Sort an error by what to do next. A cost that could not be asked is what kept it from being asked."""
    if isinstance(error, CostLimitError) and error.credits is None and isinstance(error.__cause__, MireloError):
        return exit_code_of(error.__cause__)
    if isinstance(error, DownloadError) and error.errno is not None:
        return Exit.REFUSED
    return next((code for cls, code in _BY_CLASS if isinstance(error, cls)), Exit.REFUSED)


def failure_from(error: MireloError, resumption: Resumption | None = None, *, submitted: bool = False) -> Failure:
    """Describe an error. After a submit by this very command (`submitted`), what is not the job's own end is
    `JOB_WAITS`: running the command again would pay again.
    """
    exit_code = exit_code_of(error)
    if submitted and exit_code is not Exit.JOB_FAILED:
        exit_code = Exit.JOB_WAITS
    token = error.job_token
    fields = {name: value for name in _KEPT if (value := getattr(error, name, None)) is not None}
    fields |= {"http_status": error.http_status, "job_token": token}
    fields |= {"request_id": error.request_id, "retryable": error.retryable}
    hints: tuple[str, ...] = ()
    if isinstance(error, DownloadError) and error.errno == errno.EEXIST:
        hints += ("--overwrite replaces it",)
    if isinstance(error, IncompleteResultError) and error.result_urls:
        hints += (f"those that came: job wait {token} --json gives their result_urls",)
    if isinstance(error, SubmitOutcomeUnknown):
        hints += (f"the request's fingerprint: {error.request_fingerprint}",)
    if token is not None and resumption is not None and exit_code is not Exit.JOB_FAILED:
        hints += resumption.hints(token)
        fields["resume"] = resumption.command(token)
    return Failure(exit_code, error.code, error.message, hints=hints, **fields)


def interrupted(stop: KeyboardInterrupt, token: str | None = None, resumption: Resumption | None = None) -> Failure:
    """Describe a Ctrl-C. One that hit a paid request on its way leaves that request's fate unknown."""
    unknown = stop.__cause__
    if isinstance(unknown, SubmitOutcomeUnknown):
        return failure_from(unknown)
    if token is None or resumption is None:
        return Failure(Exit.INTERRUPTED, "interrupted", "interrupted; no job was submitted")
    message = "interrupted" if resumption.lost else "interrupted; the job goes on"
    return Failure(
        Exit.INTERRUPTED,
        "interrupted",
        message,
        hints=resumption.hints(token),
        job_token=token,
        resume=resumption.command(token),
    )


def unexpected(error: Exception, token: str | None = None, resumption: Resumption | None = None) -> Failure:
    """Describe a bug, or trouble with this machine; shows the traceback of a bug."""
    if not isinstance(error, OSError):
        traceback.print_exception(error)
    message = f"{type(error).__name__}: {error}"
    if token is None or resumption is None:
        return Failure(Exit.UNEXPECTED, "unexpected", message)
    hints, resume = resumption.hints(token), resumption.command(token)
    return Failure(Exit.JOB_WAITS, "unexpected", message, hints=hints, job_token=token, resume=resume)


def missing_extra(error: ImportError, what: str, extra: str) -> Failure:
    """Say what an extra is needed for."""
    return Failure(Exit.REFUSED, "missing_extra", f'{what} needs {error.name}: pip install "mirelo-ergo[{extra}]"')
