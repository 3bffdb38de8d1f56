"""The API v3 over real sockets: what goes out is what the contract says, under one key, and what comes back is read."""

from __future__ import annotations

import asyncio
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from mirelo_ergo import (
    AsyncMireloClient,
    IncompleteResultError,
    InvalidRequestError,
    JobFailedError,
    MireloClient,
    SubmitOutcomeUnknown,
)

FLAC = b"fLaC" + bytes(5000)
FILM = (16).to_bytes(4, "big") + b"ftypmp42" + bytes(4) + (8).to_bytes(4, "big") + b"mdat"


@attrs.define
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Service(http.server.ThreadingHTTPServer):
    """A stand-in that gives the contract's shapes; a key gives one job, whatever is sent under it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.seen: list[Seen] = []
        self.jobs: dict[str, str] = {}
        self.losing = 0
        self.end: dict[str, Any] = {"status": "succeeded", "result": {"output": self.output(2)}}

    def output(self, came: int, asked: int = 2) -> dict[str, Any]:
        def variant(index: int) -> dict[str, Any]:
            audio = {
                "url": f"{self.url}/r/{index}.flac?s=1",
                "format": "flac",
                "url_expires_at": "2099-01-01T00:00:00Z",
            }
            speech = {"url": f"{self.url}/s/{index}.flac?s=1", "format": "flac"}
            return {"index": index, "status": "succeeded", "files": {"audio": audio, "speech": speech}}

        failed = {"index": 9, "status": "failed", "files": None}
        variants = [variant(index) for index in range(came)] + [failed] * (came < asked)
        return {"index": 0, "variants_requested": asked, "variants": variants}

    def asked(self, method: str, path: str) -> list[Seen]:
        return [each for each in self.seen if (each.method, each.path.split("?")[0]) == (method, path)]


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection to the stand-in."""

    protocol_version = "HTTP/1.1"
    server: Service

    def log_message(self, *_: object) -> None: ...

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, self.path, headers, body)
        self.server.seen.append(seen)
        status, given = self.response(f"{self.command} {self.path.split('?')[0]}", seen)
        if status == 0:
            self.close_connection = True
            return
        content = given if isinstance(given, bytes) else json.dumps(given).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Type", "audio/flac" if content == FLAC else "application/json")
        self.end_headers()
        self.wfile.write(content)

    def response(self, what: str, seen: Seen) -> tuple[int, Any]:
        server, url = self.server, self.server.url
        if what in ("POST /v3/text-to-sfx/generations", "POST /v3/video-to-sfx/generations"):
            job = server.jobs.setdefault(seen.headers["idempotency-key"], f"gen_{len(server.jobs)}")
            if server.losing:
                server.losing -= 1
                return 0, b""
            return 202, {"id": job, "status": "queued", "estimated_ms": 5}
        if what.startswith("GET /v3/") and "/generations/" in what:
            return 200, {"id": self.path.rpartition("/")[2], "completed_at": "2026-03-01T12:00:00Z", **server.end}
        if what.startswith(("GET /r/", "GET /s/")):
            return 200, FLAC
        recovery = {"credit_shortfall": 0, "provisioning_state": "ready", "recovery_action": None}
        found: dict[str, tuple[int, Any]] = {
            "POST /v3/assets": (
                201,
                {"id": "ast_1", "upload_url": f"{url}/form", "fields": {"key": "k", "policy": "p"}},
            ),
            "POST /form": (204, b""),
            "POST /v3/text-to-sfx/generations/preflight": (200, {"credits": 80, "credit_recovery": recovery}),
            "GET /v3/me": (200, {"id": "usr", "email": None, "credits_available": 7, "spend_capacity": 9}),
        }
        return found.get(what, (404, {"error": {"code": "not_found", "message": "no such thing"}}))

    do_GET = do_POST = answer  # noqa: N815  # the base class's names


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def client(service: Service) -> Iterator[MireloClient]:
    with MireloClient("sk-x", base_url=service.url, model="sfx-2.0", backoff_ms=1) as client:
        yield client


def test_a_text_goes_to_v3_under_a_key(service: Service, client: MireloClient) -> None:
    request = client.text_to_sfx("rain", duration_ms=4000, num_samples=2, output_format="mp3_320", extra={"seed": 7})
    assert (request.preflight().credits, request.preflight().affordable) == (80, True)
    result = request.run()
    assert result.bytes() == [FLAC] * 4, "two sounds, each with its speech"
    assert [(file.kind, file.main, file.variant) for file in result.files] == [
        ("audio", True, "0"),
        ("speech", False, "0"),
        ("audio", True, "1"),
        ("speech", False, "1"),
    ]
    (created,) = service.asked("POST", "/v3/text-to-sfx/generations")
    assert created.json == {
        "model": "sfx-2.0",
        "num_variants": 2,
        "duration_ms": 4000,
        "input": {"prompt": "rain"},
        "output": {"format": "mp3_320"},
        "seed": 7,
    }
    assert len(created.headers["idempotency-key"]) == 36


