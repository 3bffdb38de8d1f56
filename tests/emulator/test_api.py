"""Keys, routing, checks against the spec, jobs and money."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import attrs
import httpx
import pytest
from starlette.datastructures import QueryParams

from mirelo_ergo.emulator import running
from mirelo_ergo.emulator.refusals import Refusal
from mirelo_ergo.emulator.spec.schemas import Document, Schema
from mirelo_ergo.emulator.spec.spec import Parameter, check, load
from mirelo_ergo.emulator.state.rates import draw_ms, estimate_ms, price
from tests.emulator.support import SPEC, TEXT, VIDEO, Api, error_of, fetch

if TYPE_CHECKING:
    from mirelo_ergo.emulator import Emulator

DAY = 24 * 3600


# Keys


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic sk-1", "Bearer pk-1", "sk-1", "Bearer sk-" + "x" * 200])
def test_no_key_no_answer(emu: Emulator, header: str | None) -> None:
    for method, path in [
        ("GET", "/v2/me"),
        ("POST", f"{TEXT}/jobs"),
        ("GET", f"{VIDEO}/jobs/x"),
        ("POST", "/v2/assets"),
    ]:
        headers = {} if header is None else {"authorization": header}
        answer = httpx.request(method, emu.url + path, headers=headers, verify=False)
        assert error_of(answer) == (401, "unauthorized")


def test_every_key_has_an_account_of_its_own(emu: Emulator, api: Api) -> None:
    with Api(emu, "sk-other") as other:
        mine, theirs = api.get("/v2/me").json(), other.get("/v2/me").json()
        assert mine["id"] != theirs["id"]
        assert mine["email"] != theirs["email"]
        assert mine["credits_available"] == theirs["credits_available"] == 10_000
        assert mine == api.get("/v2/me").json()
        other.results(TEXT, prompt="wind", duration_ms=1000)
        assert (api.balance(), other.balance()) == (10_000, 9_990)
    with running() as again, Api(again, "sk-other") as other:
        assert other.get("/v2/me").json()["id"] == theirs["id"]


# Routing


def test_unknown_paths_and_wrong_methods(api: Api) -> None:
    assert error_of(api.get("/v2")) == (404, "not_found")
    assert error_of(api.get("/v2/text-to-sfx/v9/preflight")) == (404, "not_found")
    assert error_of(api.http.delete("/v2/me")) == (405, "method_not_allowed")
    assert error_of(api.get(f"{TEXT}/jobs")) == (405, "method_not_allowed")
    assert api.http.delete("/v2/me").headers["allow"] == "GET"
    assert httpx.head(api.emu.url + "/v2/me", verify=False).status_code == 405


def test_every_operation_of_the_spec_is_served(api: Api) -> None:
    for path, item in SPEC["paths"].items():
        for method in item:
            answer = api.http.request(method, path.replace("{job_id}", "none"), json={} if method == "post" else None)
            assert answer.status_code != 405
            assert answer.json().get("error", {}).get("code") != "not_found"


# Checks

BAD_TEXT: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["prompt", "missing"]),
    ({"prompt": None}, ["prompt", "None", "string"]),
    ({"prompt": "x" * 5001}, ["prompt", "5001", "5000"]),
    ({"prompt": "x", "duration_ms": 999}, ["duration_ms", "999", "1000"]),
    ({"prompt": "x", "duration_ms": 10_001}, ["duration_ms", "10001", "10000"]),
    ({"prompt": "x", "duration_ms": "5000"}, ["duration_ms", "'5000'", "integer"]),
    ({"prompt": "x", "duration_ms": 1500.5}, ["duration_ms", "1500.5", "integer"]),
    ({"prompt": "x", "duration_ms": True}, ["duration_ms", "True", "integer"]),
    ({"prompt": "x", "num_samples": 0}, ["num_samples", "0", "1"]),
    ({"prompt": "x", "num_samples": 5}, ["num_samples", "5", "4"]),
]
ASSET = {"type": "asset", "asset_id": "a"}
BAD_VIDEO: list[tuple[dict[str, Any], list[str]]] = [
    ({"duration_ms": 1000}, ["video", "missing"]),
    ({"video": ASSET}, ["duration_ms", "missing"]),
    ({"video": "x", "duration_ms": 1000}, ["video", "'x'", "object"]),
    ({"video": {}, "duration_ms": 1000}, ["video.type", "missing"]),
    ({"video": {"type": "file"}, "duration_ms": 1000}, ["video.type", "'file'", "url, asset"]),
    ({"video": {"type": "url"}, "duration_ms": 1000}, ["video.video_url", "missing"]),
    ({"video": {"type": "asset", "asset_id": 7}, "duration_ms": 1000}, ["video.asset_id", "7", "string"]),
    ({"video": ASSET, "duration_ms": 600_001}, ["duration_ms", "600001", "600000"]),
    ({"video": ASSET, "duration_ms": 1000, "start_offset_ms": -1}, ["start_offset_ms", "-1", "0"]),
    ({"video": ASSET, "duration_ms": 1000, "output": "gif"}, ["output", "'gif'", "audio, video"]),
    ({"video": {"type": "url", "video_url": "ftp://h/x"}, "duration_ms": 1000}, ["video.video_url", "ftp", "http"]),
    ({"video": {"type": "url", "video_url": "http://[/x"}, "duration_ms": 1000}, ["video.video_url"]),
    ({"video": {"type": "url", "video_url": "http:///x"}, "duration_ms": 1000}, ["video.video_url", "http"]),
]


@pytest.mark.parametrize("action", ["jobs", "sync"])
@pytest.mark.parametrize(
    ("route", "body", "words"), [*((TEXT, *row) for row in BAD_TEXT), *((VIDEO, *row) for row in BAD_VIDEO)]
)
def test_bad_bodies_are_named(shared: Api, action: str, route: str, body: dict[str, Any], words: list[str]) -> None:
    answer = shared.post(f"{route}/{action}", body)
    assert error_of(answer) == (400, "invalid_request")
    message = answer.json()["error"]["message"]
    assert all(word in message for word in words), message
    assert len(message) < 300


def test_bad_bodies_cost_nothing(api: Api) -> None:
    for body, _ in BAD_TEXT:
        api.post(f"{TEXT}/sync", body)
    assert api.emu.charges == []
    assert api.balance() == 10_000


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"\xff\xfe", b'{"prompt": NaN}', b"[" * 50_000, b'"x"', b"[]", b"null", b'{"prompt": "x"} more'],
    ids=["empty", "cut", "bytes", "nan", "deep", "string", "list", "null", "tail"],
)
def test_what_is_no_json_object_is_refused(shared: Api, raw: bytes) -> None:
    assert error_of(shared.http.post(f"{TEXT}/jobs", content=raw)) == (400, "invalid_request")


def test_a_huge_body_is_refused(shared: Api) -> None:
    answer = shared.post(f"{TEXT}/jobs", {"prompt": "x", "more": "y" * 200_000})
    assert error_of(answer) == (400, "invalid_request")


def test_unknown_fields_are_tolerated_and_echoed(api: Api) -> None:
    body = {"prompt": "x", "later": {"model": 2}}
    accepted = api.submit(TEXT, **body)
    assert api.get(accepted["job_url"]).json()["request"] == body
    assert api.finish(accepted)["request"] == body


def test_the_longest_prompt_of_the_widest_characters_fits(api: Api) -> None:
    body = json.dumps({"prompt": "🔔" * 5000}).encode()
    assert api.http.post(f"{TEXT}/jobs", content=body).status_code == 202


@pytest.mark.parametrize("name", ["duration_ms", "num_samples"])
@pytest.mark.parametrize("value", ["x", "1.5", "", "٣", "1e3", "9" * 30, "0", "-4"])
def test_bad_queries_are_named(shared: Api, name: str, value: str) -> None:
    for route in (TEXT, VIDEO):
        answer = shared.get(f"{route}/preflight", **{name: value})
        assert error_of(answer) == (400, "invalid_request")
        assert name in answer.json()["error"]["message"]


def schema(**content: Any) -> Schema:
    return Schema(Document({"here": content}), "#/here", content)


def test_a_bound_without_a_message_of_its_own_is_told_in_jsonschemas_words() -> None:
    with pytest.raises(Refusal, match=r"n: '8 is not a multiple of 7'"):
        check(schema(properties={"n": {"multipleOf": 7}}), {"n": 8})


def test_schemas_are_read_as_openapi_means_them() -> None:
    nullable = schema(type="object", properties={"n": {"type": "integer", "nullable": True, "minimum": 1}})
    for fits in (None, 1, 2000.0):
        check(nullable, {"n": fits})
    for wrong in (0, 1.5, True, "1"):
        with pytest.raises(Refusal, match="n is "):
            check(nullable, {"n": wrong})
    with pytest.raises(Refusal, match="n is None: it has to be of type integer"):
        check(schema(properties={"n": {"type": "integer"}}), {"n": None})
    over = schema(properties={"n": {"type": "number", "minimum": 0, "exclusiveMinimum": True}})
    check(over, {"n": 0.1})
    with pytest.raises(Refusal, match="n is 0: it has to be over 0"):
        check(over, {"n": 0})


@pytest.mark.parametrize("kind", [["url"], {"url": 1}, 3, None, ""])
def test_a_variants_name_of_another_type_is_refused(shared: Api, kind: object) -> None:
    answer = shared.post(
        f"{VIDEO}/jobs", {"video": {"type": kind, "video_url": "http://localhost/"}, "duration_ms": 1000}
    )
    assert error_of(answer) == (400, "invalid_request")
    assert "video.type" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("kind", "sent", "read"),
    [
        ({"type": "integer"}, "n=-3", -3),
        ({"type": "number"}, "n=1.5", 1.5),
        ({"type": "boolean"}, "n=false", False),
        ({"type": "array", "items": {"type": "string"}}, "n=a,b&n=c", ["a", "b", "c"]),
        ({"type": "array", "items": {"type": "integer"}}, "n=%5B1,2%5D", [1, 2]),
        ({"type": "array", "items": {"type": "string"}}, "n=", []),
    ],
)
def test_queries_are_read_as_their_types(kind: dict[str, Any], sent: str, read: object) -> None:
    operation = attrs.evolve(load()[0], query=(Parameter("n", required=True, schema=schema(**kind)),))
    assert operation.read_query(QueryParams(sent)) == {"n": read}
    if kind["type"] != "array":
        with pytest.raises(Refusal, match="n is 'x'"):
            operation.read_query(QueryParams("n=x"))


# Price and time


def test_preflight_has_the_specs_defaults(api: Api) -> None:
    for route in (TEXT, VIDEO):
        assert api.get(f"{route}/preflight").json() == {"credits": 100, "estimated_ms": 12_000}
        assert api.get(f"{route}/preflight", duration_ms=1001, num_samples=3).json()["credits"] == 60


def test_a_begun_second_counts_whole() -> None:
    assert [price(ms, 1) for ms in (1, 1000, 1001, 10_000)] == [10, 10, 20, 100]
    assert price(600_000, 4) == 24_000


def test_the_estimate_covers_98_of_100_jobs() -> None:
    draw = random.Random(5)
    times = sorted(draw_ms(10_000, draw) for _ in range(20_000))
    assert 0.976 < sum(t <= 10_000 for t in times) / len(times) < 0.984
    assert 4_000 < times[10_000] < 6_000


def test_speed_divides_the_estimate_too() -> None:
    assert estimate_ms(10_000, 1, 1) == 12_000
    assert estimate_ms(10_000, 1, 100) == 120
    assert estimate_ms(1_000, 1, 1e9) == 1


def test_a_job_is_charged_once_and_as_preflight_said(api: Api) -> None:
    asked = {"duration_ms": 4_200, "num_samples": 2}
    quote = api.get(f"{TEXT}/preflight", **asked).json()
    accepted = api.submit(TEXT, prompt="rain", **asked)
    assert accepted["estimated_ms"] == quote["estimated_ms"]
    assert api.emu.charges == []
    assert api.balance() == 10_000
    for _ in range(3):
        assert api.finish(accepted)["status"] == "succeeded"
    (charge,) = api.emu.charges
    assert (charge.job_id, charge.credits, charge.key) == (accepted["job_id"], quote["credits"], api.emu.key)
    assert api.balance() == 10_000 - quote["credits"]


def test_a_job_that_nobody_polls_is_charged_at_its_end(api: Api) -> None:
    accepted = api.submit(TEXT, prompt="rain")
    api.emu.clock.advance(60)
    assert [charge.job_id for charge in api.emu.charges] == [accepted["job_id"]]


def test_too_few_credits(api: Api) -> None:
    api.emu.set_credits(99)
    for action in ("jobs", "sync"):
        answer = api.post(f"{TEXT}/{action}", {"prompt": "x"})
        assert error_of(answer) == (402, "insufficient_credits")
        assert "100 credits are needed and 99 are left" in answer.json()["error"]["message"]
        video = {"type": "url", "video_url": "http://127.0.0.1:1/never-read.mp4"}
        assert error_of(api.post(f"{VIDEO}/{action}", {"video": video, "duration_ms": 10_000}))[0] == 402
    api.emu.set_credits(100)
    assert api.post(f"{TEXT}/jobs", {"prompt": "x"}).status_code == 202


def test_running_jobs_reserve_their_price(api: Api) -> None:
    api.emu.set_credits(250)
    first = api.submit(TEXT, prompt="a")
    api.submit(TEXT, prompt="b [generation_failed]")
    answer = api.post(f"{TEXT}/jobs", {"prompt": "c"})
    assert error_of(answer) == (402, "insufficient_credits")
    assert "running jobs hold 200" in answer.json()["error"]["message"]
    api.finish(first)
    assert api.balance() == 150  # the failed one gave its reserve back
    assert api.post(f"{TEXT}/jobs", {"prompt": "c"}).status_code == 202


def test_set_credits_of_another_key(emu: Emulator, api: Api) -> None:
    emu.set_credits(5, key="sk-poor")
    with Api(emu, "sk-poor") as poor:
        assert (api.balance(), poor.balance()) == (10_000, 5)


# Jobs


def test_a_job_goes_its_way(api: Api) -> None:
    accepted = api.submit(TEXT, prompt="rain", duration_ms=10_000)
    assert accepted["estimated_ms"] == 12_000
    assert accepted["job_url"] == f"{TEXT}/jobs/{accepted['job_id']}"
    seen: list[int] = []
    while (status := api.get(accepted["job_url"]).json())["status"] == "processing":
        seen.append(status["progress_percent"])
        assert status["estimated_completion_at"] == accepted["estimated_completion_at"]
        api.emu.clock.advance(0.1)
    assert len(seen) > 10
    assert seen == sorted(seen)
    assert 0 <= seen[0] < 10
    assert status["created_at"] < status["completed_at"]
    assert len(status["result"]["result_urls"]) == 1


def test_progress_stays_at_90(api: Api) -> None:
    accepted = api.submit(TEXT, prompt="rain")
    (job,) = api.emu._state.store._running.values()
    job.finishes_at += 1000
    api.emu.clock.advance(100)
    assert api.get(accepted["job_url"]).json()["progress_percent"] == 90


def test_speed_is_real_time_divided() -> None:
    with running(speed=100) as emu, Api(emu) as api:
        begin = time.monotonic()
        accepted = api.submit(TEXT, prompt="rain")
        while api.get(accepted["job_url"]).json()["status"] == "processing":
            assert time.monotonic() - begin < 60
        assert time.monotonic() - begin > 0.02


def test_unknown_expired_and_other_keys_jobs(emu: Emulator, api: Api) -> None:
    accepted = api.submit(TEXT, prompt="rain")
    job_url, job_id = accepted["job_url"], accepted["job_id"]
    with Api(emu, "sk-other") as other:
        assert error_of(other.get(job_url)) == (404, "job_not_found")
    assert error_of(api.get(f"{VIDEO}/jobs/{job_id}")) == (404, "job_not_found")
    assert error_of(api.get(f"{TEXT}/jobs/none")) == (404, "job_not_found")
    emu.clock.advance(DAY - 60)
    assert api.get(job_url).json()["status"] == "succeeded"
    emu.clock.advance(61)
    assert error_of(api.get(job_url)) == (404, "job_not_found")
    assert len(emu.charges) == 1


@pytest.mark.parametrize(
    ("code", "status"), [("server_error", 500), ("generation_failed", 502), ("generation_timeout", 504)]
)
def test_failures_by_prompt(api: Api, code: str, status: int) -> None:
    ended = api.finish(api.submit(TEXT, prompt=f"glass breaks [{code}]"))
    assert (ended["status"], ended["error"]["code"], ended["error"]["http_status"]) == ("errored", code, status)
    assert api.emu.charges == []


def test_a_sync_request_answers_with_the_failures_status() -> None:
    with running(speed=1000) as emu, Api(emu) as api:
        for code, status in [("server_error", 500), ("generation_failed", 502), ("generation_timeout", 504)]:
            assert error_of(api.post(f"{TEXT}/sync", {"prompt": f"[{code}]"})) == (status, code)
        assert emu.charges == []


def test_sync_answers_when_the_time_is_over() -> None:
    with running(speed=100) as emu, Api(emu) as api:
        begin = time.monotonic()
        answer = api.post(f"{TEXT}/sync", {"prompt": "rain", "num_samples": 3})
        assert answer.status_code == 200
        assert len(answer.json()["result_urls"]) == 3
        assert time.monotonic() - begin > 0.02
        assert [charge.credits for charge in emu.charges] == [300]


def test_advancing_the_clock_ends_a_sync_request(api: Api) -> None:
    with ThreadPoolExecutor(1) as pool:
        begin = time.monotonic()
        answer = pool.submit(api.post, f"{TEXT}/sync", {"prompt": "rain"})
        while not api.emu._state.store._running:
            assert time.monotonic() - begin < 60
        api.emu.clock.advance(600)
        assert answer.result(60).status_code == 200


def test_the_clock_goes_only_forward(emu: Emulator) -> None:
    before = emu.clock.now()
    for seconds in (-1, float("nan")):
        with pytest.raises(ValueError, match="forward"):
            emu.clock.advance(seconds)
    emu.clock.advance(0)
    assert 0 <= emu.clock.now() - before < 60


def test_a_synchronous_request_whose_client_left_is_charged_all_the_same(api: Api) -> None:
    parts = urlsplit(api.emu.url)
    with contextlib.closing(http.client.HTTPConnection(parts.hostname or "", parts.port)) as leaving:
        headers = {"authorization": f"Bearer {api.emu.key}", "content-type": "application/json"}
        leaving.request("POST", f"{TEXT}/sync", b'{"prompt": "rain"}', headers)
        begin = time.monotonic()
        while not api.emu._state.store._running:
            assert time.monotonic() - begin < 60
    api.emu.clock.advance(60)
    assert len(api.emu.charges) == 1


def test_one_idempotency_key_is_one_job() -> None:
    with running(speed=1000) as emu:

        def sync(key: str, prompt: str = "rain", account: str = emu.key) -> httpx.Response:
            headers = {"authorization": f"Bearer {account}", "idempotency-key": key}
            return httpx.post(f"{emu.url}{TEXT}/sync", json={"prompt": prompt}, headers=headers, timeout=30)

        assert [sync("key-1").status_code for _ in range(2)] == [200, 200]
        assert (len(emu.charges), len(emu.jobs)) == (1, 1)
        assert error_of(sync("key-1", "snow")) == (409, "conflict")
        assert error_of(sync("key-2", "x" * 5001)) == (400, "invalid_request")  # what was refused leaves its key free
        assert sync("key-2").status_code == 200
        assert sync("key-1", account="sk-other").status_code == 200
        assert len(emu.charges) == 3
        emu.clock.advance(DAY)
        assert sync("key-1", "snow").status_code == 200


def test_twenty_jobs_at_once(api: Api) -> None:
    def one(number: int) -> str:
        with Api(api.emu) as own:
            urls = own.results(TEXT, prompt=f"rain {number}", duration_ms=1000)
            return fetch(urls[0]).headers["etag"]

    with ThreadPoolExecutor(20) as pool:
        etags = list(pool.map(one, range(20)))
    assert len(set(etags)) == 20
    assert len({charge.job_id for charge in api.emu.charges}) == len(api.emu.charges) == 20
    assert api.balance() == 10_000 - 20 * 10


def test_caps_are_told(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mirelo_ergo.emulator.state.store.MAX_JOBS", 1)
    monkeypatch.setattr("mirelo_ergo.emulator.state.store.MAX_ASSETS", 1)
    monkeypatch.setattr("mirelo_ergo.emulator.state.store.MAX_ACCOUNTS", 1)
    api.submit(TEXT, prompt="a")
    assert error_of(api.post(f"{TEXT}/jobs", {"prompt": "b"})) == (500, "server_error")
    api.open_upload()
    assert error_of(api.post("/v2/assets", {})) == (500, "server_error")
    with Api(api.emu, "sk-second") as other:
        assert error_of(other.get("/v2/me")) == (500, "server_error")
    api.emu.clock.advance(DAY + 1)
    api.submit(TEXT, prompt="c")  # a day later there is room again
    api.open_upload()


def test_requests_are_noted(api: Api) -> None:
    api.get(f"{TEXT}/preflight", duration_ms=2000)
    api.submit(TEXT, prompt="rain")
    preflight, submit = api.emu.requests
    assert (preflight.method, preflight.path, preflight.query) == ("GET", f"{TEXT}/preflight", "duration_ms=2000")
    assert (submit.method, submit.path, submit.body_bytes) == ("POST", f"{TEXT}/jobs", len('{"prompt":"rain"}'))
    assert submit.headers["authorization"] == f"Bearer {api.emu.key}"


def test_answers_carry_the_emulators_date(api: Api) -> None:
    api.emu.clock.advance(400 * DAY)
    year = time.gmtime(api.emu.clock.now()).tm_year
    assert f" {year} " in api.get("/v2/me").headers["date"]
    assert year > time.gmtime().tm_year
