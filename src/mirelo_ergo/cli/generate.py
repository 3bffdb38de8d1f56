"""Generating commands: checks, cost, submit, journal, wait, and files."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import attrs

from mirelo_ergo.errors import (
    InvalidRequestError,
    JobError,
    MireloError,
    NotFoundError,
    SubmitOutcomeUnknown,
    UnexpectedResponseError,
)

from . import journal
from .costs import cost_of
from .exits import Exit
from .failures import Failure, failure_of
from .printing import one_line
from .progress import shown
from .resume import Resumption
from .session import Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mirelo_ergo import JobRequest, JobResult

    from .costs import Cost
    from .generations import Generation
    from .output import Output
    from .progress import ProgressView
    from .saving import Saving
    from .services import Connection
    from .session import Session

_JOB_ENDED = (Exit.JOB_FAILED, Exit.UNKNOWN)
"""The codes of a task whose job has no result that could be fetched later."""


@attrs.frozen
class Command:
    """The options of every generating command, and their execution."""

    session: Session
    connection: Connection
    saving: Saving
    limit: Any  # a number in the service's unit, as its client takes it
    timeout_ms: int | None
    dry_run: bool
    journal: bool

    def generate(self, generations: Sequence[Generation]) -> None:
        """Check everything, print the cost, submit, wait and save. Raises `Failure` at the end if anything failed."""
        output = self.session.output
        targets = self.saving.targets(generations, output)
        with self.connection.client(output) as client, shown(output) as view:
            requests = [generation.build(client, view) for generation in generations]
            for generation in generations:
                if generation.note:
                    view.note(generation.note)
            costs = [
                _cost(request) if generation.priced else None
                for request, generation in zip(requests, generations, strict=True)
            ]
            total = _total(costs)
            _check_limit(total, self.limit)
            if self.dry_run:
                inputs = [_input_fields(request) for request in requests]
                _print_plan(output, generations, requests, costs, inputs, [_estimate(request) for request in requests])
                return
            _print_cost(view, costs, total)
            for generation, target, request in zip(generations, targets, requests, strict=True):
                lost = self.connection.emulator
                saving = target.options(_prompt_of(request))
                resumption = Resumption("download", (*saving, *self.connection.options), lost)
                self.session.tasks.append(Task(generation.label, resumption, submitted=True))
            self._submit_all(requests, view)
            for task, target in zip(self.session.tasks, targets, strict=True):
                if task.job is not None:
                    self._finish(task, target, view)
        self._report(costs)

    def _submit_all(self, requests: Sequence[JobRequest], view: ProgressView) -> None:
        """Submit each request. A refusal by the service does not stop the others; any other failure does."""
        for task, request in zip(self.session.tasks, requests, strict=True):
            view.begin(task.label if len(requests) > 1 else "")
            try:
                self._submit(task, request)
            except MireloError as error:
                task.failure = failure_of(error)
                if task.failure.exit_code != Exit.REFUSED:
                    return
                continue
            job = task.jobs[0]
            self._write_down(task)
            view.note(f"job token: {job.token}" if len(requests) == 1 else f"job token of {task.label}: {job.token}")

    def _submit(self, task: Task, request: JobRequest) -> None:
        """Submit a request. One with a key is recorded in the journal first, and removed if it was not accepted."""
        if request.keyed and not self.connection.emulator:  # an embedded emulator forgets its keys with its jobs
            task.request = request.prepare()
            if self.journal:
                self._write_down_request(task.request, task.label)
        try:
            # map() calls it without a line of Python around: no signal finds the job made and not yet kept
            task.jobs.extend(map(type(request).submit_job, [request]))
        except BaseException as error:
            if task.request is not None and not _in_doubt(error):
                if self.journal:
                    with contextlib.suppress(OSError, ValueError):  # then it is listed though nothing came of it
                        journal.not_taken(task.request)
                task.request = None
            raise

    def _write_down_request(self, request: str, label: str) -> None:
        try:
            journal.sending(request, label, base_url=self.connection.base_url)
        except (OSError, ValueError) as error:
            self.session.output.note(f"the job journal cannot be written before the request leaves: {error}")

    def _write_down(self, task: Task) -> None:
        if self.journal:
            write_down(self.session.output, task, self.connection)

    def _finish(self, task: Task, target: Saving, view: ProgressView) -> None:
        """Wait for a job and save its results."""
        view.begin(task.label if len(self.session.tasks) > 1 else "")
        try:
            task.result = task.jobs[0].wait(timeout_ms=self.timeout_ms, on_progress=view.job)
            view.job_done()
            target.save(task.result, task.files, self.session.output, view, self._saved_for_others(task))
        except MireloError as error:
            task.failure = failure_of(error)
            self._save_what_came(task, target, getattr(error, "result", None), view)
            if isinstance(error, JobError) and task.failure.exit_code == Exit.JOB_FAILED:
                mark(self.session.output, task, "failed", journaled=self.journal)
        else:
            mark(self.session.output, task, "saved", journaled=self.journal)

    def _save_what_came(self, task: Task, target: Saving, result: JobResult | None, view: ProgressView) -> None:
        """Save the results of a job that has fewer than requested. It still counts as failed."""
        if result is None or not result.result_urls:
            return
        with contextlib.suppress(MireloError, Failure):
            target.save(result, task.files, self.session.output, view, self._saved_for_others(task))

    def _saved_for_others(self, task: Task) -> set[Path]:
        return {path for other in self.session.tasks if other is not task for path in other.files}

    def _report(self, costs: Sequence[Cost | None]) -> None:
        tasks = self.session.tasks
        failed = [task for task in tasks if task.failure is not None]
        if failed or any(task.job is None for task in tasks):
            raise _combined(tasks, costs)
        results = [_fields(task, cost) for task, cost in zip(tasks, costs, strict=True)]
        lines = [str(path) for task in tasks for path in task.files]
        if self.saving.to_stdout:
            return
        self.session.output.result(lines, results[0] if len(results) == 1 else {"results": results})


def write_down(output: Output, task: Task, connection: Connection) -> None:
    """Record a job in the journal, which also settles the outcome of its request."""
    job, at = task.jobs[0], connection.base_url
    try:
        journal.add(job.token, job.job_id, task.label, base_url=at, emulator=connection.emulator, request=task.request)
    except (OSError, ValueError) as error:
        output.note(f"the job journal cannot be written, so keep the token: {error}")


def _in_doubt(error: BaseException | None) -> bool:
    """Return whether the request may have been accepted although its submit failed."""
    while error is not None and not isinstance(error, SubmitOutcomeUnknown):
        error = error.__cause__
    return error is not None


def mark(output: Output, task: Task, state: str, *, journaled: bool) -> None:
    """Record the end of a job in the journal. A failure to do so is ignored."""
    if not journaled:
        return
    try:
        journal.mark(task.jobs[0].token, state)
    except (OSError, ValueError):
        output.note("the job journal cannot be written")


def _cost(request: JobRequest) -> Cost | None:
    """Return the cost of a request, None if the service does not give it."""
    ask = getattr(request, "preflight", None)
    return None if ask is None else cost_of(ask())


def _input_fields(request: JobRequest) -> list[str] | None:
    """Return the fields of an app's input, if the request runs an app; raises for an unknown field."""
    ask = getattr(request, "input_fields", None)
    return None if ask is None else ask()


