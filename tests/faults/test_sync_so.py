"""Rows of docs/reliability.md for sync.so: creates under a key, forms, batches, lists and redirects, over real sockets.

The service stands in a fault server: the faults come first, in order, then every key gets its one generation.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo import (
    APIStatusError,
    CostLimitError,
    InvalidRequestError,
    RateLimitError,
    SourceChangedError,
    SubmitOutcomeUnknown,
    UnexpectedResponseError,
)
from mirelo_ergo._runtime.io.deadline import Timing
from mirelo_ergo.sync_so import Audio, Video
from tests.faults.clock import Clock
from tests.faults.harness import KEY
from tests.faults.mirelo import html_error
from tests.faults.server import FaultServer
from tests.faults.steps import Close, ReadBytes, ReadRequest, Reset, Respond, Send, Stall, json_response
from tests.faults.transfer import mp4

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mirelo_ergo import MireloError
    from tests.faults.harness import Face
    from tests.faults.steps import Script
    from tests.faults.wire import Received

GENERATE, BATCH = "/v2/generate", "/v2/batch"
PAIR = [Video(url="https://clips.example/a.mp4"), Audio(url="https://clips.example/a.wav")]
WAV = b"RIFF\x04\x00\x00\x00WAVE" + bytes(2000)
LINES = b'{"request_id": "1"}\n' * 20


def problem(status: int, code: str, **more: Any) -> Respond:
    headers = {name.replace("_", "-"): value for name, value in more.pop("headers", {}).items()}
    return json_response(
        status, {"message": "made by the test", "statusCode": status, "errorCode": code, **more}, headers
    )


def created(generation_id: str = "gen-1", status: int = 201) -> Respond:
    return json_response(status, {"id": generation_id, "status": "PENDING", "model": "lipsync-2", "input": []})


class Service:
    """sync.so, made for these rows; `film` is where its results lie."""

    def __init__(self, *faults: Script, film: str = "") -> None:
        self._faults = list(faults)
        self._keys: dict[str, str] = {}
        self.film = film

    def __call__(self, request: Received) -> Script:
        if request.method == "GET" and request.path.startswith(f"{GENERATE}/"):
            generation_id = request.path.partition("?")[0].rpartition("/")[2]
            done = {"id": generation_id, "status": "COMPLETED", "model": "lipsync-2", "outputUrl": self.film}
            return json_response(200, done)
        if self._faults:
            return self._faults.pop(0)
        if request.path == BATCH:
            return json_response(201, {"status": "VALIDATED"})
        key = request.headers.get("idempotency-key", f"none-{len(self._keys)}")
        return created(self._keys.setdefault(key, f"gen-{len(self._keys) + 1}"))


def submits(server: FaultServer) -> list[Received]:
    return [each for each in server.requests if each.method == "POST" and each.path in (GENERATE, BATCH)]


def assert_one(server: FaultServer, sends: int) -> None:
    """Check that so many creates were one and the same, under one key: it is paid once."""
    posts = submits(server)
    assert len(posts) == sends
    whole = [post for post in posts if post.complete]
    assert len({post.headers["idempotency-key"] for post in whole}) == 1
    assert len({(post.path, post.sha256, post.headers["content-type"]) for post in whole}) == 1


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "talk.mp4"
    path.write_bytes(mp4(3000))
    return path


def create(face: Face, client: Any, how: str, film: Path) -> str:
    """Create a generation in one of the ways that there are; return its id."""
    return str(face.do(_creation(client, how, film)))


def _creation(client: Any, how: str, film: Path) -> Any:
    if how == "lipsync":
        made = client.lipsync(*PAIR).submit_job()
    elif how == "files":
        made = client.generations.create_with_files(model="lipsync-2", video=film, audio=WAV)
    else:
        made = client.generations.create(model="lipsync-2", input=PAIR)
    if not hasattr(made, "__await__"):
        return getattr(made, "job_id", None) or made.id

    async def named() -> str:
        found = await made
        return str(getattr(found, "job_id", None) or found.id)

    return named()


WAYS = pytest.mark.parametrize("how", ["create", "files", "lipsync"])
CUT = created().wire
LOST: dict[str, Script] = {
    "reset": [ReadRequest(), Reset()],
    "closed": [ReadRequest(), Close()],
    "cut": [ReadRequest(), Send(CUT[:-9]), Close()],
    "page": html_error(502),
    "useless": Respond(201),
    "timeout": [ReadRequest(), Stall()],
}


@WAYS
@pytest.mark.parametrize("fault", LOST)
def test_fault_73_sync_so(face: Face, fault: str, how: str, film: Path) -> None:
    """sync.so: the answer to a create is lost, on K: the same bytes and key again, one generation."""
    with FaultServer(Service(LOST[fault], LOST[fault])) as server, face.promise(2.0):
        client = face.open(server.url, service="SyncSo", timing=Timing(between_bytes=0.2))
        assert create(face, client, how, film) == "gen-1"
        assert_one(server, 3)


@WAYS
def test_fault_74_sync_so(face: Face, how: str, film: Path) -> None:
    """sync.so: 409 twice, then the generation, on K: it waits, one generation."""
    conflicts = [html_error(409), problem(409, "IDEMPOTENCY_KEY_IN_FLIGHT", headers={"Retry_After": "0"})]
    with FaultServer(Service([ReadRequest(), Reset()], *conflicts)) as server, face.promise(2.0):
        assert create(face, face.open(server.url, service="SyncSo"), how, film) == "gen-1"
        assert_one(server, 4)


def test_fault_75_sync_so(face: Face) -> None:
    """sync.so: always 409, on K: it ends within a minute of waiting, and the error has the key."""
    clock = Clock()
    with FaultServer([problem(409, "IDEMPOTENCY_KEY_CONFLICT")]) as server, face.promise(2.0):
        client = face.open(server.url, service="SyncSo", timeout_ms=600_000, backoff_ms=500)
        clock.drive(client)
        error = face.failing(client.generations.create, model="lipsync-2", input=PAIR, idempotency_key="my-key")
        assert type(error) is SubmitOutcomeUnknown
        assert (error.http_status, error.idempotency_key) == (409, "my-key")
        assert clock.passed <= 60.0
        assert {post.headers["idempotency-key"] for post in submits(server)} == {"my-key"}


@WAYS
@pytest.mark.parametrize("named", [True, False], ids=["named", "unnamed"])
def test_fault_78_sync_so(face: Face, named: bool, how: str, film: Path) -> None:
    """sync.so: the outcome is unknown to it, on K: a generation that it names is polled; else it is unknown."""
    more = {"generationId": "gen-7"} if named else {}
    unknown = problem(409, "IDEMPOTENCY_OUTCOME_UNKNOWN", **more)
    with FaultServer(Service(unknown)) as server, face.promise(1.0):
        client = face.open(server.url, service="SyncSo")
        if named:
            assert create(face, client, how, film) == "gen-7"
            polled = [each.path for each in server.requests if each.method == "GET"]
            assert how == "lipsync" or polled == ["/v2/generate/gen-7"]
        else:
            error: MireloError = face.failing(lambda: _creation(client, how, film))
            assert isinstance(error, SubmitOutcomeUnknown)
            assert (error.code, error.job) == ("IDEMPOTENCY_OUTCOME_UNKNOWN", None)
            assert error.idempotency_key == submits(server)[0].headers["idempotency-key"]
        assert_one(server, 1)


@WAYS
def test_fault_79_sync_so(face: Face, how: str, film: Path) -> None:
    """sync.so: a 308 to another host on a create: neither key reaches that host."""
    with FaultServer() as elsewhere, FaultServer() as server, face.promise(1.0):
        server.play([Respond(308, headers={"Location": f"{elsewhere.url}{GENERATE}"})])
        client = face.open(server.url, service="SyncSo")
        error = face.failing(lambda: _creation(client, how, film))
        assert type(error) is APIStatusError
        assert error.http_status == 308
        assert elsewhere.accepted == 0


@pytest.mark.parametrize("call", ["assets", "generations", "batch"])
def test_fault_79_sync_so_list(face: Face, call: str) -> None:
    """sync.so: a 308 to another host on a list: the key does not reach that host."""
    with FaultServer() as elsewhere, FaultServer() as server, face.promise(2.0):
        server.play([Respond(308, headers={"Location": f"{elsewhere.url}/v2/{call}"})])
        face.failing(getattr(face.open(server.url, service="SyncSo"), call).list)
        assert elsewhere.accepted == 0


def test_fault_79_sync_so_results(face: Face) -> None:
    """sync.so: a batch's result leads to another host: it is fetched from there without the key."""
    with FaultServer() as store, FaultServer() as server, face.promise(2.0):
        store.play([Respond(200, b'{"request_id": "1"}\n{"request_id": "2"}\n', {"Content-Type": "application/jsonl"})])
        result = f"{server.url}/v2/batches/b1/result"
        found = json_response(200, {"id": "b1", "status": "COMPLETED", "outputUrl": result})
        server.play([found, Respond(302, headers={"Location": f"{store.url}/lines?X-Signature=geheim-77aa31"})])
        client = face.open(server.url, service="SyncSo")
        lines = face.do(client.batch.results("b1"))
        assert [line["request_id"] for line in lines] == ["1", "2"]
        assert [each.headers.get("x-api-key") for each in server.requests] == [KEY, KEY]
        (outside,) = store.requests
        assert {"x-api-key", "authorization", "idempotency-key"} & set(outside.headers) == set()


