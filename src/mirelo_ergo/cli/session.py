"""The session of one command, which reports what it submitted and saved, however it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from pathlib import Path

    from mirelo_ergo import Job, JobResult

    from .failures import Failure
    from .inputs import Stdin
    from .output import Output
    from .resume import Resumption


@attrs.define
class Task:
    """One job of this command. `submitted` says that this command, not an earlier one, has paid for it.

    `jobs` has one job as soon as there is one: a list, because adding to it cannot be interrupted halfway.
    """

    label: str
    resumption: Resumption
    submitted: bool
    request: str | None = None
    """The token of a request that may have been taken, until its job is known."""
    jobs: list[Job] = attrs.field(factory=list)
    files: list[Path] = attrs.field(factory=list)
    failure: Failure | None = None
    result: JobResult | None = None

    @property
    def job(self) -> Job | None:
        """The job, None before the submit."""
        return self.jobs[0] if self.jobs else None


@attrs.define
class Session:
    """The state of a command for its end."""

    output: Output
    _stdin: Stdin | None = None
    tasks: list[Task] = attrs.field(factory=list)
    batches: list[Any] = attrs.field(factory=list)
    """The batches that this command has paid for at a service, as that returned them."""
    way_to_batch: str = ""
    """The command that shows such a batch, without its id."""
    has_ledger: bool = False
    """Whether a batch's ledger has the jobs, instead of `tasks`."""

    @property
    def stdin(self) -> Stdin:
        """Standard input, which a command reads once."""
        if self._stdin is None:
            from .inputs import Stdin

            self._stdin = Stdin()
        return self._stdin

    def close(self) -> None:
        """Close the files with the content of pipes."""
        if self._stdin is not None:
            for file in self._stdin.copies:
                file.close()
