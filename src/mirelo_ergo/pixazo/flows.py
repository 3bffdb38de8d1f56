"""The flows of the gateway, written once for both clients: checking a request, and submitting it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from .._runtime.api.endpoints import describe
from .._runtime.api.requests import request_from
from .._runtime.jobs.flows import JobFlows
from .._runtime.redact import safe_url, shorten
from .._runtime.transfer.inputs import url_problem
from ..errors import InvalidRequestError
from .families import Generation

if TYPE_CHECKING:
    from .._runtime.jobs.submission import Submission
    from .._runtime.jobs.tokens import JobRecord
    from .families import Family, Fields


@attrs.define
class PixazoFlows(JobFlows):
    """The flows of one client."""

    def generation(self, family: Family, fields: Fields) -> Generation:
        """Return a checked request; raises `InvalidRequestError`. Sends nothing."""
        if "video_url" in fields:
            _check_url(family, fields["video_url"])
        generation = Generation(family, fields)
        if self.check_limits:
            generation.check()
        return generation

    async def submit(self, generation: Generation, submission: Submission) -> JobRecord:
        """Submit a job."""
        family, endpoint = generation.family, generation.family.endpoint
        kwargs = describe(endpoint, json=generation.fields)
        request = request_from(kwargs, submit=True, headers=submission.order.headers, fields=submission.order.fields)
        return await self.start(submission, endpoint.name, request, family.name, family.model, generation.num_samples)


def _check_url(family: Family, url: object) -> None:
    """Raise `InvalidRequestError` for a URL that the gateway cannot fetch. It takes no uploads."""
    problem = url_problem(url)
    if problem is None:
        return
    shown = safe_url(url) if isinstance(url, str) and "://" in url else shorten(url, 60)
    raise InvalidRequestError(
        f"{family.label}: video_url={shown} is not a URL ({problem}). The gateway fetches the clip itself and takes no "
        "uploads: give a public http(s) URL of it; nothing was sent",
        field="video_url",
    )
