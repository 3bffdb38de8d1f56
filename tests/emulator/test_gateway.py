"""The gateway's answers: its queue, its statuses, its times and its errors, and the accounts it shares with Mirelo."""

from __future__ import annotations

import json
import re
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from dateutil import parser

from mirelo_ergo.emulator import Emulator, faults, running, serve
from mirelo_ergo.emulator.services.pixazo.service import Pixazo
from mirelo_ergo.emulator.services.registry import SERVICES
from tests.emulator.gateway import SOUND, SPEC, STATUS, TEXT, VIDEO, Gateway
from tests.emulator.support import Api
from tests.support.waiting import until

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
PLAIN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
TIMES = ("created_at", "updated_at", "completed_at")


@pytest.fixture
def gateway(emu: Emulator) -> Iterator[Gateway]:
    with Gateway(emu) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def shared() -> Iterator[Gateway]:
    """A gateway for requests that are refused and leave nothing behind."""
    with running() as emu, Gateway(emu) as gateway:
        yield gateway


def error_of(answer: httpx.Response) -> tuple[int, str]:
    assert sorted(answer.json()) == ["error", "message"]
    return answer.status_code, answer.json()["error"]


# From QUEUED to the end


def test_queued_then_processing_then_completed(gateway: Gateway) -> None:
    request_id = gateway.submit(TEXT, text_prompt="rain on a roof", duration=60)
    statuses = [gateway.status(request_id)]
    for seconds in (15, 120):
        gateway.emu.clock.advance(seconds)
        statuses.append(gateway.status(request_id))
    assert [each["status"] for each in statuses] == ["QUEUED", "PROCESSING", "COMPLETED"]
    assert {each["request_id"] for each in statuses} == {request_id}
    assert {each["model_id"] for each in statuses} == {"mirelo-sfx-1-6-text-to-audio"}
    assert {each["created_at"] for each in statuses} == {statuses[0]["created_at"]}
    assert [each["error"] for each in statuses] == [None, None, None]
    assert [each["output"] is None for each in statuses] == [True, True, False]
    assert [each["completed_at"] is None for each in statuses] == [True, True, False]


@pytest.mark.parametrize(
    ("word", "status"), [("generation_failed", "FAILED"), ("generation_timeout", "FAILED"), ("server_error", "ERROR")]
)
def test_how_it_can_end_without_a_charge(gateway: Gateway, word: str, status: str) -> None:
    ended = gateway.finish(gateway.submit(TEXT, text_prompt=f"rain [{word}]"))
    assert (ended["status"], ended["output"]) == (status, None)
    assert "asked for" in ended["error"]
    assert ended["completed_at"] is not None
    assert gateway.emu.charges == []
    assert gateway.finish(gateway.submit(TEXT, text_prompt="rain"))["status"] == "COMPLETED"


@pytest.mark.parametrize(
    ("shape", "queued", "completed"),
    [
        (None, [ISO, ISO], [ISO, PLAIN, PLAIN]),
        ("mixed", [ISO, ISO], [ISO, PLAIN, PLAIN]),
        ("iso", [ISO, ISO], [ISO, ISO, ISO]),
        ("plain", [PLAIN, PLAIN], [PLAIN, PLAIN, PLAIN]),
    ],
)
def test_times_have_both_shapes_and_tell_the_emulators_time(
    gateway: Gateway, shape: Any, queued: list[re.Pattern[str]], completed: list[re.Pattern[str]]
) -> None:
    if shape is not None:
        gateway.emu.service(Pixazo).timestamps = shape
    begin = gateway.emu.clock.now()
    request_id = gateway.submit(TEXT, text_prompt="rain")
    for status, patterns in ((gateway.status(request_id), queued), (gateway.finish(request_id), completed)):
        times = [status[name] for name in TIMES if status[name] is not None]
        assert all(pattern.fullmatch(each) for each, pattern in zip(times, patterns, strict=True)), times
        for each in times:
            moment = parser.parse(each if each.endswith("Z") else f"{each}Z").timestamp()
            assert begin - 1 <= moment <= gateway.emu.clock.now()


def test_other_shapes_are_refused(gateway: Gateway) -> None:
    with pytest.raises(ValueError, match="mixed, iso, plain"):
        gateway.emu.service(Pixazo).timestamps = "epoch"  # type: ignore[assignment]  # what is tried


# The accounts


