"""The kinds of faults that cost money or a result, shown on every service: its own shapes, the same promises."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from mirelo_ergo import DownloadError, SubmitOutcomeUnknown
from tests.faults import mirelo
from tests.faults.acts import WAV
from tests.faults.harness import KEY, SIGNATURE
from tests.faults.server import FaultServer, Routes
from tests.faults.steps import Close, ReadRequest, Reset, Respond, Script, Send, Stall, chunked, json_response
from tests.faults.transfer import mp4

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.harness import Face

JSON = {"Content-Type": "application/json"}


@attrs.frozen
class Shop:
    """One service: how a job is asked for there, and what it answers."""

    service: str
    call: Callable[[Any], Any]
    accepted: Callable[[str], Respond]
    done: Callable[[str, str], Respond]
    result: bytes = WAV
    content_type: str = "audio/wav"
    keyed: bool = False

    def open(self, face: Face, server: FaultServer, **options: Any) -> Any:
        return face.open(server.url, service=self.service, **options)


def _v3_done(job_id: str, url: str) -> Respond:
    files = {"audio": {"url": url, "format": "wav", "url_expires_at": "2099-01-01T00:00:00Z"}}
    variants = [{"index": 0, "status": "succeeded", "files": files}]
    output = {"index": 0, "variants_requested": 1, "variants": variants}
    ended = {"status": "succeeded", "completed_at": "2026-03-01T12:00:00Z", "result": {"output": output}}
    return json_response(200, {"id": job_id, **ended})


def _pixazo_done(job_id: str, url: str) -> Respond:
    output = {"media_url": [url], "media_type": "audio/wav"}
    return json_response(200, {"request_id": job_id, "status": "COMPLETED", "output": output})


FILM = mp4(1000)
SHOPS: dict[str, Shop] = {
    "v2": Shop(
        "Mirelo",
        lambda client: client.text_to_sfx("rain"),
        mirelo.accepted,
        lambda job_id, url: mirelo.succeeded(url, job_id=job_id),
    ),
    "v3": Shop(
        "Mirelo",
        lambda client: client.text_to_sfx("rain", model="sfx-1.6", num_samples=1),
        lambda job_id: json_response(202, {"id": job_id, "status": "queued", "estimated_ms": 1000}),
        _v3_done,
        keyed=True,
    ),
    "pixazo": Shop(
        "Pixazo",
        lambda client: client.text_to_audio("rain"),
        lambda job_id: json_response(202, {"request_id": job_id, "status": "QUEUED"}),
        _pixazo_done,
    ),
    "sync_so": Shop(
        "SyncSo",
        lambda client: client.lipsync("https://clips.test/1.mp4", "https://clips.test/1.wav"),
        lambda job_id: json_response(201, {"id": job_id, "status": "PENDING"}),
        lambda job_id, url: json_response(200, {"id": job_id, "status": "COMPLETED", "outputUrl": url}),
        FILM,
        "video/mp4",
        keyed=True,
    ),
    "inference_sh": Shop(
        "Inference",
        lambda client: client.mmaudio("rain"),
        lambda job_id: json_response(200, {"data": {"id": job_id, "status": 2}}),
        lambda job_id, url: json_response(200, {"data": {"id": job_id, "status": 10, "output": {"audio_output": url}}}),
    ),
}


@pytest.fixture(params=SHOPS)
def shop(request: pytest.FixtureRequest) -> Shop:
    return SHOPS[request.param]


# --- the id of a paid job (K4, A6, A7) -----------------------------------------------------------------------------

ID = "job-4711"


def _cuts(whole: Respond) -> dict[str, Script]:
    """Damage the answer that accepts a job behind its id, in each way that a network knows."""
    body = whole.body
    end = body.index(ID.encode()) + len(ID) + 1
    half = gzip.compress(body, 0)
    return {
        "cut behind the id": [ReadRequest(), Send(whole.head + body[:end]), Close()],
        "reset behind the id": [ReadRequest(), Send(whole.head + body[:end]), Stall(0.02), Reset()],
        "stalled behind the id": [ReadRequest(), Send(whole.head + body[:end]), Stall()],
        "chunks without an end": [
            ReadRequest(),
            Send(Respond(whole.status, chunked(body)[:-5], {**JSON, "Transfer-Encoding": "chunked"}, False).wire),
            Close(),
        ],
        "gzip that is cut": [
            ReadRequest(),
            Send(Respond(whole.status, half, {**JSON, "Content-Encoding": "gzip"}).wire[:-8]),
            Close(),
        ],
        "garbage behind it": Respond(whole.status, body[:end] + b"\xff\xfe\x00", JSON),
    }


@pytest.mark.parametrize("how", _cuts(mirelo.accepted(ID)))
def test_the_id_that_came_is_in_the_error_or_the_job_is_there(face: Face, shop: Shop, how: str) -> None:
    """A paid answer that is damaged behind the job's id: the error has the token, or a key brings the job back."""
    with FaultServer() as server, face.promise(8.0):
        server.play(Routes({"POST *": [_cuts(shop.accepted(ID))[how], shop.accepted(ID)]}))
        client = shop.open(face, server, timeout_ms=1000)
        if shop.keyed and how != "stalled behind the id":
            assert face.do(shop.call(client).submit_job()).job_id == ID, "what has a key is sent again"
        else:
            error = face.failing(shop.call(client).submit_job)
            assert isinstance(error, SubmitOutcomeUnknown)
            assert (error.accepted, error.job_id) == (True, ID)
            assert ID in (error.job_token or "")
        posts = [request for request in server.requests if request.method == "POST"]
        assert len(posts) == 1 or len({post.headers["idempotency-key"] for post in posts}) == 1


