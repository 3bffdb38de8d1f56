"""The description of the Mirelo API's jobs, v2 and v3, for the runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .._runtime.api.endpoints import describe
from .._runtime.jobs.protocol import JobApi, operation_names
from .._runtime.jobs.schedule import PROMPT
from .._runtime.lazy import LazyModule
from .api import MIRELO
from .families import FAMILIES
from .job_values import read_accepted, read_status
from .v3 import FAMILIES as V3_FAMILIES
from .v3 import RUNNING, poll_path
from .versions import MIDI, is_v3

if TYPE_CHECKING:
    from .._runtime.jobs.tokens import JobRecord
    from . import midi, v3_values
else:
    midi, v3_values = LazyModule("mirelo_ergo.mirelo.midi"), LazyModule("mirelo_ergo.mirelo.v3_values")

ASSET_LIFETIME: Final = 23 * 3600.0
"""Seconds for which an asset id is reused; the service keeps assets for 24 h."""


def _poll_endpoint(record: JobRecord) -> tuple[str, str]:
    endpoint = FAMILIES[record.family, record.model].endpoints.poll
    return endpoint.name, describe(endpoint, {"job_id": record.job_id})["url"]


MIRELO_JOBS: Final = JobApi(
    api=MIRELO,
    operations=operation_names(FAMILIES),
    knows=lambda family, model: family != MIDI and (family, model) in FAMILIES,
    poll_endpoint=_poll_endpoint,
    read_accepted=read_accepted,
    read_status=read_status,
    running=frozenset({"processing"}),
    schedule=PROMPT,
    lifetime=24 * 3600.0,
)
MIRELO_MIDI_JOBS: Final = JobApi(
    api=MIRELO,
    operations=operation_names([(MIDI, "")]),
    knows=lambda family, model: family == MIDI and (family, model) in FAMILIES,
    poll_endpoint=_poll_endpoint,
    read_accepted=read_accepted,
    read_status=lambda record, reply, wall: midi.read_status(record, reply, wall),
    running=frozenset({"processing"}),
    schedule=PROMPT,
    lifetime=24 * 3600.0,
)
MIRELO_V3_JOBS: Final = JobApi(
    api=MIRELO,
    operations=operation_names((name, "") for name in V3_FAMILIES),
    knows=lambda family, model: family in V3_FAMILIES and is_v3(model),
    poll_endpoint=lambda record: poll_path(record.family, record.job_id),
    read_accepted=lambda reply: v3_values.read_accepted(reply),
    read_status=lambda record, reply, wall: v3_values.read_status(record, reply, wall),
    running=RUNNING,
    schedule=PROMPT,
    lifetime=24 * 3600.0,
)
MIRELO_APIS: Final = (MIRELO_JOBS, MIRELO_MIDI_JOBS, MIRELO_V3_JOBS)
"""The jobs of both versions."""
