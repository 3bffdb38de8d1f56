"""What goes to another process: errors whole, values as they are; the rest says what to pass in its place."""

from __future__ import annotations

import copy
import pickle
import threading
from typing import Any

import pytest

from mirelo_ergo import JobFailedError, JobTimeoutError, MireloError, SubmitOutcomeUnknown
from mirelo_ergo._runtime.io.protocol import run
from mirelo_ergo.batch import ManifestError
from tests.support import answers
from tests.support.virtual import VirtualIO, async_client_over, client_over


def twin(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def refusal(value: object) -> str:
    found = set()
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError) as caught:
            way(value)
        found.add(str(caught.value))
    (message,) = found
    assert message.startswith(f"{type(value).__name__} objects are neither pickled nor copied, because they hold")
    return message


def test_what_holds_a_client_says_what_to_pass_in_its_place() -> None:
    client = client_over(VirtualIO([answers.accepted(), answers.succeeded()]))
    request = client.text_to_sfx("rain")
    job = request.submit_job()
    result = job.wait()
    assert refusal(client).endswith(": make a client in each process")
    assert refusal(request).endswith(": pass what it was made of")
    assert refusal(job.updates()).endswith(f"client.job({job.token!r})")
    assert twin(result.files) == result.files
    assert twin(result.to_dict()) == result.to_dict()


def test_an_async_client_and_its_objects_say_the_same() -> None:
    client = async_client_over(VirtualIO([answers.accepted(), answers.succeeded()]))
    request = client.text_to_sfx("rain")
    job = run(request.submit_job())
    result = run(job.wait())
    for value, way in ((client, "make a client"), (request, "what it was made of")):
        assert way in refusal(value)
    assert twin(result.files) == result.files


def test_a_prepared_request_leads_to_its_token() -> None:
    request = client_over(VirtualIO()).text_to_sfx("rain", model="sfx-1.6")
    assert "prepare() returns, for client.resubmit(token)" in refusal(request)


def same(error: MireloError) -> MireloError:
    """Return the error as another process gets it, where it says all that it said, except for handles."""
    found: MireloError = twin(error)
    assert type(found) is type(error)
    assert found.args == error.args
    assert found.to_dict() == error.to_dict()
    assert (found.job, found.job_token) == (None, error.job_token)
    return found


@pytest.mark.parametrize("make", [client_over, async_client_over])
def test_errors_that_lead_to_paid_jobs_arrive_whole(make: Any) -> None:
    def fails(io: VirtualIO) -> MireloError:
        request = make(io).text_to_sfx("rain")
        way = request.run if make is client_over else lambda **limit: run(request.run(**limit))
        with pytest.raises(MireloError) as caught:
            way(timeout_ms=5000)
        return caught.value

    lost = fails(VirtualIO([answers.reset()]))
    assert isinstance(lost, SubmitOutcomeUnknown)
    assert same(lost).request == lost.request  # type: ignore[attr-defined]  # for find() and resubmit()
    ended = fails(VirtualIO([answers.accepted(), answers.errored()]))
    assert isinstance(ended, JobFailedError)
    assert same(ended).job_token
    late = fails(VirtualIO([answers.accepted(), *[answers.processing()] * 99]))
    assert isinstance(late, JobTimeoutError)
    assert same(late).job_token


class OwnError(MireloError):
    """A user's error, with arguments of its own."""

    def __init__(self, scene: int, take: int) -> None:
        super().__init__(f"scene {scene}, take {take}", "own")
        self.scene = scene


def test_no_error_is_lost_on_the_way_whatever_it_holds() -> None:
    """A pool of processes ends with the first error that it cannot read, and with it every result that was paid."""
    unknown = SubmitOutcomeUnknown("m", "c", 502, idempotency_key="k", request=threading.Lock())
    unknown.add_note("a note")
    found = same(unknown)
    assert (found.request, found.__notes__) == (None, ["a note"])  # type: ignore[attr-defined]
    own: Any = same(OwnError(3, 1))
    assert (own.scene, own.code, own.message) == (3, "own", "scene 3, take 1")
    mistakes = ManifestError(["row 2: no prompt"], 7, "sfx.csv")
    mistakes.add_note("a note")
    assert vars(same(mistakes)) == vars(mistakes)