ODD: dict[str, Callable[[Respond], Respond]] = {
    "gzip": lambda whole: Respond(whole.status, gzip.compress(whole.body), {**JSON, "Content-Encoding": "gzip"}),
    "text": lambda whole: Respond(whole.status, whole.body, {"Content-Type": "text/plain"}),
    "a byte order mark": lambda whole: Respond(whole.status, b"\xef\xbb\xbf" + whole.body, JSON),
    "200": lambda whole: Respond(200, whole.body, JSON),
    "more fields": lambda whole: Respond(whole.status, whole.body[:-1] + b', "new": [null, {}]}', JSON),
    "no length": lambda whole: Respond(
        whole.status,
        chunked(*(whole.body[at : at + 1] for at in range(len(whole.body)))),
        {**JSON, "Transfer-Encoding": "chunked"},
        False,
    ),
}


@pytest.mark.parametrize("how", ODD)
def test_an_odd_answer_that_names_the_job_is_its_acceptance(face: Face, shop: Shop, how: str) -> None:
    with FaultServer([ODD[how](shop.accepted(ID))]) as server, face.promise(1.0):
        assert face.do(shop.call(shop.open(face, server)).submit_job()).job_id == ID
        assert len(server.requests) == 1


# --- left-over answers (K1) ----------------------------------------------------------------------------------------


def test_an_answer_behind_an_answer_is_nobodys(face: Face, shop: Shop) -> None:
    """Each answer is followed by a stranger's acceptance: no submit takes it."""
    number = iter(range(100))

    def route(request: Any) -> Script:
        answer = shop.accepted(f"job-{next(number)}") if request.method == "POST" else json_response(404, {})
        return [ReadRequest(), Send(answer.wire + shop.accepted("a-strangers-job").wire)]

    with FaultServer(route) as server, face.promise(2.0):
        client = shop.open(face, server)
        jobs = [face.do(shop.call(client).submit_job()) for _ in range(4)]
        assert [job.job_id for job in jobs] == [f"job-{n}" for n in range(4)]
        connections = [request.connection for request in server.requests]
        assert len(set(connections)) == len(connections)


