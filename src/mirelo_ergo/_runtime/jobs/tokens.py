"""Job tokens: short strings without secrets that resume a job in another process. Tokens are untrusted input.

A token is `service2:family:model:id:submitted:estimate:asked`: the time in Unix seconds, the estimate in ms, and how
many results were asked for; the last two may be empty. Family, model and id are percent-escaped, because each service
has names of its own form. Tokens of the first form (`service1:…`, without the last field) are still read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import attrs

from ...errors import InvalidRequestError
from ..ids import job_id_problem, name_problem
from ..redact import short_repr, shorten

if TYPE_CHECKING:
    from collections.abc import Callable

_WORD = "[A-Za-z0-9%._~/@-]{1,600}"
_TOKEN = re.compile(
    rf"(?P<service>[a-z][a-z_-]{{0,29}})[12]:(?P<family>{_WORD}):(?P<model>{_WORD}):(?P<id>{_WORD})"
    r":(?P<submitted>[0-9]{1,11}):(?P<estimate>[0-9]{0,10})(?::(?P<asked>[0-9]{0,6}))?",
    re.ASCII,
)
_SAFE = "/@"
"""Characters that need no escape: no shell and no double click splits a token at them."""


@attrs.frozen
class JobRecord:
    """The data that is needed to poll a job. `submitted_at` is in Unix seconds; None: not known."""

    service: str
    family: str
    model: str
    job_id: str
    submitted_at: float
    estimated_ms: int | None
    asked: int | None = None
    """The number of requested results."""

    @property
    def token(self) -> str:
        """The job's token, in the second form."""
        words = [quote(word, safe=_SAFE) for word in (self.family, self.model, self.job_id)]
        counts = [_clamped(self.estimated_ms, 10**9), _clamped(self.asked, 999_999)]
        return ":".join([f"{self.service}2", *words, str(int(self.submitted_at)), *counts])


def service_of(token: str) -> str | None:
    """Return the name of the service in a token, None if it is not a token."""
    match = _TOKEN.fullmatch(token.strip()) if isinstance(token, str) else None
    return match and match["service"]


def read_token(token: str, service: str, knows: Callable[[str, str], bool]) -> JobRecord:
    """Return the job of a token of this service. Raises `InvalidRequestError`.

    A token contains no address: the job is polled at the client's own.
    """
    match = _TOKEN.fullmatch(token.strip()) if isinstance(token, str) else None
    if match is None:
        raise _refused(
            f"token={short_repr(token)} is not a job token ({service}2:family:model:id:submitted:estimate:asked)"
        )
    name = match["service"]
    if name != service:
        raise _refused(f"token: it is of a job at {name}, and this client speaks to {service}: use {name}'s own client")
    family, model, job_id = (unquote(match[part], errors="replace") for part in ("family", "model", "id"))
    for what, word in (("family", family), ("model", model)):
        problem = name_problem(word)
        if problem is not None:
            raise _refused(f"token: its {what} {short_repr(word)} {problem}")
    if not knows(family, model):
        raise _refused(
            f"token: this version knows no family {shorten(family)} in model {shorten(model)}: update mirelo-ergo"
        )
    problem = job_id_problem(job_id)
    if problem is not None:
        raise _refused(f"token: its job id {short_repr(job_id)} {problem}")
    submitted = float(match["submitted"])
    return JobRecord(name, family, model, job_id, submitted, _number(match["estimate"]), _number(match["asked"]))


def _clamped(number: int | None, most: int) -> str:
    return "" if number is None else str(min(max(number, 0), most))


def _number(digits: str | None) -> int | None:
    return int(digits) if digits else None


def _refused(message: str) -> InvalidRequestError:
    return InvalidRequestError(message, field="token")