# --- forms -----------------------------------------------------------------------------------------------------------


def _boundaries(post: Received) -> list[int]:
    mark = b"--" + post.headers["content-type"].partition("boundary=")[2].encode()
    places, at = [], post.body.find(mark)
    while at >= 0:
        places.append(at)
        at = post.body.find(mark, at + 1)
    return places


@pytest.mark.parametrize("number", range(4))
def test_fault_80_sync_so(face: Face, number: int, film: Path) -> None:
    """sync.so: a form reset at every part's boundary, on K: every part is sent again, byte for byte."""
    with FaultServer(Service()) as server, face.promise(1.0):
        client = face.open(server.url, service="SyncSo")
        create(face, client, "files", film)
        places = _boundaries(submits(server)[0])
        assert len(places) == 4, "model, video, audio and the end"
    with FaultServer(Service([ReadBytes(places[number]), Reset()])) as server, face.promise(1.0):
        create(face, face.open(server.url, service="SyncSo"), "files", film)
        assert_one(server, 2)
        again = submits(server)[-1]
        assert int(again.headers["content-length"]) == again.length
        for part in (b'name="model"\r\n\r\nlipsync-2\r\n', film.read_bytes(), WAV):
            assert part in again.body


def test_fault_80_sync_so_batch(face: Face) -> None:
    """sync.so: the answer to a batch is lost, on P: unknown, and nothing is sent again."""
    with FaultServer(Service([ReadRequest(), Reset()])) as server, face.promise(1.0):
        error = face.failing(face.open(server.url, service="SyncSo").batch.create, input=LINES)
        assert type(error) is SubmitOutcomeUnknown
        assert "may charge twice" in error.message
        assert len(submits(server)) == 1