def _estimate(request: JobRequest) -> Any:
    """Return the service's estimate of a run, None if it gives none. It is no price, and no limit can be set by it."""
    ask = getattr(request, "estimate", None)
    try:
        return None if ask is None else ask()
    except (NotFoundError, InvalidRequestError, UnexpectedResponseError):  # it cannot estimate this app
        return None


def _prompt_of(request: JobRequest) -> str | None:
    """Return the prompt of a request, None if it has none."""
    told = request.describe()
    given = told.get("input")  # of an app
    words = told.get("prompt") or told.get("text_prompt") or (given.get("prompt") if isinstance(given, dict) else None)
    return words if isinstance(words, str) else None


def _total(costs: Sequence[Cost | None]) -> Cost | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known[1:], known[0]) if known and len(known) == len(costs) else None


def _check_limit(total: Cost | None, limit: float | None) -> None:
    if limit is None:
        return
    if total is None:
        message = "--max-credits cannot be checked: this service tells no cost; nothing was sent"
        raise Failure(Exit.REFUSED, "usage", message)
    if total.amount > limit:
        message = f"it would cost {total.shown}, more than {total.option} {limit:g}; nothing was submitted"
        fields: dict[str, Any] = {total.field: total.amount, total.limit_field: limit}
        raise Failure(Exit.CREDITS, "cost_limit", message, **fields)