def test_a_submit_is_not_answered_with_a_job_that_the_client_has(face: Face, shop: Shop) -> None:
    """The same id for two submits: under a key the service may say so, without one the second outcome is unknown."""
    with FaultServer([shop.accepted(ID)]) as server, face.promise(2.0):
        client = shop.open(face, server)
        job = face.do(shop.call(client).submit_job())
        if shop.keyed:
            assert face.do(shop.call(client).submit_job()).job_id == job.job_id
        else:
            error = face.failing(shop.call(client).submit_job)
            assert isinstance(error, SubmitOutcomeUnknown)
            assert error.accepted is True


# --- results (A1 to A5) --------------------------------------------------------------------------------------------


@contextmanager
def finished(face: Face, shop: Shop, path: str, *answers: Script, polls: list[str] | None = None) -> Iterator[Any]:
    """Give the finished job's result and the host of its files; each poll after the first shows the next of `polls`."""
    with FaultServer(Routes({"GET *": answers})) as host, FaultServer() as server:
        urls = [f"{host.url}{each}?{SIGNATURE}" for each in (path, *(polls or []))]
        server.play(
            Routes(
                {
                    "GET */stream": [Respond(404, b"{}", JSON)],
                    "POST *": [shop.accepted(ID)],
                    "GET *": [shop.done(ID, url) for url in urls],
                }
            )
        )
        with face.promise(5.0):
            client = shop.open(face, server)
            job = face.do(shop.call(client).submit_job())
            yield face.do(job.wait(poll_interval_ms=1)), host


RESULTS: dict[str, Callable[[Shop], Script]] = {
    "chunks, no length": lambda shop: Respond(
        200, chunked(shop.result), {"Content-Type": shop.content_type, "Transfer-Encoding": "chunked"}, False
    ),
    "no length": lambda shop: [
        ReadRequest(),
        Send(Respond(200, shop.result, {"Content-Type": shop.content_type}, False).wire),
        Close(),
    ],
    "octet-stream": lambda shop: Respond(200, shop.result, {"Content-Type": "application/octet-stream"}),
    "text": lambda shop: Respond(200, shop.result, {"Content-Type": "text/plain"}),
    "no type": lambda shop: Respond(200, shop.result),
    "aws-chunked": lambda shop: Respond(
        200, shop.result, {"Content-Type": shop.content_type, "Content-Encoding": "aws-chunked"}
    ),
}


@pytest.mark.parametrize("how", RESULTS)
def test_a_sound_result_is_saved_however_it_arrives(face: Face, shop: Shop, how: str, tmp_path: Path) -> None:
    ending = "wav" if shop.result is WAV else "mp4"
    with finished(face, shop, f"/a b|é.{ending}", RESULTS[how](shop)) as (result, host):
        [path] = face.do(result.download(tmp_path))
        assert path.read_bytes() == shop.result
        assert ".unverified" not in path.name
        assert host.requests[0].path == f"/a%20b%7C%C3%A9.{ending}?{SIGNATURE}"


PAGE = Respond(200, b"<!doctype html><p>log in</p>", {"Content-Type": "audio/wav"})


def test_a_page_is_no_result(face: Face, shop: Shop, tmp_path: Path) -> None:
    with finished(face, shop, "/1", PAGE) as (result, _):
        error = face.failing(result.download, tmp_path)
        assert isinstance(error, DownloadError)
        assert ID in (error.job_token or "")
        assert list(tmp_path.iterdir()) == []


TOKEN_EXPIRED = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_refused_url_is_asked_for_anew_once(face: Face, shop: Shop, status: int, tmp_path: Path) -> None:
    refused = Respond(status, TOKEN_EXPIRED, {"Content-Type": "application/xml"})
    good = Respond(200, shop.result, {"Content-Type": shop.content_type})
    with finished(face, shop, "/old", refused, good, polls=["/new"]) as (result, host):
        [path] = face.do(result.download(tmp_path))
        assert path.read_bytes() == shop.result
        assert [request.path.partition("?")[0] for request in host.requests] == ["/old", "/new"]