def test_both_services_share_keys_credits_and_the_record(gateway: Gateway) -> None:
    emu = gateway.emu
    with Api(emu) as api:
        assert gateway.finish(gateway.submit(TEXT, text_prompt="rain", duration=2.5, num_samples=2))["output"]
        api.results("/v2/text-to-sfx/v1.5", prompt="rain", duration_ms=1000)
        assert api.balance() == 10_000 - 60 - 10
        assert [charge.credits for charge in emu.charges] == [60, 10]
        services = [(seen.service, urlsplit(seen.path).path.split("/")[1]) for seen in emu.requests]
        assert services[:2] == [("pixazo", TEXT.split("/")[1]), ("pixazo", "v2")]
        assert set(services[2:]) == {("mirelo", "v2")}
        emu.set_credits(20)
        assert gateway.post(TEXT, text_prompt="rain").status_code == 402


def test_a_request_belongs_to_its_key_and_its_service(gateway: Gateway) -> None:
    request_id = gateway.submit(TEXT, text_prompt="rain")
    with Gateway(gateway.emu, key="sk-another") as other, Api(gateway.emu) as api:
        assert error_of(other.http.get(STATUS + request_id)) == (404, "Request not found")
        assert api.get(f"/v2/text-to-sfx/v1.6/jobs/{request_id}").status_code == 404
        job_id = api.submit("/v2/text-to-sfx/v1.6", prompt="rain")["job_id"]
        assert error_of(gateway.http.get(STATUS + job_id)) == (404, "Request not found")
    assert gateway.http.get("/v2/me").status_code == 404
    assert httpx.post(gateway.emu.url + TEXT, json={}, verify=False).status_code == 404


def test_media_urls_are_signed_and_expire(gateway: Gateway) -> None:
    request_id = gateway.submit(TEXT, text_prompt="rain", duration=1)
    (url,) = gateway.finish(request_id)["output"]["media_url"]
    assert url.startswith(gateway.emu.urls["pixazo"])
    part = httpx.get(url, headers={"range": "bytes=44-143"}, verify=False)
    assert (part.status_code, len(part.content)) == (206, 100)
    assert httpx.get(url.partition("?")[0], verify=False).status_code == 403
    gateway.emu.clock.advance(3601)
    assert httpx.get(url, verify=False).status_code == 403
    (fresh,) = gateway.status(request_id)["output"]["media_url"]
    assert httpx.get(fresh, verify=False).status_code == 200


# Errors

PROMPT: dict[str, object] = {"text_prompt": "rain on a roof"}
CLIP: dict[str, object] = {"video_url": "http://127.0.0.1:9/clip.mp4"}


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        (TEXT, {}, ["text_prompt", "missing"]),
        (TEXT, {"text_prompt": "wet"}, ["text_prompt", "3 characters", "4"]),
        (TEXT, {**PROMPT, "duration": 0.09}, ["duration", "0.09", "0.1"]),
        (TEXT, {**PROMPT, "duration": 60.1}, ["duration", "60.1", "60"]),
        (TEXT, {**PROMPT, "duration": "10"}, ["duration", "number"]),
        (TEXT, {**PROMPT, "num_samples": 0}, ["num_samples", "1"]),
        (TEXT, {**PROMPT, "num_samples": 5}, ["num_samples", "5", "4"]),
        (TEXT, {**PROMPT, "num_samples": 1.5}, ["num_samples", "integer"]),
        (TEXT, {**PROMPT, "upload_audio_format": "ogg"}, ["upload_audio_format", "wav, mp3, aac, flac"]),
        (TEXT, {**PROMPT, "ambience": 1}, ["ambience", "boolean"]),
        (TEXT, {**PROMPT, "seed": 0.5}, ["seed", "integer"]),
        (VIDEO, {}, ["video_url", "missing"]),
        (VIDEO, {**CLIP, "duration": 0.9}, ["duration", "0.9", "1"]),
        (VIDEO, {"video_url": "ftp://127.0.0.1/clip.mp4"}, ["video_url", "http"]),
        (VIDEO, CLIP, ["cannot be read"]),
        (SOUND, {**CLIP, "duration": 0}, ["duration", "over 0"]),
        (SOUND, {**CLIP, "duration": 1e300}, ["duration", "3600"]),
        (SOUND, {**CLIP, "num_samples": 0}, ["num_samples", "1"]),
        (SOUND, {**CLIP, "num_samples": 10**30}, ["num_samples", "100"]),
        (SOUND, {**CLIP, "text_prompt": None}, ["text_prompt", "string"]),
    ],
)
def test_bad_requests_are_named(shared: Gateway, path: str, body: dict[str, object], words: list[str]) -> None:
    answer = shared.post(path, **body)
    assert error_of(answer) == (400, "Bad Request")
    assert [word for word in words if word not in answer.json()["message"]] == []


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"text_prompt": "rain", "duration": 1e999}', b"x" * (200 << 10)])
def test_what_is_no_request_is_refused(shared: Gateway, raw: bytes) -> None:
    assert error_of(shared.http.post(TEXT, content=raw)) == (400, "Bad Request")


