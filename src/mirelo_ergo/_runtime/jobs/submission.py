"""One submit of a job, from its first byte until its handle exists. Any exception in between leads to the paid job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from ...errors import MireloError, SubmitOutcomeUnknown
from ..api.call import Call, causes
from ..webhooks.order import NOTHING, WebhookOrder
from .waiter import attach, note_token

if TYPE_CHECKING:
    from collections.abc import Callable

    from .tokens import JobRecord
    from .values import Accepted


@attrs.define(eq=False)
class Submission(Call):
    """A running submit. `order` are the headers or fields that order webhooks; the rest is set on the way."""

    order: WebhookOrder = NOTHING
    record_of: Callable[[str], JobRecord] | None = attrs.field(default=None, init=False)
    """Returns the record that resumes a job, given its id; None before the request is ready."""
    accepted: Accepted | None = attrs.field(default=None, init=False)
    """What the service responded; None before the response."""

    def lead_to_job(self, error: BaseException, handle: Callable[[JobRecord], object] | None = None) -> None:
        """Attach the job, if its id can be found, or else the open outcome to the exception that ended the submit.

        Without a `handle` only the job's token is attached.
        """
        self.explain(error)
        unknown = next((link for link in causes(error) if isinstance(link, SubmitOutcomeUnknown)), None)
        if unknown is None or unknown.job_id is None or self.record_of is None:
            return
        record = self.record_of(unknown.job_id)
        job = None if handle is None else handle(record)
        attach(unknown, job, record.token)
        if isinstance(error, MireloError):
            attach(error, job, record.token)
        else:
            note_token(error, record.token)
