"""A job in one short string without secrets, to be resumed in another process. Tokens are foreign input: checked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import attrs

from ...errors import InvalidRequestError
from ..ids import job_id_problem
from ..redact import short_repr, shorten

if TYPE_CHECKING:
    from collections.abc import Callable

_TOKEN = re.compile(
    r"([a-z]{1,20})1:([a-z0-9_/-]{1,60}):(v[0-9][0-9.]{0,10}):([A-Za-z0-9%._~-]{1,600}):([0-9]{1,11}):([0-9]{0,10})",
    re.ASCII,
)


@attrs.frozen
class JobRecord:
    """What is known of a job: enough to ask for it. `submitted_at` is in Unix seconds; None: not known."""

    service: str
    family: str
    model: str
    job_id: str
    submitted_at: float
    estimated_ms: int | None
    num_samples: int | None = None

    @property
    def token(self) -> str:
        """Give the job as `service1:family:model:id:time:estimate`."""
        estimate = "" if self.estimated_ms is None else str(min(max(self.estimated_ms, 0), 10**9))
        job_id = quote(self.job_id, safe="")
        return f"{self.service}1:{self.family}:{self.model}:{job_id}:{int(self.submitted_at)}:{estimate}"


def read_token(token: str, service: str, knows: Callable[[str, str], bool]) -> JobRecord:
    """Return the job that a token of this service tells of. Raises `InvalidRequestError`.

    A token holds no address: the job is asked for at the client's own.
    """
    match = _TOKEN.fullmatch(token.strip()) if isinstance(token, str) else None
    if match is None:
        raise InvalidRequestError(
            f"token={short_repr(token)} is not a job token ({service}1:family:model:id:time:estimate)",
            field="token",
        )
    name, family, model, escaped, submitted, estimate = match.groups()
    if name != service:
        raise InvalidRequestError(
            f"token: it is of a job at {name}, and this client speaks to {service}: use {name}'s own client",
            field="token",
        )
    if not knows(family, model):
        raise InvalidRequestError(
            f"token: this version knows no family {shorten(family)} in model {model}: update mirelo-ergo", field="token"
        )
    job_id = unquote(escaped, errors="replace")
    problem = job_id_problem(job_id)
    if problem is not None:
        raise InvalidRequestError(f"token: its job id {short_repr(job_id)} {problem}", field="token")
    return JobRecord(name, family, model, job_id, float(submitted), int(estimate) if estimate else None)
