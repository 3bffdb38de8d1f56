"""Rows 73 to 76, 79, 83, 84 and 94 as users of Mirelo v3 meet them: its creates are class K, its uploads are forms."""

from __future__ import annotations

import itertools
import json
import pickle
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo import (
    IncompleteResultError,
    InsufficientCreditsError,
    InvalidRequestError,
    RateLimitError,
    SubmitOutcomeUnknown,
    UploadError,
)
from mirelo_ergo._runtime.io.deadline import Timing
from tests.faults import mirelo
from tests.faults.clock import Clock
from tests.faults.harness import KEY, SIGNATURE
from tests.faults.server import FaultServer
from tests.faults.steps import Close, ReadRequest, Reset, Respond, Send, Stall, json_response
from tests.faults.transfer import mp4

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.harness import Face
    from tests.faults.steps import Script
    from tests.faults.wire import Received

TEXT, VIDEO = "/v3/text-to-sfx/generations", "/v3/video-to-sfx/generations"
SOUND = b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\xbb\0\0\0\x77\x01\0\x02\0\x10\0data\x04\0\0\0\0\0\0\0"
EXPIRED = Respond(403, b"<Error><Code>AccessDenied</Code><Message>Policy expired.</Message></Error>")


def refused(status: int, code: str, **more: Any) -> Respond:
    return json_response(status, {"error": {"code": code, "message": "made by the test", **more}})


def receipt(job_id: str) -> Respond:
    return json_response(202, {"id": job_id, "status": "queued", "estimated_ms": 1000})


class Service:
    """Mirelo v3 and its store: the faults of creates and uploads come first, then every key has its one job."""

    def __init__(self, *creates: Script, uploads: tuple[Script, ...] = (), max_bytes: int | None = None) -> None:
        self.creates, self.uploads, self.max_bytes = list(creates), list(uploads), max_bytes
        self.jobs: dict[str, str] = {}
        self.url = ""
        self.variants = 1
        self.asked = 1
        self.files = itertools.count(1)
        self.expired: set[str] = set()
        self._assets = itertools.count(1)

    def __call__(self, request: Received) -> Script:
        path = request.path.partition("?")[0]
        if path == "/v3/assets":
            number = next(self._assets)
            fields = {"key": f"uploads/{number}", "policy": "eyJ9", "x-amz-signature": "geheim-77aa31"}
            body = {"id": f"ast-{number}", "upload_url": f"{self.url}/store/{number}", "fields": fields}
            return json_response(201, {**body, "max_bytes": self.max_bytes})
        if path.startswith("/store/"):
            return self.uploads.pop(0) if self.uploads else Respond(204)
        if path.startswith("/files/"):
            return Respond(403) if path in self.expired else Respond(200, SOUND, {"Content-Type": "audio/wav"})
        if request.method == "GET":
            return self.finished(path.rpartition("/")[2])
        if self.creates:
            return self.creates.pop(0)
        return receipt(self.jobs.setdefault(request.headers["idempotency-key"], f"job-{len(self.jobs)}"))

    def finished(self, job_id: str) -> Respond:
        def variant(index: int) -> dict[str, Any]:
            url = f"{self.url}/files/{next(self.files)}.wav?{SIGNATURE}"
            return {"index": index, "status": "succeeded", "files": {"audio": {"url": url, "format": "wav"}}}

        output = {"variants_requested": self.asked, "variants": [variant(number) for number in range(self.variants)]}
        status = "succeeded" if self.variants == self.asked else "partially_succeeded"
        return json_response(
            200,
            {"id": job_id, "status": status, "completed_at": mirelo.COMPLETED, "result": {"output": output}},
        )

    def serve(self, server: FaultServer) -> None:
        self.url = server.url
        server.play(self)


def creates(server: FaultServer) -> list[Received]:
    return [request for request in server.requests if request.method == "POST" and request.path in (TEXT, VIDEO)]