@pytest.mark.parametrize(
    "fault", [html_error(503), html_error(429), problem(500, "internal_error"), [ReadRequest(), Reset()], Respond(201)]
)
def test_fault_81_sync_so(face: Face, fault: Script) -> None:
    """sync.so: a dry run is sent again: it is still a dry run, with every part, and costs nothing."""
    with FaultServer(Service(fault)) as server, face.promise(3.0):
        client = face.open(server.url, service="SyncSo")
        lines = ("lines.jsonl", LINES)
        options = {"max_retries": 3}
        checked = client.batch.create(input=lines, dry_run=True, webhook_url="https://h/", request_options=options)
        assert face.do(checked).status == "VALIDATED"
        posts = submits(server)
        assert len(posts) == 2
        for post in posts:
            for part in (b'name="dry_run"\r\n\r\ntrue\r\n', b'name="webhook_url"\r\n\r\nhttps://h/\r\n', LINES):
                assert part in post.body


@pytest.mark.parametrize("how", ["files", "batch"])
def test_fault_82_sync_so(face: Face, how: str, film: Path) -> None:
    """sync.so: a form's file changes between attempts, on K and P: `SourceChangedError`, nothing submitted."""
    with FaultServer(Service(html_error(429))) as server, face.promise(1.0):
        client = face.open(server.url, service="SyncSo")
        sleep = client._io.sleep

        async def pause(seconds: float) -> None:
            film.write_bytes(mp4(4000))
            await sleep(seconds)

        client._io.sleep = pause
        if how == "batch":
            error = face.failing(client.batch.create, input=film)
        else:
            error = face.failing(client.generations.create_with_files, model="m", video=film, audio=WAV)
        assert type(error) is SourceChangedError
        assert len(submits(server)) == 1


