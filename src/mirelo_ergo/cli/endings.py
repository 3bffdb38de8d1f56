"""The end of a command: it always reports what it submitted and saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .exits import Exit
from .failures import Failure, failure_of
from .output import StdoutError
from .resume import shell_word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .session import Session

_FINAL = (Exit.JOB_FAILED, Exit.UNKNOWN)
ITEMS_FAILED = "failed_items"
"""The code of a command over many jobs or items of which some failed."""


def conclude(session: Session, error: BaseException) -> Failure:
    """Return the failure for an exception, with the command that resumes each existing job."""
    if isinstance(error, StdoutError):
        return _unheard(session, error)
    failure = _with_requests(session, failure_of(_first_word(error)))
    jobs = [task for task in session.tasks if task.job is not None]
    if not jobs:
        return _with_batches(session, failure) if session.batches else _without_job(session, failure)
    hints = list(failure.hints)
    told = []
    for task in jobs:
        ended = task.failure is not None and task.failure.exit_code == Exit.JOB_FAILED
        lost = failure.exit_code == Exit.JOB_FAILED and len(jobs) == 1
        token = task.jobs[0].token
        hints += [f"saved: {shell_word(str(path))}" for path in task.files]
        hints += [] if ended or lost else task.resumption.hints(token)
        resume = None if ended or lost else task.resumption.line(token)
        told.append({"job_token": token, "resume": resume, "saved": [str(path) for path in task.files]})
    fields = {**failure.fields, **told[0]} if len(jobs) == 1 else {**failure.fields, "jobs": told}
    fields = _more(fields)
    fields["job_token"] = failure.fields["job_token"] or told[0]["job_token"]
    message = failure.message
    if failure.fields["code"] == "interrupted" and not all(task.resumption.lost for task in jobs):
        message += "; the job goes on" if len(jobs) == 1 else "; the jobs go on"
    return Failure(
        _exit_code(session, failure), failure.fields["code"], message, hints=tuple(dict.fromkeys(hints)), **fields
    )


def _with_requests(session: Session, failure: Failure) -> Failure:
    """Return a failure that also says how each request is sent again that may have been taken."""
    found = [(task, task.request) for task in session.tasks if task.job is None and task.request is not None]
    lines = [line for task, request in found if (line := task.resumption.again(request)) is not None]
    if not lines:
        return failure
    hints = (*failure.hints, *(f"send it again, which makes no second job: {line}" for line in lines))
    fields = _more(failure.fields) | {"resume": lines[0] if len(lines) == 1 else lines}
    return Failure(failure.exit_code, failure.fields["code"], failure.message, hints=hints, **fields)


def _more(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a failure's fields without those that are its own arguments."""
    return {name: value for name, value in fields.items() if name not in ("exit_code", "code", "message")}


def _exit_code(session: Session, failure: Failure) -> int:
    """Return the exit code, which never means to run a command again that has paid for a job."""
    code = failure.exit_code
    if code > 128 or code in _FINAL or code == Exit.JOB_WAITS:
        return code
    paid = any(task.submitted and task.job is not None for task in session.tasks)
    return Exit.JOB_WAITS if paid or code == Exit.UNEXPECTED else code


def _without_job(session: Session, failure: Failure) -> Failure:
    if failure.exit_code == Exit.JOB_FAILED and failure.fields["code"] != ITEMS_FAILED:  # something else is not there
        return Failure(
            Exit.REFUSED, failure.fields["code"], failure.message, hints=failure.hints, **_more(failure.fields)
        )
    if failure.fields["code"] != "interrupted" or session.has_ledger:
        return failure
    return Failure(failure.exit_code, "interrupted", f"{failure.message}; no job was submitted")


def _with_batches(session: Session, failure: Failure) -> Failure:
    """Return a failure with the ids of the batches that the service has made, and has charged for."""
    ids = [shell_word(batch.id) for batch in session.batches]
    code = failure.exit_code if failure.exit_code > 128 or failure.exit_code in _FINAL else Exit.JOB_WAITS
    hints = (*failure.hints, *(f"batch {each} goes on: {session.way_to_batch} {each}" for each in ids))
    fields = _more(failure.fields) | {"batch_ids": [batch.id for batch in session.batches]}
    return Failure(code, failure.fields["code"], failure.message, hints=hints, **fields)


def _unheard(session: Session, error: StdoutError) -> Failure:
    """Return the failure of a command whose result stdout did not accept; the result goes to stderr."""
    if session.batches or any(task.job is not None for task in session.tasks):
        return conclude(session, Failure(Exit.JOB_WAITS, "output_failed", str(error)))
    return Failure(Exit.UNEXPECTED, "output_failed", "" if error.gone else str(error))


def _first_word(error: BaseException) -> BaseException:
    """Return the exception that first ended the command, if another one interrupted its end."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, Failure):
            return seen
        seen = seen.__context__
    if not isinstance(error, KeyboardInterrupt):
        seen = error.__context__
        while seen is not None:
            if isinstance(seen, KeyboardInterrupt):
                return seen
            seen = seen.__context__
    return error
