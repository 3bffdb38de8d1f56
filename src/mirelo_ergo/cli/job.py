"""The commands for existing jobs: status, wait, download, and the job journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import click

from mirelo_ergo import service_of

from . import commands, journal, options
from .exits import Exit
from .failures import Failure, refused
from .generate import described, mark, write_down
from .groups import Commands
from .printing import one_line
from .progress import shown
from .resume import Resumption
from .services import MIRELO, SERVICES, Connection
from .session import Session, Task
from .unfetched import fetch_all

if TYPE_CHECKING:
    from mirelo_ergo import JobStatus

    from .journal import Entry
    from .saving import Saving
    from .services import Service


@click.group(cls=Commands)
def job() -> None:
    """Look at a job, wait for it, save its results; send a request again.

    JOB is the job's token, or its id in the job journal; --last takes the journal's last one.
    """


@job.command()
@commands.about_a_job(waits=False, saves=False)
def status(session: Session, job: str | None, last: bool, timeout: int | None, **address: Any) -> None:
    """Look once. Ends with 0 whatever the status is."""
    look(session, choose(job, last, address), timeout)


@job.command()
@commands.about_a_job(waits=True, saves=False)
def wait(session: Session, job: str | None, last: bool, timeout: int | None, **address: Any) -> None:
    """Wait until the job is done; saves nothing."""
    wait_for(session, choose(job, last, address), timeout)


@job.command()
@click.option("--all", "every", is_flag=True, help="All jobs of the journal that were not saved yet; submits nothing.")
@commands.about_a_job(waits=True, saves=True)
def download(
    session: Session, every: bool, job: str | None, last: bool, timeout: int | None, saving: Saving, **address: Any
) -> None:
    """Save the results, waiting for the job if it still runs; writes the files' paths.

    With --all, one that fails does not stop the others, and no file is replaced.
    """
    if every:
        if job is not None or last:
            raise refused("give a job, --last or --all, only one of them")
        fetch_all(session, address, timeout, saving)
        return
    saving.check(session.output)
    fetch(session, choose(job, last, address), timeout, saving)


@job.command()
@commands.about_a_job(waits=True, saves=True, named=options.request)
def resubmit(
    session: Session, job: str | None, last: bool, timeout: int | None, saving: Saving, **address: Any
) -> None:
    """Send a request again whose outcome is not known, wait, and save.

    REQUEST is its token, or its name in the job journal. It goes out as the same bytes under the same key, so that it
    never makes a second job, also where the first attempt was taken. Writes the files' paths to stdout.
    """
    saving.check(session.output)
    send_again(session, choose_request(job, last, address), timeout, saving)


def look(session: Session, chosen: Chosen, timeout: int | None) -> None:
    """Print a job's status."""
    with chosen.connection.client(session.output, timeout) as client:
        task = _take_up(session, client, chosen, "status", ())
        _tell(session, task, task.jobs[0].status())


def cancel(session: Session, chosen: Chosen, timeout: int | None) -> None:
    """Cancel a job, and print its status."""
    with chosen.connection.client(session.output, timeout) as client:
        task = _take_up(session, client, chosen, "status", ())
        _tell(session, task, task.jobs[0].cancel())


def _tell(session: Session, task: Task, status: JobStatus) -> None:
    session.output.result([_words(status)], {**_named(task), **status.to_dict()})


def wait_for(session: Session, chosen: Chosen, timeout: int | None) -> None:
    """Wait for the end of a job, and print its status."""
    with chosen.connection.client(session.output) as client:
        task = _take_up(session, client, chosen, "wait", ())
        with shown(session.output) as view:
            result = task.jobs[0].wait(timeout_ms=timeout, on_progress=view.job)
            view.job_done()
        session.output.result([f"succeeded, {_count(result.result_urls)}"], {**_named(task), **result.to_dict()})


def fetch(session: Session, chosen: Chosen, timeout: int | None, saving: Saving) -> None:
    """Wait for the end of a job, and save its results."""
    with chosen.connection.client(session.output) as client:
        task = _take_up(session, client, chosen, "download", saving.options(None))
        _finish(session, task, timeout, saving)
    mark(session.output, task, "saved", journaled=chosen.entry is not None)
    _tell_files(session, task, saving)