def test_a_second_download_takes_what_is_there(face: Face, shop: Shop, tmp_path: Path) -> None:
    good = Respond(200, shop.result, {"Content-Type": shop.content_type})
    with finished(face, shop, "/1", good) as (result, _):
        first = face.do(result.download(tmp_path))
        assert face.do(result.download(tmp_path)) == first
        assert len(list(tmp_path.iterdir())) == 1


# --- the low-level client (K3), secrets (K6), old bytes for new (K7), ids (K10) ------------------------------------

LOST: dict[str, Script] = {
    "a reset": [ReadRequest(), Reset()],
    "a 502 page": Respond(502, b"<html>", {"Content-Type": "text/html"}),
    "no JSON": Respond(202, b"<html>", {"Content-Type": "text/html"}),
    "a 408": Respond(408),
}


@pytest.mark.parametrize("how", LOST)
def test_a_paid_low_level_call_without_a_key_whose_answer_is_lost_is_unknown(face: Face, shop: Shop, how: str) -> None:
    with FaultServer([shop.accepted(ID), LOST[how]]) as server, face.promise(1.0):
        client = shop.open(face, server)
        face.do(shop.call(client).submit_job())
        path = server.requests[0].path
        low = client.low_level
        http = low.get_httpx_client() if face.colour == "sync" else low.get_async_httpx_client()
        error = face.failing(http.post, path, json={})
        assert isinstance(error, SubmitOutcomeUnknown)
        assert not error.retryable
        assert len(server.requests) == 2


def test_a_key_that_the_service_echoes_is_in_no_error(face: Face, shop: Shop) -> None:
    """`promise` looks for the key in all that the error shows."""
    said = dict.fromkeys(("code", "error", "message", "detail", "type", "title", "errorCode"), f"bad key {KEY}")
    for body in ({"error": said}, {**said, "statusCode": 400}, {"detail": [said]}, said):
        headers = {**JSON, "X-Request-Id": KEY, "Request-Id": KEY, "Retry-After": KEY}
        with FaultServer([Respond(400, json.dumps(body).encode(), headers)]) as server, face.promise(1.0):
            error = face.failing(shop.call(shop.open(face, server)).submit_job)
            assert not isinstance(error, SubmitOutcomeUnknown)


@pytest.mark.parametrize("job_id", ["../../etc/passwd", "a/b", "..", "x" * 300, "", 7, None])
def test_an_id_that_no_path_may_hold_is_refused_and_not_escaped(face: Face, shop: Shop, job_id: Any) -> None:
    """The job runs: the outcome is unknown, accepted, and nothing is asked for at such a path."""
    whole = shop.accepted(ID)
    odd = Respond(whole.status, whole.body.replace(f'"{ID}"'.encode(), json.dumps(job_id).encode()), JSON)
    with FaultServer([odd]) as server, face.promise(8.0):
        client = shop.open(face, server, timeout_ms=1000, retries=0)
        error = face.failing(shop.call(client).submit_job)
        assert isinstance(error, SubmitOutcomeUnknown)
        assert error.accepted is True
        assert {request.path for request in server.requests} == {server.requests[0].path}


def test_a_poll_about_another_job_is_not_believed(face: Face, shop: Shop) -> None:
    with FaultServer() as server, face.promise(20.0):
        url = "https://results.test/1.wav"
        server.play(
            Routes(
                {
                    "GET */stream": [Respond(404, b"{}", JSON)],
                    "POST *": [shop.accepted(ID)],
                    "GET *": [shop.done("another-job", "https://evil.test/1.wav"), shop.done(ID, url)],
                }
            )
        )
        client = shop.open(face, server)
        job = face.do(shop.call(client).submit_job())
        assert face.do(job.wait(poll_interval_ms=10)).result_urls == [url]
