"""`job download --all`: the results of all jobs in the job journal that were not saved yet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from mirelo_ergo import service_of
from mirelo_ergo.errors import JobError, JobExpiredError, MireloError

from . import journal
from .endings import ITEMS_FAILED
from .exits import Exit
from .failures import Failure, failure_of, refused
from .generate import described, mark
from .progress import shown
from .resume import Resumption
from .services import SERVICES, Connection
from .session import Task

if TYPE_CHECKING:
    from .journal import Entry
    from .progress import ProgressView
    from .saving import Saving
    from .session import Session

_SURELY_GONE: Final = timedelta(days=7)
"""The age from which a job that the service does not know is not asked for again; a newer one may have another key."""


def fetch_all(session: Session, address: dict[str, Any], timeout: int | None, saving: Saving) -> None:
    """Wait for each job and save its results, the oldest first. A failure does not stop the others.

    Submits nothing. Raises `Failure` at the end if any result is missing.
    """
    output = session.output
    _check(saving, address)
    saving.check(output)
    try:
        entries = [entry for entry in journal.entries() if not entry.emulator]
    except OSError as error:
        raise Failure(Exit.REFUSED, "journal", f"the job journal cannot be read: {error}") from None
    for entry in entries:
        if entry.state == journal.SENT:
            output.note(f"{_name(entry)}: its outcome is not known: mirelo-ergo job resubmit {entry.job_id}")
    waiting = [entry for entry in entries if entry.state == "submitted"]
    if not waiting:
        output.note("no job of the journal has results that were not saved; mirelo-ergo jobs lists all")
    done: list[Task] = []
    with shown(output) as view:
        for entry in waiting:
            connection = _connection(entry, address)
            options = (*saving.options(None), *(() if connection is None else connection.options))
            task = Task(_name(entry), Resumption("download", options), submitted=False)
            session.tasks.append(task)  # for an interrupt
            _fetch(session, task, entry, connection, timeout, saving, view)
            told = "saved" if task.failure is None else task.failure.message
            view.note(f"{task.label}: {told}")
            if not output.json:
                output.result([str(path) for path in task.files], {})
            done.append(session.tasks.pop())
    _report(session, done, waiting)


def _check(saving: Saving, address: dict[str, Any]) -> None:
    if address["base_url"] is not None:
        raise refused("--all asks for each job where it was submitted: leave --base-url away")
    if saving.overwrite:
        raise refused("--all replaces no file: leave --overwrite away")
    if saving.to_stdout or not saving.is_folder:
        way = "" if saving.to_stdout else f", such as {saving.out}/"
        raise refused(f"--all saves into a folder, and --out {saving.out} is none: give one{way}")


def _connection(entry: Entry, address: dict[str, Any]) -> Connection | None:
    service = SERVICES.get(service_of(entry.token) or "")
    return None if service is None else Connection(service, False, entry.base_url, address["allow_private_hosts"])


def _fetch(
    session: Session,
    task: Task,
    entry: Entry,
    connection: Connection | None,
    timeout: int | None,
    saving: Saving,
    view: ProgressView,
) -> None:
    output = session.output
    try:
        if connection is None:
            raise refused("this version does not know its service: update mirelo-ergo")
        view.begin(task.label)
        with connection.client(output) as client:
            task.jobs.append(client.job(entry.token))
            try:
                task.result = task.jobs[0].wait(timeout_ms=timeout, on_progress=view.job)
            except JobError as error:
                if error.result is not None and error.result.result_urls:
                    saving.save(error.result, task.files, output, view)  # what it raises is no end of the job
                raise
            view.job_done()
            saving.save(task.result, task.files, output, view)
    except (MireloError, Failure) as error:
        task.failure = failure_of(error)
        if isinstance(error, JobExpiredError):
            if _age(entry) > _SURELY_GONE:
                mark(output, task, "gone", journaled=True)
        elif isinstance(error, JobError) and task.failure.exit_code == Exit.JOB_FAILED:
            mark(output, task, "failed", journaled=True)
    else:
        mark(output, task, "saved", journaled=True)


def _age(entry: Entry) -> timedelta:
    try:
        return datetime.now(UTC) - datetime.fromisoformat(entry.submitted_at)
    except (ValueError, TypeError):  # not a time, or one without a zone
        return timedelta(0)


def _report(session: Session, tasks: list[Task], waiting: list[Entry]) -> None:
    results = [
        {
            "job_token": entry.token,
            "job_id": entry.job_id,
            "label": entry.label,
            **described(task),
            "error": None if task.failure is None else task.failure.fields,
        }
        for task, entry in zip(tasks, waiting, strict=True)
    ]
    failures = [task.failure for task in tasks if task.failure is not None]
    if not failures:
        if session.output.json:
            session.output.result([], {"results": results})
        return
    waits = any(failure.exit_code != Exit.JOB_FAILED for failure in failures)
    hints = tuple(f"{task.label}: {task.failure.message}" for task in tasks if task.failure is not None)
    raise Failure(
        Exit.JOB_WAITS if waits else Exit.JOB_FAILED,
        ITEMS_FAILED,
        f"{len(tasks) - len(failures)} of {len(tasks)} jobs are saved"
        + ("; the same command goes on with the others" if waits else ""),
        hints=hints if session.output.quiet else (),
        results=results,
    )


def _name(entry: Entry) -> str:
    return f"{entry.job_id} ({entry.label})" if entry.label else entry.job_id
