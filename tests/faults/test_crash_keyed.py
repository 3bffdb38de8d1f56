"""SIGKILL anywhere around a submit of v3 whose request was recorded: it is one job, and its result is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mirelo_ergo.emulator import Emulator, running
from tests.faults.children import Child
from tests.faults.harness import in_real_time
from tests.faults.interrupts import POINTS
from tests.faults.test_crash import TIMES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.harness import Face

KILLED = 9


@pytest.fixture(scope="module")
def prepared() -> Iterator[Child]:
    """Start the one process that all that crash are forked from."""
    with Child("prepared") as child:
        yield child


@pytest.fixture
def service() -> Iterator[Emulator]:
    """A service that knows its keys, and whose jobs are over at once."""
    with running(speed=1e6) as emulator:
        yield emulator


@in_real_time
@pytest.mark.parametrize("point", [*POINTS, "after the token"])
def test_a_resubmit_makes_no_second_job(
    face: Face, prepared: Child, service: Emulator, point: str, tmp_path: Path
) -> None:
    """Two processes more send the recorded request again, the first of which is killed too."""
    client = face.open(service.url)
    for number in range(TIMES):
        place, prompt = tmp_path / f"request-{number}", f"sound {number}"
        for again in (False, True):
            prepared.tell(face.colour, service.url, point, prompt, str(place), again)
            assert prepared.hear() == {"status": KILLED}
        token = place.read_text()
        first, second = (face.do(client.resubmit(token)) for _ in range(2))
        assert first.job_id == second.job_id
        (sound,) = face.do(face.do(first.wait(poll_interval_ms=1)).bytes())
        assert len(sound) == 44 + 192_000
    prompts = [job.request["input"]["prompt"] for job in service.jobs]
    assert prompts == [f"sound {number}" for number in range(TIMES)]
    assert len(service.charges) == TIMES