def test_a_film_goes_as_a_form_and_its_fields_first(service: Service, client: MireloClient, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(FILM)
    client.video_to_sfx(clip, duration_ms=1000, num_samples=2, preserve_speech=True, prompt="steps").submit_job()
    (form,) = service.asked("POST", "/form")
    assert form.body.index(b'name="key"') < form.body.index(b'name="policy"') < form.body.index(b'name="file"')
    assert FILM in form.body
    assert "authorization" not in form.headers
    (created,) = service.asked("POST", "/v3/video-to-sfx/generations")
    assert created.json["input"] == {"video": {"type": "asset", "id": "ast_1"}, "prompt": "steps"}
    assert created.json["controls"] == {"preserve_speech": True}


def test_a_lost_response_is_asked_for_again_and_paid_once(service: Service, client: MireloClient) -> None:
    service.losing = 2
    job = client.text_to_sfx("rain").submit_job()
    sent = service.asked("POST", "/v3/text-to-sfx/generations")
    assert len(sent) == 3
    assert len({(each.headers["idempotency-key"], each.body) for each in sent}) == 1
    assert (job.job_id, len(service.jobs)) == ("gen_0", 1)


def test_an_unknown_submit_is_sent_again_as_it_was(service: Service) -> None:
    with MireloClient("sk-x", base_url=service.url, model="sfx-1.6", retries=0) as client:
        request = client.text_to_sfx("rain")
        service.losing = 1
        with pytest.raises(SubmitOutcomeUnknown) as caught:
            request.submit_job()
        assert caught.value.idempotency_key is not None
        assert request.resubmit(caught.value).job_id == client.resubmit(caught.value).job_id == "gen_0"
    sent = service.asked("POST", "/v3/text-to-sfx/generations")
    assert len({(each.headers["idempotency-key"], each.body) for each in sent}) == 1


def test_a_prepared_request_is_the_same_in_another_process(service: Service, client: MireloClient) -> None:
    request = client.text_to_sfx("rain")
    token = request.prepare()
    assert request.token == token
    first = request.submit_job()
    with MireloClient("sk-x", base_url=service.url) as other:
        assert other.resubmit(token).job_id == first.job_id
    one, two = service.asked("POST", "/v3/text-to-sfx/generations")
    assert (one.body, one.headers["idempotency-key"]) == (two.body, two.headers["idempotency-key"])


@pytest.mark.parametrize(
    "token", ["", "mirelo-request1:", "mirelo-request1:abc", "mirelo2:x", 5, "mirelo-request1:eJw="]
)
def test_what_is_no_request_token_is_refused(service: Service, client: MireloClient, token: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"^token: "):
        client.resubmit(token)
    assert service.seen == []


def test_less_than_was_asked_for_comes_with_the_error(service: Service, client: MireloClient) -> None:
    service.end = {"status": "partially_succeeded", "result": {"outputs": [service.output(1)]}}
    with pytest.raises(IncompleteResultError) as caught:
        client.text_to_sfx("rain", num_samples=2).run()
    assert caught.value.result is not None
    assert caught.value.result.bytes() == [FLAC, FLAC]


def test_an_unreadable_result_was_charged(service: Service, client: MireloClient) -> None:
    service.end = {"status": "failed", "errors": [{"code": "result_unreadable", "message": "x"}]}
    with pytest.raises(JobFailedError, match=r"do not send it again.*\(result_unreadable\); it was charged"):
        client.text_to_sfx("rain").run()


def test_an_unknown_status_with_a_time_of_completion_is_an_end(service: Service, client: MireloClient) -> None:
    service.end = {"status": "archived", "result": {"output": service.output(2)}}
    assert len(client.text_to_sfx("rain", num_samples=2).run().result_urls) == 2


def test_the_account_of_v3(client: MireloClient) -> None:
    me = client.me()
    assert (me.id, me.credits_available, me.spend_capacity, me.overage_enabled) == ("usr", 7, 9, None)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: c.video_to_sfx("https://x.example/a.mp4", duration_ms=1000), "video is a URL, and this model takes"),
        (lambda c: c.video_to_sfx("https://x.example/a.mp4", duration_ms=1, output="video"), "has no output='video'"),
        (lambda c: c.text_to_sfx("rain", num_samples=5), "num_variants=5 is above the maximum of 4"),
        (lambda c: c.text_to_sfx(" "), "prompt"),
        (
            lambda c: c.text_to_sfx("rain", model="v1.5", output_format="wav"),
            "has no output_format; the models sfx-1.6",
        ),
        (lambda c: c.text_to_sfx("rain", model="v1.5").prepare(), "take no idempotency key; models sfx-… do"),
        (lambda c: c.text_to_sfx("rain").token, "prepare"),
        (lambda c: c.text_to_sfx("rain").sync_i_accept_http_timeout_risk(), "has no /sync"),
    ],
)
def test_what_a_model_lacks_is_said_before_anything_is_sent(
    service: Service, client: MireloClient, call: Any, message: str
) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        call(client)
    assert service.seen == []


def test_the_async_client_does_the_same(service: Service) -> None:
    async def main() -> None:
        async with AsyncMireloClient("sk-x", base_url=service.url, model="sfx-2.0", backoff_ms=1) as client:
            request = client.text_to_sfx("rain", num_samples=2)
            token = await request.prepare()
            service.losing = 1
            job = await request.submit_job()
            assert (await client.resubmit(token)).job_id == job.job_id
            assert await (await job.wait()).bytes() == [FLAC] * 4

    asyncio.run(main())
    assert len(service.jobs) == 1