@pytest.mark.parametrize("path", ["/mirelo-sfx-9/v1/mirelo-sfx-9-request", "/x/v1/y", TEXT + "x"])
def test_another_model_is_not_found(shared: Gateway, path: str) -> None:
    assert error_of(shared.post(path, **PROMPT)) == (400, "Model not found")


@pytest.mark.parametrize("path", [TEXT, VIDEO, SOUND, "/x/v1/y", STATUS + "x"])
@pytest.mark.parametrize("key", [None, "", "pk-no", "sk-" + "x" * 200])
def test_no_key_no_answer(shared: Gateway, path: str, key: str | None) -> None:
    headers = {} if key is None else {"Ocp-Apim-Subscription-Key": key}
    method = "GET" if path.startswith(STATUS) else "POST"
    answer = httpx.request(method, shared.emu.urls["pixazo"] + path, headers=headers, verify=False)
    assert error_of(answer) == (401, "Unauthorized")
    mirelos = {"authorization": f"Bearer {shared.emu.key}"}
    assert httpx.request(method, shared.emu.urls["pixazo"] + path, headers=mirelos, verify=False).status_code == 401


def test_too_few_credits(gateway: Gateway) -> None:
    gateway.emu.set_credits(99)
    assert error_of(gateway.post(TEXT, **PROMPT)) == (402, "Insufficient Balance")
    assert error_of(gateway.post(VIDEO, **CLIP)) == (402, "Insufficient Balance")
    assert gateway.emu.jobs == []


@pytest.mark.parametrize(
    ("method", "path", "error"),
    [
        ("GET", TEXT, (405, "Method Not Allowed")),
        ("DELETE", STATUS + "x", (405, "Method Not Allowed")),
        ("GET", "/", (404, "Not Found")),
        ("POST", "/v2/assets", (404, "Not Found")),
    ],
)
def test_other_paths_and_methods(shared: Gateway, method: str, path: str, error: tuple[int, str]) -> None:
    assert error_of(shared.http.request(method, path)) == error


SUBMITS = [
    (400, "Bad Request", "the request is wrong"),
    (400, "Model not found", "there is no such model"),
    (401, "Unauthorized", "the key is none"),
    (402, "Insufficient Balance", "the credits do not suffice"),
    (403, "Forbidden", "the key may not generate"),
    (403, "Forbidden", "asked for"),
    (429, "Too Many Requests", "too many at once"),
    (500, "Internal Server Error", "asked for"),
]


@pytest.mark.parametrize("path", [TEXT, VIDEO, SOUND])
@pytest.mark.parametrize(("status", "title", "why"), SUBMITS)
def test_every_documented_status_of_a_submit(path: str, status: int, title: str, why: str) -> None:
    key = {"the key is none": "pk-1", "the key may not generate": "sk-lapsed-1"}.get(why)
    body: dict[str, object] = {} if why == "the request is wrong" else PROMPT if path == TEXT else CLIP
    with running(credits=0 if status == 402 else 10_000) as emu, Gateway(emu, key) as gateway:
        if why == "asked for":
            emu.fail_next("submit", faults.Status(status))
        elif status == 429:
            emu.add_fault(faults.Rule("submit", faults.RateLimit(per_s=0.001)))
            gateway.post(path, **body)
        answer = gateway.post("/mirelo-x/v1/mirelo-x-request" if title == "Model not found" else path, **body)
        assert error_of(answer) == (status, title)
        assert answer.json()["message"]
        assert emu.charges == []