# --- lists -----------------------------------------------------------------------------------------------------------


def test_fault_92_sync_so(face: Face) -> None:
    """sync.so: a list that leads back to its cursor, or whose pages repeat: a typed error, not a loop."""
    page = json_response(200, {"items": [{"id": "a1"}], "nextCursor": "c1"})
    same = json_response(200, [{"id": "g1"}, {"id": "g2"}])
    with FaultServer([page]) as server, face.promise(2.0):
        client = face.open(server.url, service="SyncSo")
        error = face.failing(lambda: _all(face, client.assets.list(limit=1)))
        assert isinstance(error, UnexpectedResponseError)
        assert error.code == "endless_list"
    with FaultServer([same]) as server, face.promise(2.0):
        client = face.open(server.url, service="SyncSo")
        error = face.failing(lambda: _all(face, client.generations.list(limit=2)))
        assert isinstance(error, UnexpectedResponseError)
        assert [each.path.partition("?")[2] for each in server.requests] == ["limit=2", "limit=2&cursor=g2"]


def test_fault_92_sync_so_page(face: Face) -> None:
    """sync.so: page 3 answers with 500: it is asked for again."""
    pages = [json_response(200, {"items": [{"id": f"a{n}"}], "nextCursor": f"c{n}"}) for n in (1, 2)]
    last = json_response(200, {"items": [{"id": "a3"}], "nextCursor": None})
    with FaultServer([*pages, problem(500, "internal_error"), last]) as server, face.promise(2.0):
        client = face.open(server.url, service="SyncSo")
        assert [each.id for each in _all(face, client.assets.list(limit=1))] == ["a1", "a2", "a3"]
        queries = [each.path.partition("?")[2] for each in server.requests]
        assert queries == ["limit=1", "limit=1&cursor=c1", "limit=1&cursor=c2", "limit=1&cursor=c2"]


def _all(face: Face, page: Any) -> list[Any]:
    return face.each(face.do(page))


# --- pacing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["create", "files", "lipsync", "batch"])
def test_a_full_plan_is_waited_for(face: Face, how: str, film: Path) -> None:
    clock = Clock()
    full = problem(429, "concurrency_limit_reached")
    with FaultServer(Service(*[full] * 40)) as server, face.promise(10.0):
        client = face.open(server.url, service="SyncSo", timeout_ms=900_000, backoff_ms=500)
        clock.drive(client)
        if how == "batch":
            assert face.do(client.batch.create(input=LINES)).status == "VALIDATED"
        else:
            assert create(face, client, how, film) == "gen-1"
            assert_one(server, 41)
        assert clock.passed > 60.0, "longer than an outage is waited for"