def send_again(session: Session, chosen: Chosen, timeout: int | None, saving: Saving) -> None:
    """Send a request again, wait for the end of its job, and save its results."""
    connection, entry = chosen.connection, chosen.entry
    resumption = Resumption("download", (*saving.options(None), *connection.options))
    label = "a request that was sent again" if entry is None else entry.label
    task = Task(label, resumption, submitted=True, request=chosen.token)
    with connection.client(session.output) as client:
        session.tasks.append(task)
        # map() calls it without a line of Python around: no signal finds the job made and not yet kept
        task.jobs.extend(map(client.resubmit, [chosen.token]))
        if entry is not None:
            write_down(session.output, task, connection)
        session.output.note(f"job token: {task.jobs[0].token}")
        _finish(session, task, timeout, saving)
    mark(session.output, task, "saved", journaled=entry is not None)
    _tell_files(session, task, saving)


def _finish(session: Session, task: Task, timeout: int | None, saving: Saving) -> None:
    with shown(session.output) as view:
        task.result = task.jobs[0].wait(timeout_ms=timeout, on_progress=view.job)
        view.job_done()
        saving.save(task.result, task.files, session.output, view)


def _tell_files(session: Session, task: Task, saving: Saving) -> None:
    if not saving.to_stdout:
        session.output.result([str(path) for path in task.files], {**_named(task), **described(task)})


@click.command(short_help="List the jobs that were submitted from here.")
@click.option("-n", "--number", metavar="N", type=options.count(1), default=20, help="How many at most. Default: 20.")
@options.writing
def jobs(session: Session, number: int) -> None:
    """List the jobs that were submitted from here, the newest first, as the job journal has them; asks nobody."""
    try:
        known = journal.entries()[::-1]
    except OSError as error:
        raise _unknown(f"the job journal cannot be read: {error}", "journal") from None
    if not known and not session.output.json:
        session.output.note(f"no jobs yet: {journal.location()} lists them once there are some")
    listed, more = known[:number], max(0, len(known) - number)
    session.output.result(map(_line, listed), {"jobs": [attrs.asdict(entry) for entry in listed], "more": more})
    if more:
        session.output.note(f"and {more} more: mirelo-ergo jobs -n {len(known)} lists all")


@attrs.frozen
class Chosen:
    """The job of a command: its token, its service, and its entry in the journal."""

    token: str
    connection: Connection
    entry: Entry | None


def choose(job: str | None, last: bool, address: dict[str, Any], service: Service = MIRELO) -> Chosen:
    """Return the job of a command. `service` is its service if nothing else gives it.

    The commands of another service than Mirelo take jobs of that service alone, and an id that is not in the journal as
    it is, where the service knows jobs by their ids alone.
    """
    if job is not None and last:
        raise refused("give a job or --last, not both")
    if job is None and not last:
        raise _unknown(
            "which job? Give its token, its id in the job journal, or --last; mirelo-ergo jobs lists them", "usage"
        )
    named = _cleaned(job or "")
    if _request_service(named) is not None:
        raise _unknown("this is the token of a request, not of a job: mirelo-ergo job resubmit takes it", "usage")
    own = None if service is MIRELO else service
    entry = _entry(named, own)
    if entry is not None and entry.state == journal.SENT:
        message = f"{entry.job_id} ({entry.label}) is a request whose outcome is not known: mirelo-ergo job resubmit"
        raise _unknown(f"{message} {entry.job_id} goes on from it", "unknown_outcome")
    token = named if entry is None else entry.token
    name = service_of(token)
    if own is not None and name not in (None, own.name):
        raise refused(f"this job is of {name}, not of {own.name}: mirelo-ergo job takes those of every service")
    service = service if name is None else SERVICES.get(name, service)
    base_url = address["base_url"] or (None if entry is None else entry.base_url)
    return Chosen(token, Connection(service, False, base_url, address["allow_private_hosts"]), entry)