def assert_one_submit(server: FaultServer, sends: int) -> None:
    """Check that so many creates were one and the same, under one key."""
    sent = creates(server)
    assert len(sent) == sends
    assert len({(each.path, each.body, each.headers["idempotency-key"]) for each in sent}) == 1


@contextmanager
def serving(face: Face, service: Service, seconds: float) -> Iterator[FaultServer]:
    """Serve within so many seconds."""
    with FaultServer() as server, face.promise(seconds):
        service.serve(server)
        yield server


def opened(face: Face, server: FaultServer, clock: Clock | None = None, **options: Any) -> Any:
    """Return a client, which waits on the clock if there is one."""
    client = face.open(server.url, model="sfx-2.0", **options)
    if clock is not None:
        clock.drive(client)
    return client


def clip_of(folder: Path, size: int) -> Path:
    clip = folder / "clip.mp4"
    clip.write_bytes(mp4(size))
    return clip


CUT = receipt("job-0").wire
FAULTS: dict[str, Script] = {
    "reset": [ReadRequest(), Reset()],
    "closed": [ReadRequest(), Close()],
    "lost": [ReadRequest(), Send(CUT[:-30]), Close()],
    "page": mirelo.html_error(502),
    "useless": Respond(202),
    "timeout": [ReadRequest(), Stall()],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_73_v3(face: Face, fault: str) -> None:
    """The response to a create of v3 is lost: the same bytes and key again, one job, and its result is reached."""
    service = Service(FAULTS[fault], FAULTS[fault])
    with serving(face, service, 2.0) as server:
        client = opened(face, server, timing=Timing(between_bytes=0.2))
        job = face.do(client.text_to_sfx("rain").submit_job())
        assert_one_submit(server, 3)
        assert face.do(face.do(job.wait(poll_interval_ms=1)).bytes()) == [SOUND]
        assert service.jobs == {creates(server)[0].headers["idempotency-key"]: job.job_id}


def test_fault_74_v3(face: Face) -> None:
    """409 twice, then the job, on a create of v3: it waits, one job."""
    service = Service([ReadRequest(), Reset()], mirelo.html_error(409), refused(409, "conflict"))
    with serving(face, service, 3.0) as server:
        job = face.do(opened(face, server).text_to_sfx("rain").submit_job())
        assert_one_submit(server, 4)
        assert list(service.jobs.values()) == [job.job_id]


def test_fault_75_v3(face: Face) -> None:
    """Always 409, on a create of v3: bounded, and the error has the key, with which it can be sent again."""
    clock = Clock()
    service = Service(*[refused(409, "conflict")] * 1000)
    with serving(face, service, 2.0) as server:
        client = opened(face, server, clock, timeout_ms=600_000, backoff_ms=500)
        request = client.text_to_sfx("rain")
        error = face.failing(request.submit_job)
        assert type(error) is SubmitOutcomeUnknown
        assert 50.0 < clock.passed <= 60.0
        assert "an earlier attempt is still in flight, or the key was used for a different request" in error.message
        assert {each.headers["idempotency-key"] for each in creates(server)} == {error.idempotency_key}
        service.creates.clear()
        job = face.do(request.resubmit(error))
        assert service.jobs == {error.idempotency_key: job.job_id}
        assert len({each.body for each in creates(server)}) == 1


@pytest.mark.parametrize("status", [200, 201])
def test_fault_76_v3(face: Face, status: int) -> None:
    """The first attempt's job comes back whole, with another status code: accepted."""
    whole = json_response(status, {"id": "job-0", "status": "succeeded"})
    service = Service([ReadRequest(), Reset()], whole)
    with serving(face, service, 1.0) as server:
        assert face.do(opened(face, server).text_to_sfx("rain").submit_job()).job_id == "job-0"
        assert_one_submit(server, 2)


@pytest.mark.parametrize("status", [400, 409, 422])
def test_fault_83_v3(face: Face, status: int, tmp_path: Path) -> None:
    """The policy has expired, then `asset_not_ready` five times: one new asset, and one create until it is taken."""
    clip = clip_of(tmp_path, 300_000)
    service = Service(*[refused(status, "asset_not_ready")] * 5, uploads=(EXPIRED,))
    with serving(face, service, 10.0) as server:
        job = face.do(opened(face, server).video_to_sfx(clip, duration_ms=1000).submit_job())
        assert_one_submit(server, 6)
        assert json.loads(creates(server)[0].body)["input"] == {"video": {"type": "asset", "id": "ast-2"}}
        uploads = [request for request in server.requests if request.path.startswith("/store/")]
        assert [request.path for request in uploads] == ["/store/1", "/store/2"]
        assert all("authorization" not in request.headers for request in uploads)
        assert all(KEY.encode() not in request.body for request in uploads)
        assert list(service.jobs.values()) == [job.job_id]


def test_fault_83_v3_bounded(face: Face, tmp_path: Path) -> None:
    """An asset that is never ready: the deadline ends it, and nothing was charged."""
    clip = clip_of(tmp_path, 1000)
    clock = Clock()
    service = Service(*[refused(409, "asset_not_ready")] * 1000)
    with serving(face, service, 5.0) as server:
        client = opened(face, server, clock, timeout_ms=30_000)
        error = face.failing(client.video_to_sfx(clip, duration_ms=1000).submit_job)
        assert error.http_status in (408, 409)
        assert clock.passed <= 30.0
        assert service.jobs == {}


def test_fault_84_v3(face: Face, tmp_path: Path) -> None:
    """A file larger than `max_bytes` is refused before anything of it is sent, and nothing is submitted."""
    clip = clip_of(tmp_path, 3000)
    service = Service(max_bytes=2999)
    with serving(face, service, 2.0) as server:
        error = face.failing(opened(face, server).video_to_sfx(clip, duration_ms=1000).submit_job)
        assert isinstance(error, UploadError)
        assert "takes at most 2999; nothing was sent" in error.message
        assert [request.path for request in server.requests] == ["/v3/assets"]


def test_fault_94_v3(face: Face, tmp_path: Path) -> None:
    """One variant is missing: a typed error whose `.result` downloads what came; an expired file is signed again."""
    service = Service()
    service.asked, service.variants = 3, 2
    with serving(face, service, 3.0) as server:
        service.expired = {"/files/1.wav"}
        job = face.do(opened(face, server).text_to_sfx("rain", num_samples=3).submit_job())
        error = face.failing(job.wait, poll_interval_ms=1)
        assert isinstance(error, IncompleteResultError)
        assert len(error.result_urls) == 2
        saved = face.do(error.result.download(tmp_path))
        assert [path.read_bytes() for path in saved] == [SOUND, SOUND]


@pytest.mark.parametrize("status", ["succeeded", "partially_succeeded"])
def test_fault_44_v3(face: Face, status: str) -> None:
    """A good end without its results, and with errors that are no list: one more poll, which has them."""
    service = Service()
    with FaultServer() as server, face.promise(2.0):
        service.serve(server)
        job = face.do(opened(face, server).text_to_sfx("rain").submit_job())
        bare = json_response(200, {"id": job.job_id, "status": status, "errors": 0})
        whole = service.finished(job.job_id)
        server.play([bare, whole])
        result = face.do(job.wait(poll_interval_ms=1))
        assert (len(result.result_urls), result.incomplete) == (1, False)


@pytest.mark.parametrize("where", [VIDEO, "/v3/assets", "/store/"])
def test_fault_79_v3(face: Face, where: str, tmp_path: Path) -> None:
    """A 308 to another host on a create of v3, on its asset or on its form: no key reaches that host."""
    clip = clip_of(tmp_path, 3000)
    with FaultServer() as elsewhere, FaultServer() as server, face.promise(2.0):
        service = Service()
        service.url = server.url
        away = Respond(308, headers={"Location": f"{elsewhere.url}/v3"})
        server.play(lambda request: away if request.path.startswith(where) else service(request))
        error = face.failing(opened(face, server).video_to_sfx(clip, duration_ms=1000).submit_job)
        assert error.http_status == 308
        assert elsewhere.accepted == 0
        assert len([each for each in server.requests if each.path.startswith(where)]) == 1
        assert service.jobs == {}


def test_a_lack_of_credits_says_where_to_get_some(face: Face) -> None:
    recovery = {"credit_shortfall": 40, "recovery_action": "view_plans", "recovery_url": "https://plans.example.com/"}
    with FaultServer() as server, face.promise(2.0):
        for more in ({"credit_recovery": recovery}, recovery):
            server.play([refused(402, "insufficient_credits", **more)])
            error = face.failing(opened(face, server).text_to_sfx("rain").submit_job)
            assert isinstance(error, InsufficientCreditsError)
            assert error.recovery_url == "https://plans.example.com/"
        server.play([refused(402, "insufficient_credits")])
        error = face.failing(opened(face, server).text_to_sfx("rain").submit_job)
        assert isinstance(error, InsufficientCreditsError)
        assert error.recovery_url is None


def test_a_full_account_is_waited_for_under_the_same_key(face: Face) -> None:
    """`concurrency_limit_reached` is normal operation: as long as `timeout_ms` lasts, and longer than any outage."""
    clock = Clock()
    service = Service(*[refused(429, "concurrency_limit_reached")] * 40)
    with serving(face, service, 10.0) as server:
        client = opened(face, server, clock, timeout_ms=900_000, backoff_ms=500)
        assert face.do(client.text_to_sfx("rain").submit_job()).job_id == "job-0"
        assert_one_submit(server, 41)
        assert clock.passed > 60.0


def test_the_wait_for_a_full_account_ends_with_the_deadline(face: Face) -> None:
    clock = Clock()
    service = Service(*[refused(429, "concurrency_limit_reached")] * 1000)
    with serving(face, service, 10.0) as server:
        client = opened(face, server, clock, timeout_ms=200_000, backoff_ms=500)
        error = face.failing(client.text_to_sfx("rain").submit_job)
        assert type(error) is RateLimitError
        assert 150.0 < clock.passed <= 200.0


@pytest.mark.parametrize("when", ["while the price is asked for", "after prepare"])
def test_the_price_is_of_what_is_sent(face: Face, when: str, tmp_path: Path) -> None:
    """A file changes under the request: what goes out and is charged is what the price was asked of."""
    clip, service = clip_of(tmp_path, 3000), Service()

    def answer(request: Received) -> Script:
        if request.path.endswith("/preflight"):
            clip.write_bytes(mp4(5000))
            return json_response(200, {"credits": 10, "estimated_ms": 1000})
        return service(request)

    with serving(face, service, 5.0) as server:
        server.play(answer)
        request = opened(face, server, max_credits=10).video_to_sfx(clip, duration_ms=1000)
        if when == "after prepare":
            face.do(request.prepare())
            clip.write_bytes(mp4(4000))
        face.do(request.submit_job())
        (priced,) = (each for each in server.requests if each.path.endswith("/preflight"))
        (sent,) = creates(server)
        assert json.loads(priced.body) == json.loads(sent.body)
        assert sum(each.path.startswith("/store/") for each in server.requests) == 1


def test_a_key_grows_old_however_often_its_request_is_sent(face: Face) -> None:
    """Each re-send of an error's request has the age of the key, not of the error: the service counts from the key."""
    with serving(face, Service(*[FAULTS["reset"]] * 3), 5.0) as server:
        client = opened(face, server, retries=0)
        hours = 0.0
        client._io.wall = lambda: 1.7e9 + hours * 3600
        error = face.failing(client.text_to_sfx("rain").submit_job)
        hours = 23.0
        error = face.failing(client.resubmit, pickle.loads(pickle.dumps(error)))
        assert isinstance(error, SubmitOutcomeUnknown)
        hours = 25.0
        assert isinstance(face.failing(client.resubmit, error), InvalidRequestError)
        assert_one_submit(server, 2)