def test_the_wait_for_a_turn_ends_with_the_deadline(face: Face) -> None:
    clock = Clock()
    with FaultServer([problem(429, "concurrency_limit_reached")]) as server, face.promise(10.0):
        client = face.open(server.url, service="SyncSo", timeout_ms=200_000, backoff_ms=500)
        clock.drive(client)
        error = face.failing(client.generations.create, model="lipsync-2", input=PAIR)
        assert type(error) is RateLimitError
        assert 150.0 < clock.passed <= 200.0
        sent = len(submits(server))
        face.failing(client.generations.create, model="m", input=PAIR, request_options={"max_retries": 2})
        assert len(submits(server)) == sent + 3, "max_retries caps it"


def test_a_result_is_fetched_without_the_key(face: Face) -> None:
    with FaultServer() as store, FaultServer() as server, face.promise(3.0):
        store.play([Respond(200, mp4(3000), {"Content-Type": "video/mp4"})])
        server.play(Service(film=f"{store.url}/1.mp4?X-Signature=geheim-77aa31"))
        job = face.do(face.open(server.url, service="SyncSo").lipsync(*PAIR).submit_job())
        assert face.do(face.do(job.wait(poll_interval_ms=10)).bytes()) == [mp4(3000)]
        (fetched,) = store.requests
        assert KEY not in json.dumps(dict(fetched.headers))


class Shop(Service):
    """The same with uploads and prices; the price of everything is `cost`."""

    def __init__(self, cost: float = 1.0) -> None:
        super().__init__()
        self.cost, self.url, self.assets = cost, "", 0
        self.meanwhile: Callable[[], object] = lambda: None

    def __call__(self, request: Received) -> Script:
        if request.path == "/v2/assets/upload":
            place = f"{self.url}/put"
            return json_response(201, {"uploadUrl": place, "url": place, "expiresIn": 900})
        if request.path == "/put":
            return Respond(200)
        if request.path == "/v2/assets":
            self.assets += 1
            return json_response(201, {"id": f"ast-{self.assets}", "type": "VIDEO"})
        if request.path == "/v2/analyze/cost":
            self.meanwhile()
            return json_response(200, [{"estimatedFrameCount": 25, "estimatedGenerationCost": self.cost}])
        return super().__call__(request)


@pytest.mark.parametrize("when", ["while the price is asked for", "after prepare"])
def test_the_price_is_of_what_is_sent(face: Face, when: str, film: Path) -> None:
    """A film changes under the request: what goes out and is charged is what the price was asked of."""
    shop = Shop()
    shop.meanwhile = lambda: film.write_bytes(mp4(5000))
    with FaultServer(shop) as server, face.promise(5.0):
        shop.url = server.url
        request = face.open(server.url, service="SyncSo", max_cost_usd=1.0).lipsync(film, PAIR[1])
        if when == "after prepare":
            face.do(request.prepare())
            film.write_bytes(mp4(4000))
        face.do(request.submit_job())
        (sent,) = submits(server)
        (priced,) = (each for each in server.requests if each.path == "/v2/analyze/cost")
        assert json.loads(priced.body) == json.loads(sent.body)
        assert shop.assets == 1


def test_a_price_below_nothing_is_none(face: Face) -> None:
    shop = Shop(cost=-1.0)
    with FaultServer(shop) as server, face.promise(5.0):
        request = face.open(server.url, service="SyncSo", max_cost_usd=1.0).lipsync(*PAIR)
        assert isinstance(face.failing(request.submit_job), CostLimitError)
        assert not submits(server)


def test_a_key_grows_old_however_often_its_request_is_sent(face: Face) -> None:
    """Each re-send of an error's request has the age of the key, not of the error."""
    with FaultServer(Service(*[LOST["reset"]] * 3)) as server, face.promise(5.0):
        client = face.open(server.url, service="SyncSo", retries=0)
        hours = 0.0
        client._io.wall = lambda: 1.7e9 + hours * 3600
        error = face.failing(client.lipsync(*PAIR).submit_job)
        hours = 23.0
        error = face.failing(client.resubmit, error)
        assert isinstance(error, SubmitOutcomeUnknown)
        hours = 25.0
        assert isinstance(face.failing(client.resubmit, error), InvalidRequestError)
        assert_one(server, 2)
