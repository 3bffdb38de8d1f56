"""Failures of commands: the exit code, and the messages for people and scripts."""

from __future__ import annotations

import contextlib
import errno
from contextvars import ContextVar
from typing import Any, Final

from mirelo_ergo.errors import (
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

from .exits import Exit
from .printing import one_line
from .signals import Stopped
from .wording import in_options

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
"""The exit codes by error class; the first match counts. All others (wrong requests, settings, …) are `REFUSED`."""


KEY_VARIABLE: Final[ContextVar[str | None]] = ContextVar("key_variable", default=None)
"""The variable of this command's key, once it has one, for messages."""
MANIFEST: Final = "invalid_manifest"
"""The code of a wrong manifest, whose messages name fields instead of options."""


class Failure(Exception):
    """Raised to end a command: `fields` are those of the JSON error, `hints` are further lines for people.

    `exit_code` is an `Exit`, or 128 and a signal's number. Without a message nothing is said.
    """

    def __init__(self, exit_code: int, code: str, message: str, *, hints: tuple[str, ...] = (), **fields: Any) -> None:
        super().__init__(message)
        self.exit_code = int(exit_code)
        self.message = message
        self.hints = hints
        known: dict[str, Any] = {"code": code, "message": message, "http_status": 0, "job_token": None}
        self.fields = {**known, **fields, "exit_code": self.exit_code}

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines for people."""
        return (f"error: {self.message}", *self.hints)

    @property
    def has_job(self) -> bool:
        """Whether it concerns a job or a batch that must not be lost."""
        return self.fields["job_token"] is not None or "batch_ids" in self.fields


def refused(message: str, code: str = "usage", **fields: Any) -> Failure:
    """Return the failure of an invalid command line; nothing was sent."""
    return Failure(Exit.REFUSED, code, f"{one_line(message)}; nothing was sent", **fields)


def exit_code_of(error: MireloError) -> Exit:
    """Return the exit code of an error. For an unknown cost it is that of the error that prevented the query."""
    if isinstance(error, CostLimitError) and error.credits is None and isinstance(error.__cause__, MireloError):
        return exit_code_of(error.__cause__)
    if isinstance(error, DownloadError) and error.errno is not None:
        return Exit.REFUSED
    return next((code for cls, code in _BY_CLASS if isinstance(error, cls)), Exit.REFUSED)


def failure_of(error: BaseException) -> Failure:
    """Return the failure for an exception."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, MireloError):
        return _of_library(error)
    if isinstance(error, KeyboardInterrupt):
        return _interrupted(error)
    if not isinstance(error, OSError):
        import traceback

        with contextlib.suppress(Exception):  # stderr may be gone
            traceback.print_exception(error)
    return Failure(Exit.UNEXPECTED, "unexpected", f"{type(error).__name__}: {error}")


def missing_extra(package: str | None, what: str, extra: str) -> Failure:
    """Return the failure for a missing package, which names what needs it."""
    return Failure(Exit.REFUSED, "missing_extra", f'{what} needs {package}: pip install "mirelo-ergo[{extra}]"')


def _of_library(error: MireloError) -> Failure:
    fields = error.to_dict()
    code = fields.pop("code")
    del fields["message"]
    hints: tuple[str, ...] = ()
    if isinstance(error, DownloadError) and error.errno == errno.EEXIST and "overwrite=True" in error.message:
        hints += ("--overwrite replaces it",)
    if isinstance(error, IncompleteResultError) and error.result_urls:
        hints += (f"those that came: mirelo-ergo job wait {error.job_token} --json gives their result_urls",)
    if isinstance(error, AuthenticationError):
        hints += (f"the service does not accept the key of {KEY_VARIABLE.get() or 'the environment'}",)
    if isinstance(error, SubmitOutcomeUnknown):
        hints += (f"the request's fingerprint: {error.request_fingerprint}",)
    message = error.message if code == MANIFEST else in_options(error)
    return Failure(exit_code_of(error), code, message, hints=hints, **fields)


def _interrupted(stop: KeyboardInterrupt) -> Failure:
    """Return the failure for an interrupt. If it hit a paid request in flight, the outcome is unknown."""
    unknown = stop.__cause__
    if isinstance(unknown, SubmitOutcomeUnknown):
        return _of_library(unknown)
    if isinstance(stop, Stopped):
        return Failure(128 + stop.number, "interrupted", f"ended by {stop.name}")
    return Failure(Exit.INTERRUPTED, "interrupted", "interrupted")