def choose_request(request: str | None, last: bool, address: dict[str, Any]) -> Chosen:
    """Return the request of a command, by its token or its name in the journal, or the last one."""
    if request is not None and last:
        raise refused("give a request or --last, not both")
    if request is None and not last:
        raise _unknown("which request? Give its token, its name in the job journal, or --last", "usage")
    named = _cleaned(request or "")
    try:
        sent = [entry for entry in journal.entries() if entry.state == journal.SENT]
    except OSError as error:
        if _request_service(named) is None:
            raise _unknown(f"the job journal cannot be read: {error}; give the request's token", "journal") from None
        sent = []
    entry = next((entry for entry in reversed(sent) if not named or named in (entry.token, entry.job_id)), None)
    token = named if entry is None else entry.token
    name = _request_service(token)
    if name is None:
        what = f"no request {named[:60]}" if named else "no request"
        message = f"the job journal has {what} whose outcome is not known ({journal.location()})"
        raise _unknown(f"{message}; mirelo-ergo jobs lists what there is", "unknown_request")
    base_url = address["base_url"] or (None if entry is None else entry.base_url)
    return Chosen(token, Connection(SERVICES[name], False, base_url, address["allow_private_hosts"]), entry)


def _request_service(token: str) -> str | None:
    """Return the service of a request's token, None if it is not one."""
    name, found, _ = token.partition("-request1:")
    return name if found and name in SERVICES else None


def _unknown(message: str, code: str) -> Failure:
    """Return the failure of a search in the job journal."""
    return Failure(Exit.REFUSED, code, message)


def _cleaned(job: str) -> str:
    """Return a token without characters that were copied with it."""
    return job.strip().strip("'\"").removeprefix("job token:").strip()


def _entry(named: str, own: Service | None) -> Entry | None:
    """Find a job in the journal, by its token, its id or the beginning of its id; without a name, the last one.

    `own` is the only service whose jobs count; it knows them by their ids, also where the journal does not.
    """
    by_id = own is not None
    try:
        known = [entry for entry in journal.entries() if not entry.emulator]
    except OSError as error:
        if ":" in named or by_id:
            return None
        raise _unknown(f"the job journal cannot be read: {error}; give the job's token", "journal") from None
    if not named:
        known = [entry for entry in known if own is None or service_of(entry.token) == own.name]
        if not known:
            whose = "" if own is None else f" of {own.name}"
            where = journal.location()
            raise _unknown(f"--last: the job journal has no job{whose} ({where}); give a token", "unknown_job")
        return known[-1]
    exact = [entry for entry in known if named in (entry.token, entry.job_id)]
    if exact or ":" in named:
        return exact[-1] if exact else None
    near = [entry for entry in known if len(named) >= 6 and entry.job_id.startswith(named)]
    if by_id and not near:
        return None
    if len(near) != 1:
        what = "several jobs of the job journal begin with" if near else "the job journal has no job"
        raise _unknown(f"{what} {named[:60]}; give the token, or see: mirelo-ergo jobs", "unknown_job")
    return near[0]


def _take_up(session: Session, client: Any, chosen: Chosen, command: str, options: tuple[str, ...]) -> Task:
    resumption = Resumption(command, (*options, *chosen.connection.options))
    task = Task("job", resumption, submitted=False, jobs=[client.job(chosen.token)])
    session.tasks.append(task)
    return task


def _named(task: Task) -> dict[str, object]:
    return {"job_token": task.jobs[0].token, "job_id": task.jobs[0].job_id}


def _line(entry: Entry) -> str:
    when = entry.submitted_at.replace("T", " ").removesuffix("+00:00")
    label = one_line(entry.label)
    if entry.state == journal.SENT:
        return f"{when}  sent, outcome not known  {entry.job_id}  {label}"
    state = "emulated" if entry.emulator else entry.state
    return f"{when}  {state:<9}  {entry.token}  {label}"


def _count(urls: list[str]) -> str:
    return "1 result" if len(urls) == 1 else f"{len(urls)} results"


def _words(status: JobStatus) -> str:
    if status.status == "succeeded":
        return f"succeeded, {_count(status.result_urls)}"
    if status.status == "errored":
        return f"errored: {status.message} ({status.code})" + "; it was not charged" * (status.charged is False)
    percent = f", {status.progress_percent} %" if status.progress_percent else ""
    return f"{status.raw_status}{percent}"