def test_the_table_has_every_documented_status() -> None:
    for path in (TEXT, VIDEO, SOUND):
        documented = {int(status) for status in SPEC["paths"][path]["post"]["responses"]}
        assert documented == {202, *(status for status, _, _ in SUBMITS)}


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
def test_the_other_statuses_of_a_poll(gateway: Gateway, status: int) -> None:
    request_id = gateway.submit(TEXT, **PROMPT)
    gateway.emu.fail_next("getRequestStatus", faults.Status(status))
    assert gateway.http.get(STATUS + request_id).status_code == status
    assert gateway.finish(request_id)["status"] == "COMPLETED"


@pytest.mark.parametrize(("code", "status"), [("server_error", "ERROR"), ("invalid_video", "FAILED")])
def test_a_fault_of_one_model_ends_its_next_request(gateway: Gateway, code: str, status: str) -> None:
    gateway.emu.fail_next("textToAudio", faults.FailedJob(code))
    assert gateway.finish(gateway.submit(TEXT, **PROMPT))["status"] == status
    assert gateway.finish(gateway.submit(TEXT, **PROMPT))["status"] == "COMPLETED"


def test_a_request_can_be_stuck(gateway: Gateway) -> None:
    gateway.emu.fail_next("submit", faults.StuckJob())
    request_id = gateway.submit(TEXT, **PROMPT)
    gateway.emu.clock.advance(86_000)
    assert gateway.status(request_id)["status"] == "PROCESSING"


def test_a_failure_of_the_emulator_itself_is_a_500(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mirelo_ergo.emulator.state.store.MAX_JOBS", 0)
    assert error_of(gateway.post(TEXT, **PROMPT)) == (500, "Internal Server Error")


# The port


def test_the_gateway_has_a_port_of_its_own_that_can_be_chosen() -> None:
    with running() as emu:
        port = urlsplit(emu.urls["pixazo"]).port or 0
        assert urlsplit(emu.url).port != port
    with running(ports={"pixazo": port}) as emu, Gateway(emu) as gateway:
        assert emu.urls["pixazo"] == f"http://127.0.0.1:{port}"
        assert error_of(gateway.http.get(STATUS + "x")) == (404, "Request not found")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port)).close()


def test_a_taken_port_says_so_and_leaves_the_other_one_free() -> None:
    with running() as emu:
        mirelo, pixazo = (urlsplit(url).port or 0 for url in (emu.url, emu.urls["pixazo"]))
    with socket.create_server(("127.0.0.1", pixazo)):
        with pytest.raises(OSError, match="in use") as caught, running(port=mirelo, ports={"pixazo": pixazo}):
            pass
        assert f"port {pixazo}" in caught.value.__notes__[0]
    with running(port=mirelo, ports={"pixazo": pixazo}):
        pass


def test_serve_tells_where_each_service_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ready = tmp_path / "ready.json"
    told: dict[str, Any] = {}
    statuses: list[int] = []

    def use_it() -> None:
        try:
            until(ready.exists)
            told.update(json.loads(ready.read_text(encoding="utf-8")))
            for url in (told["services"]["mirelo"], told["services"]["pixazo"]):
                headers = {"Ocp-Apim-Subscription-Key": told["key"]}
                statuses.append(httpx.get(f"{url}{STATUS}x", headers=headers, verify=False).status_code)
                statuses.append(httpx.post(url + TEXT, json=PROMPT, headers=headers, verify=False).status_code)
        finally:
            signal.raise_signal(signal.SIGTERM)

    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(use_it)
        serve(ready_file=ready)
        work.result()
    assert list(told) == ["url", "key", "pid", "services", "urls", "keys"]
    assert list(told["services"]) == list(told["keys"]) == list(SERVICES)
    assert told["urls"] == told["services"]
    assert told["keys"] == {name: each.written_key(told["key"]) for name, each in SERVICES.items()}
    assert told["services"]["mirelo"] == told["url"]
    assert statuses == [404, 404, 404, 202]
    first, *others, last = capsys.readouterr().out.splitlines()
    assert (first, last) == (f"emulator at {told['url']}", f"key {told['key']}")
    assert f"pixazo at {told['services']['pixazo']}" in others
    assert f"inference_sh at {told['urls']['inference_sh']}, key {told['keys']['inference_sh']}" in others


def test_both_on_ipv6() -> None:
    with running(host="::1") as emu, Gateway(emu) as gateway, Api(emu) as api:
        assert emu.urls["pixazo"].startswith("http://[::1]:")
        assert gateway.results(TEXT, text_prompt="rain", duration=1)
        assert api.balance() == 9990