def _print_cost(view: ProgressView, costs: Sequence[Cost | None], total: Cost | None) -> None:
    if total is None or costs[0] is None:
        view.note("cost: this service does not tell it")
    elif len(costs) == 1:
        view.note(f"cost: {costs[0].words}")
    else:
        view.note(f"cost: {total.shown} for {len(costs)} jobs")


def _print_plan(
    output: Output,
    generations: Sequence[Generation],
    requests: Sequence[JobRequest],
    costs: Sequence[Cost | None],
    inputs: Sequence[Sequence[str] | None],
    estimates: Sequence[Any],
) -> None:
    """Print what would be sent, its cost or an estimate of it, and the fields of an app."""
    plans: list[dict[str, Any]] = []
    lines: list[str] = []
    for generation, request, cost, known, estimate in zip(generations, requests, costs, inputs, estimates, strict=True):
        told = dict(request.describe())
        amount: Mapping[str, Any] = {"credits": None, "estimated_ms": None} if cost is None else cost.told
        plans.append({**told, **amount, **({} if known is None else {"input_fields": known})})
        plans[-1] |= {} if estimate is None else {"estimate": estimate.to_dict()}
        lines += [f"{generation.label}:"] if len(requests) > 1 else []
        unpriced = "this service does not tell it" if estimate is None else f"by estimate {estimate}"
        rows = {**told, "cost": unpriced if cost is None else cost.words}
        rows |= {} if known is None else {"the app's fields": ", ".join(known)}
        lines += [f"{name:<16}  {one_line(str(value))}" for name, value in rows.items()]
    total = _total(costs)
    lines += [f"{'total':<16}  {total.shown}"] if len(plans) > 1 and total is not None else []
    fields = plans[0] if len(plans) == 1 else {"results": plans}
    output.result([*lines, "nothing was submitted"], {"dry_run": True, **fields})


def _combined(tasks: Sequence[Task], costs: Sequence[Cost | None]) -> Failure:
    """Return the failure of a command with failed tasks: the most important one of theirs."""
    failures = [task.failure for task in tasks if task.failure is not None]
    worst = max(failures, key=lambda failure: failure.exit_code)
    if len(tasks) == 1:
        return worst
    code = worst.exit_code
    if any(_waits(task) for task in tasks):
        code = max(code, Exit.JOB_WAITS)
    elif code < Exit.JOB_FAILED and any(task.job is not None for task in tasks):
        code = Exit.JOB_FAILED  # what was submitted is done: running all of it again would pay for that again
    done = sum(task.job is not None and task.failure is None for task in tasks)
    left = [task.label for task in tasks if task.job is None and task.failure is None]
    hints = tuple(f"{task.label}: {task.failure.message}" for task in tasks if task.failure is not None)
    hints += (f"not submitted: {', '.join(left)}",) if left else ()
    results = [
        {"label": task.label, **_fields(task, cost), "error": _error_of(task)}
        for task, cost in zip(tasks, costs, strict=True)
    ]
    fields = {**worst.fields, "results": results}
    del fields["code"], fields["message"], fields["exit_code"]
    return Failure(code, worst.fields["code"], f"{done} of {len(tasks)} are done", hints=hints, **fields)


def _waits(task: Task) -> bool:
    """Return whether a task's job is there, and its result can be fetched later."""
    return task.job is not None and task.failure is not None and task.failure.exit_code not in _JOB_ENDED


def _error_of(task: Task) -> Mapping[str, Any] | None:
    """Return a task's failure as its fields, None if it has none."""
    if task.failure is None:
        return None
    return {**task.failure.fields, **({"exit_code": int(Exit.JOB_WAITS)} if _waits(task) else {})}


def _fields(task: Task, cost: Cost | None) -> Mapping[str, Any]:
    """Return a task as one JSON object: the library's object of its result, and the command's additional fields."""
    job = task.job
    named = {"job_token": None, "job_id": None} if job is None else {"job_token": job.token, "job_id": job.job_id}
    return {**named, **described(task), **({"credits": None} if cost is None else {cost.field: cost.amount})}


def described(task: Task) -> dict[str, Any]:
    """Return the library's object of a result, with the paths of the saved files."""
    told = {} if task.result is None else task.result.to_dict()
    return {**told, "saved": [str(path) for path in task.files]}
