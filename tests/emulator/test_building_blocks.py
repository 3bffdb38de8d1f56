"""The building blocks of emulated services, used by an invented service: it needs one class and one row."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from mirelo_ergo.emulator import Emulator, faults, running
from mirelo_ergo.emulator.services import registry
from mirelo_ergo.emulator.services.pixazo.service import Pixazo
from mirelo_ergo.emulator.web.signatures import TimestampedHmac
from tests.emulator.gateway import receiving
from tests.emulator.made_up import MAX_BYTES, SECRET, Kitchen, kitchen
from tests.emulator.raw import connected
from tests.emulator.support import Api, encode_clip, store_error_of
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def emu(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    with kitchen(monkeypatch, speed=1.0) as emulator:
        yield emulator


@pytest.fixture
def http(emu: Emulator) -> Iterator[httpx.Client]:
    headers = {"x-kitchen-key": emu.keys["kitchen"]}
    with httpx.Client(base_url=emu.urls["kitchen"], headers=headers, verify=False, timeout=30) as client:
        yield client


def cook(http: httpx.Client, name: str = "soup", key: str | None = None, **more: Any) -> httpx.Response:
    return http.post("/dishes", json={"name": name, **more}, headers={} if key is None else {"idempotency-key": key})


# The interface


def test_a_row_is_enough(emu: Emulator, http: httpx.Client) -> None:
    assert emu.urls["kitchen"] not in (emu.url, emu.urls["pixazo"])
    assert emu.keys["kitchen"] == "ck_" + emu.key.removeprefix("sk-")
    answer = cook(http)
    assert answer.status_code == 202
    emu.clock.advance(60)
    assert http.get(f"/dishes/{answer.json()['id']}").json()["state"] == "ready"
    (job,) = emu.jobs
    assert (job.service, job.family, job.model, job.key, job.credits) == ("kitchen", "dish", "v1", emu.key, 10)
    assert [(seen.service, seen.status) for seen in emu.requests] == [("kitchen", 202), ("kitchen", 200)]
    page = httpx.get(emu.url).text
    assert f"<dt>Kitchen</dt><dd><code>{emu.urls['kitchen']}</code>" in page
    assert emu.keys["kitchen"] in page
    assert "Kitchen dish v1" in page
    state = httpx.get(f"{emu.url}/_emulator/state").json()
    assert state["services"]["kitchen"] == {"url": emu.urls["kitchen"], "key": emu.keys["kitchen"]}
    assert state["requests"][0]["operation"] == "cook"


def test_a_service_may_share_the_port_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Kitchen, "port_of", "mirelo")
    with kitchen(monkeypatch) as emu, Api(emu) as api:
        assert emu.urls["kitchen"] == emu.url
        headers = {"x-kitchen-key": emu.keys["kitchen"]}
        with httpx.Client(base_url=emu.url, headers=headers, verify=False) as http:
            emu.fail_next("submit", faults.Status(502), service="mirelo")
            assert cook(http).status_code == 202
            assert api.post("/v2/text-to-sfx/v1.6/jobs", {"prompt": "x"}).status_code == 502
            assert http.delete("/dishes").json()["no"] == "method_not_allowed"
            assert "error" in http.get("/nothing").json(), "it belongs to neither, and the port is Mirelo's"
            opened = http.post("/recipes", json={}).json()
            assert httpx.put(opened["put"], content=b"x", headers={"content-type": "text/plain"}).status_code == 200
        assert api.balance() == 10_000
        assert [seen.service for seen in emu.requests[:3]] == ["kitchen", "mirelo", "kitchen"]
        with pytest.raises(ValueError, match=r"ports has 'kitchen': the services with a port of their own are mirelo"):
            running_with_a_port_for_it()


def running_with_a_port_for_it() -> None:
    with running(ports={"kitchen": 0}):
        pass


def test_accounts_are_the_same_for_all_services(emu: Emulator, http: httpx.Client) -> None:
    with Api(emu) as api:
        emu.set_credits(15)
        cook(http)
        emu.clock.advance(60)
        assert api.balance() == 5
    assert cook(http).json() == {"no": "insufficient_credits", "why": "10 credits are needed and 5 are left"}


@pytest.mark.parametrize("key", [None, "", "sk-123", "ck"])
def test_a_key_of_another_form_is_refused(emu: Emulator, key: str | None) -> None:
    headers = {} if key is None else {"x-kitchen-key": key}
    answer = httpx.get(f"{emu.urls['kitchen']}/dishes", headers=headers, verify=False)
    assert (answer.status_code, answer.json()["no"]) == (401, "unauthorized")
    assert "ck_" in answer.json()["why"]


def test_errors_are_in_the_words_of_the_service(emu: Emulator, http: httpx.Client) -> None:
    assert http.get("/nothing").json()["no"] == "not_found"
    assert http.delete("/dishes").json()["no"] == "method_not_allowed"
    emu.fail_next("submit", faults.Status(503))
    assert cook(http).json() == {"no": "server_error", "why": "Service Unavailable (asked for)"}
    emu.fail_next("list", faults.RateLimit(0.001))
    assert [http.get("/dishes").status_code for _ in range(2)] == [200, 429]


def test_a_fault_can_be_kept_to_one_service(emu: Emulator, http: httpx.Client) -> None:
    emu.fail_next("submit", faults.Status(503), service="kitchen")
    emu.fail_next("cook", faults.Status(502), times=2)
    with Api(emu) as api:
        assert api.post("/v2/text-to-sfx/v1.6/jobs", {"prompt": "x"}).status_code == 202
    assert [cook(http).status_code for _ in range(4)] == [503, 502, 502, 202]
    with pytest.raises(ValueError, match="which mirelo does not have"):
        faults.Rule("cook", faults.Reset(), service="mirelo")
    with pytest.raises(ValueError, match=r"service is 'bakery': it has to be one of mirelo, .*kitchen"):
        faults.Rule("submit", faults.Reset(), service="bakery")


# Idempotency keys


def test_one_key_makes_one_job(emu: Emulator, http: httpx.Client) -> None:
    first, again = cook(http, key="k1"), cook(http, key="k1")
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["id"] == again.json()["id"]
    assert cook(http, key="k2").json()["id"] != first.json()["id"]
    other = cook(http, "stew", key="k1")
    assert (other.status_code, other.json()["no"]) == (409, "idempotency_key_conflict")
    assert len(emu.jobs) == 2
    stranger = httpx.post(
        f"{emu.urls['kitchen']}/dishes",
        json={"name": "soup"},
        headers={"idempotency-key": "k1", "x-kitchen-key": "ck_another"},
        verify=False,
    )
    assert stranger.status_code == 202, "a key belongs to its account"


def test_a_key_whose_request_was_refused_is_free_again(emu: Emulator, http: httpx.Client) -> None:
    emu.set_credits(0)
    assert cook(http, key="k").status_code == 402
    emu.set_credits(100)
    assert cook(http, "stew", key="k").status_code == 202


def test_a_key_is_forgotten_after_a_day(emu: Emulator, http: httpx.Client) -> None:
    first = cook(http, key="k").json()["id"]
    emu.clock.advance(23 * 3600)
    assert cook(http, key="k").json()["id"] == first
    emu.clock.advance(3601)
    assert cook(http, key="k").json()["id"] != first


def test_a_key_in_flight_is_told_so(emu: Emulator, http: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    began, go_on = threading.Event(), threading.Event()
    jobs = emu._state.jobs
    task = jobs._task

    async def slow(*arguments: Any) -> Any:
        import asyncio

        began.set()
        await asyncio.to_thread(go_on.wait, 20)
        return await task(*arguments)

    monkeypatch.setattr(jobs, "_task", slow)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(cook, http, key="k")
        assert began.wait(60)
        second = cook(http, key="k")
        go_on.set()
        made = first.result().json()["id"]
    assert (second.status_code, second.json()["no"]) == (409, "idempotency_key_in_flight")
    assert cook(http, key="k").json()["id"] == made


def test_the_faults_of_keys(emu: Emulator, http: httpx.Client) -> None:
    emu.fail_next("submit", faults.InFlight(), times=2)
    assert cook(http).status_code == 202, "it has no key"
    answer = cook(http, key="k")
    assert (answer.status_code, answer.json()["no"]) == (409, "idempotency_key_in_flight")
    made = cook(http, key="k").json()["id"]
    assert cook(http, key="k").json()["id"] == made
    emu.fail_next("generate", faults.KeyForgotten())
    second = cook(http, key="k")
    assert (second.status_code, second.json()["id"] == made) == (202, False), "it is made a second time"
    assert cook(http, key="k").json()["id"] == second.json()["id"]
    emu.fail_next("generate", faults.AssetNotReady())
    emu.fail_next("generate", faults.AssetNotReady(status=422))
    assert [cook(http).status_code for _ in range(3)] == [409, 422, 202]


# Forms


def fields_and_file(opened: dict[str, Any], data: bytes, **changed: str | None) -> dict[str, Any]:
    fields = {**opened["fields"], **changed}
    parts: list[tuple[str, Any]] = [(name, (None, value)) for name, value in fields.items() if value is not None]
    return {"url": opened["form"], "files": [*parts, ("file", ("recipe.txt", data, "text/plain"))]}


def test_a_form_brings_a_file(emu: Emulator, http: httpx.Client) -> None:
    opened = http.post("/recipes", json={"name": "my recipe.txt"}).json()
    data = b"salt\r\n--not-the-boundary\r\nwater"
    answer = httpx.post(**fields_and_file(opened, data), verify=False)
    assert (answer.status_code, answer.content) == (204, b"")
    seen = emu.asset(opened["id"])
    assert seen is not None
    assert (seen.size, seen.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    whole = httpx.get(opened["url"], verify=False)
    assert (whole.content, whole.headers["content-type"]) == (data, "text/plain; charset=utf-8")
    part = httpx.get(opened["url"], headers={"range": "bytes=5-"}, verify=False)
    assert (part.status_code, part.content) == (206, data[5:])
    assert http.put("/recipes", json={"url": opened["url"]}).json() == {"id": opened["id"], "size": len(data)}
    assert http.put("/recipes", json={"url": "http://[x/store/assets/y/z"}).status_code == 400
    emu.clock.advance(3601)
    assert store_error_of(httpx.get(opened["url"], verify=False)) == (403, "AccessDenied")
    assert http.put("/recipes", json={"url": opened["url"]}).status_code == 200, "it still names the file"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"key": "assets/other"}, (403, "AccessDenied")),
        ({"Content-Type": "text/html"}, (403, "AccessDenied")),
        ({"Content-Type": None}, (403, "AccessDenied")),
        ({"acl": "public"}, (403, "AccessDenied")),
        ({"policy": None}, (403, "AccessDenied")),
        ({"policy": "e30="}, (403, "SignatureDoesNotMatch")),
        ({"x-amz-signature": "0" * 64}, (403, "SignatureDoesNotMatch")),
        ({"x-amz-signature": "\u00e9"}, (403, "SignatureDoesNotMatch")),
    ],
)
def test_a_form_has_to_keep_to_its_policy(
    http: httpx.Client, changed: dict[str, str | None], error: tuple[int, str]
) -> None:
    opened = http.post("/recipes", json={}).json()
    assert store_error_of(httpx.post(**fields_and_file(opened, b"x", **changed), verify=False)) == error


def test_a_form_has_its_time_and_its_size(emu: Emulator, http: httpx.Client) -> None:
    opened = http.post("/recipes", json={}).json()
    request = fields_and_file(opened, b"x" * MAX_BYTES)
    assert httpx.post(**request, verify=False).status_code == 204
    too_much = fields_and_file(opened, b"x" * (MAX_BYTES + 1))
    assert store_error_of(httpx.post(**too_much, verify=False)) == (400, "EntityTooLarge")
    own = httpx.post(**request, headers={"authorization": "Bearer sk-1"}, verify=False)
    assert store_error_of(own) == (400, "InvalidArgument")
    parts = request["files"]
    assert store_error_of(httpx.post(opened["form"], files=parts[-1:] + parts[:-1], verify=False))[0] == 403
    assert store_error_of(httpx.post(opened["form"], files=parts[:-1], verify=False)) == (400, "InvalidArgument")
    emu.fail_next("upload", faults.PolicyExpired())
    assert store_error_of(httpx.post(**request, verify=False)) == (403, "AccessDenied")
    expired = httpx.post(**request, verify=False)
    assert store_error_of(expired) == (403, "AccessDenied"), "it stays so"
    assert "Policy expired." in expired.text
    assert httpx.post(**fields_and_file(http.post("/recipes", json={}).json(), b"x"), verify=False).status_code == 204
    late = http.post("/recipes", json={}).json()
    emu.clock.advance(61)
    assert "Policy expired." in httpx.post(**fields_and_file(late, b"x"), verify=False).text
    kinds = [path.name.partition("-")[0] for path in emu._state.disk.folder.iterdir()]
    assert kinds == ["form", "form"], "what was refused is not kept"


def test_forms_of_a_service_come_with_texts_and_files(http: httpx.Client) -> None:
    parts: list[tuple[str, Any]] = [
        ("dish", (None, "soup")),
        ("dish", (None, "st\u00e9w", "application/json")),
        ("photo", ("a.png", b"\x89PNG" * 10, "image/png")),
        ("empty", ("empty.txt", b"", "text/plain")),
        ("long", ("long.bin", b"z" * (MAX_BYTES + 50), "application/octet-stream")),
    ]
    answer = http.post("/orders", files=parts).json()
    assert answer["texts"] == {"dish": ["soup", "st\u00e9w"]}
    found = {name: (filename, kind, size, digest) for name, filename, kind, size, digest in answer["files"]}
    assert found["photo"] == ("a.png", "image/png", 40, hashlib.sha256(b"\x89PNG" * 10).hexdigest())
    assert found["empty"][2] == 0
    assert found["long"][2] == MAX_BYTES + 1, "it is told to be too long, and not kept"


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("text/plain", b"x", "multipart/form-data with a boundary"),
        ("multipart/form-data", b"x", "multipart/form-data with a boundary"),
        ("multipart/form-data; boundary=b", b"what is this", "the body is not a form"),
        ("multipart/form-data; boundary=b", b"", "its last boundary is missing"),
        ("multipart/form-data; boundary=b", b"--b\r\nA: b\r\n\r\nx\r\n--b--\r\n", "with a name"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n\xff\r\n--b--\r\n',
            "not text in UTF-8",
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\ncut off',
            "its last boundary is missing",
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n' + b"y" * (1 << 20) + b"yy\r\n--b--\r\n",
            "is over",
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\ny\r\n' * 201 + b"--b--\r\n",
            "over 200 parts",
        ),
    ],
)
def test_what_is_no_form_is_refused(http: httpx.Client, kind: str, body: bytes, words: str) -> None:
    answer = http.post("/orders", content=body, headers={"content-type": kind})
    assert answer.status_code == 400, answer.text
    assert words in answer.json()["why"]


# Streams


def smelt(http: httpx.Client, dish: str) -> list[dict[str, Any]]:
    with http.stream("GET", f"/dishes/{dish}/smell") as answer:
        assert answer.headers["content-type"] == "application/x-ndjson"
        assert "content-length" not in answer.headers
        return [json.loads(line) for line in answer.iter_lines()]


def ended(emu: Emulator, http: httpx.Client) -> str:
    dish: str = cook(http).json()["id"]
    emu.clock.advance(60)
    return dish


def test_a_stream_goes_on_with_its_job(emu: Emulator, http: httpx.Client) -> None:
    dish = cook(http).json()["id"]
    seen: list[dict[str, Any]] = []
    with http.stream("GET", f"/dishes/{dish}/smell") as answer:
        for line in answer.iter_lines():
            seen.append(json.loads(line))
            if len(seen) < 3:
                emu.clock.advance(1)
            else:
                emu.clock.advance(60)
    assert [each["state"] for each in seen] == [*["cooking"] * (len(seen) - 1), "ready"]
    assert [each["number"] for each in seen] == list(range(len(seen)))
    assert len(seen) >= 3
    assert smelt(http, dish)[-1]["state"] == "ready"


def test_the_time_that_a_line_takes_to_go_out_belongs_to_its_interval(emu: Emulator, http: httpx.Client) -> None:
    emu.speed = 0.001
    cook(http)
    (job,) = emu._state.store.jobs()

    async def look() -> None:
        looks = 0
        async for each in emu._state.jobs.watch(job, 0.1):
            assert not each.done
            if (looks := looks + 1) == 3:
                return
            emu.clock.advance(0.1 / emu.speed)

    asyncio.run(asyncio.wait_for(look(), 60))


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("after_lines", [0, 1])
def test_a_stream_is_cut(emu: Emulator, http: httpx.Client, after_lines: int, inside: bool) -> None:
    dish = cook(http).json()["id"]
    emu.fail_next("stream", faults.CutStream(after_lines=after_lines, inside=inside))
    came = bytearray()

    def read() -> None:
        with http.stream("GET", f"/dishes/{dish}/smell") as answer:
            for piece in answer.iter_raw():
                came.extend(piece)
                emu.clock.advance(1)

    with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
        read()
    whole, _, rest = came.rpartition(b"\n")
    assert len(whole.splitlines()) == after_lines
    assert bool(rest) == inside
    assert emu.requests[-1].faults == ("cut_stream",)


def test_a_stream_ends_early(emu: Emulator, http: httpx.Client) -> None:
    dish = cook(http).json()["id"]
    emu.fail_next("stream", faults.EndStream(after_lines=1))
    assert [line["state"] for line in smelt(http, dish)] == ["cooking"]
    emu.fail_next("stream", faults.EndStream(after_lines=9))
    assert [line["state"] for line in smelt(http, ended(emu, http))] == ["ready"]


def test_a_stream_is_held_back(emu: Emulator, http: httpx.Client) -> None:
    dish = cook(http).json()["id"]
    emu.fail_next("stream", faults.BufferedStream())
    with connected(emu) as line, ThreadPoolExecutor(1) as pool:
        assert line.quiet()
        lines = pool.submit(smelt, http, dish)
        until(lambda: emu.requests[-1].path.endswith("/smell"))
        emu.clock.advance(1)
        assert emu.requests[-1].status is None, "not even a status has come"
        emu.clock.advance(60)
        assert lines.result()[-1]["state"] == "ready"


def test_heartbeats_go_on_for_ever(emu: Emulator, http: httpx.Client) -> None:
    dish = cook(http).json()["id"]
    emu.fail_next("stream", faults.HeartbeatsOnly(interval_s=0.01))
    beats = 0
    with http.stream("GET", f"/dishes/{dish}/smell") as answer:
        for line in answer.iter_lines():
            assert json.loads(line) == {"type": "heartbeat"}
            beats += 1
            emu.clock.advance(5)  # the job has long ended, and the stream has not
            if beats == 30:
                break
    assert emu.jobs[0].state == "succeeded"


def test_a_stream_may_answer_something_else(emu: Emulator, http: httpx.Client) -> None:
    emu.fail_next("stream", faults.Status(401))
    assert http.get(f"/dishes/{ended(emu, http)}/smell").json()["no"] == "unauthorized"
    for fault in (faults.HeartbeatsOnly(), faults.EndStream(), faults.BufferedStream()):
        emu.fail_next("stream", fault)
        assert http.get("/dishes/none/smell").json()["no"] == "job_not_found"


# Lists


def test_lists_come_in_pages(emu: Emulator, http: httpx.Client) -> None:
    made = [cook(http, f"dish {number}").json()["id"] for number in range(5)]
    seen, cursor = [], None
    while True:
        query = {"limit": "2"} | ({} if cursor is None else {"cursor": cursor})
        answer = http.get("/dishes", params=query).json()
        seen.append([dish["id"] for dish in answer["dishes"]])
        cursor = answer["next"]
        if cursor is None:
            break
        assert cursor not in made, "it says nothing to a client"
    assert seen == [made[:2], made[2:4], made[4:]]
    assert [dish["id"] for dish in http.get("/dishes").json()["dishes"]] == made
    for wrong in ("nonsense!", "bm9uZQ==", "\u00e9"):
        assert http.get("/dishes", params={"cursor": wrong}).status_code == 400
    for limit in ("0", "101", "x"):
        assert http.get("/dishes", params={"limit": limit}).status_code == 400


@pytest.mark.parametrize("query", ["states=hot,cold", "states=hot&states=cold", "states=%5B%22hot%22,%22cold%22%5D"])
def test_lists_in_queries_are_read_as_clients_write_them(http: httpx.Client, query: str) -> None:
    assert http.get(f"/dishes?{query}").json()["states"] == ["hot", "cold"]
    assert http.get(f"/dishes?{query}x").status_code == 400


# Webhooks and redirects


def test_the_signature_is_the_contracts() -> None:
    signed = TimestampedHmac("Sync-Signature", "whsec_example").sign(
        b'{"id":"g1","status":"COMPLETED"}', 1_700_000_000.9
    )
    mark = "704fa3bee4a983d147cbbde3e118b0cb70cbdf7bf90dbb2602207613f461605f"
    assert signed == {"Sync-Signature": f"t=1700000000,v1={mark}"}
    assert "whsec" not in repr(TimestampedHmac("a", "whsec_example"))


@pytest.mark.parametrize("spoiled", ["valid", "wrong", "stale", "missing"])
def test_a_webhook_is_signed(emu: Emulator, http: httpx.Client, spoiled: str) -> None:
    with receiving() as receiver:
        emu.webhooks.tls = receiver.trust
        emu.webhooks.signature = spoiled
        dish = cook(http, hook=receiver.url).json()["id"]
        emu.clock.advance(60)
        got = receiver.next()
    assert (
        got.raw
        == json.dumps(
            {"id": dish, "state": "ready", "note": "\u00e9"}, separators=(",", ":"), ensure_ascii=False
        ).encode()
    )
    sent = got.headers.get("kitchen-signature")
    if spoiled == "missing":
        assert sent is None
        return
    assert sent is not None
    stamp = int(sent.split(",")[0].removeprefix("t="))
    right = TimestampedHmac("x", SECRET).sign(got.raw, stamp)["x"] == sent
    old = emu.clock.now() - stamp > 3000
    assert (right, old) == {"valid": (True, False), "wrong": (False, False), "stale": (True, True)}[spoiled]


def test_a_result_behind_a_redirect(emu: Emulator, http: httpx.Client) -> None:
    dish = ended(emu, http)
    answer = http.get(f"/dishes/{dish}/plate")
    assert answer.status_code == 302
    file = httpx.get(answer.headers["location"], verify=False)
    assert (file.json(), file.headers["content-type"]) == ({"id": dish, "state": "ready"}, "application/jsonl")
    keyed = httpx.get(answer.headers["location"], headers={"authorization": "Bearer x"}, verify=False)
    assert store_error_of(keyed) == (400, "InvalidArgument")


# Jobs that end otherwise


def test_a_job_is_stopped_and_not_charged(emu: Emulator, http: httpx.Client) -> None:
    dish = cook(http).json()["id"]
    with ThreadPoolExecutor(1) as pool, receiving() as receiver:
        emu.webhooks.tls = receiver.trust
        hooked = cook(http, hook=receiver.url).json()["id"]
        smelling = pool.submit(smelt, http, dish)
        until(lambda: emu.requests[-1].path.endswith("/smell") and emu.requests[-1].status == 200)
        assert http.delete(f"/dishes/{dish}/away").json() == {"running": 2}, "only what has ended can be removed"
        assert http.post(f"/dishes/{dish}/away").json() == {"id": dish, "state": "ready", "stopped": True}
        assert http.post(f"/dishes/{hooked}/away").json()["stopped"]
        emu.clock.advance(2)
        assert smelling.result()[-1]["state"] == "ready"
        assert receiver.next().status["id"] == hooked
    assert http.post(f"/dishes/{dish}/away").json()["stopped"] is False
    assert [(job.state, job.error) for job in emu.jobs] == [("errored", "stopped")] * 2
    emu.clock.advance(600)
    assert (emu.credits, emu.charges) == (10_000, [])
    assert http.delete(f"/dishes/{dish}/away").json() == {"running": 0}
    assert http.get(f"/dishes/{dish}").status_code == 404
    assert [job.id for job in emu.jobs] == [hooked]


def test_what_a_stopped_job_still_renders_is_removed(emu: Emulator, http: httpx.Client, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    encode_clip(path, codec="libx264", container="mp4", milliseconds=1500)
    with Api(emu) as api:
        video = api.upload(path.read_bytes())
        for _ in range(3):
            dish = http.post("/whole", json={"video": video, "output": "video"}).json()["id"]
            assert http.post(f"/dishes/{dish}/away").json()["stopped"]
        folder = emu._state.disk.folder
        until(lambda: [each.name.partition("-")[0] for each in folder.iterdir()] == ["upload"])


def test_results_are_lost_and_failures_charged(emu: Emulator, http: httpx.Client) -> None:
    for fault in (
        faults.LostResults(count=2, how="failed"),
        faults.LostResults(count=99),
        faults.FailedJob("result_unreadable", charged=True),
    ):
        emu.fail_next("generate", fault)
        http.post("/whole", json={"num_samples": 3, "duration_ms": 1000, "prompt": "x"})
    emu.clock.advance(60)
    first, second, third = emu._state.store.jobs()
    assert [charge.credits for charge in emu.charges] == [30, 30, 30]
    assert [[each.variant for each in job.results] for job in (first, second, third)] == [[0], [], []]
    assert [(job.lost, job.losses.how) for job in (first, second)] == [(2, "failed"), (3, "missing")]
    assert [None if job.error is None else job.error.code for job in (first, second, third)] == [
        None,
        None,
        "result_unreadable",
    ]


def test_a_service_has_settings_over_the_wire(emu: Emulator) -> None:
    with httpx.Client(base_url=f"{emu.url}/_emulator", verify=False) as wire:
        assert wire.post("/services/kitchen", json={}).json() == {"stars": 1}
        assert wire.post("/services/kitchen", json={"stars": 3}).json() == {"stars": 3}
        assert wire.post("/services/pixazo", json={"timestamps": "iso"}).json() == {"timestamps": "iso"}
        assert emu.service(Pixazo).timestamps == "iso"
        for name, body, status in [
            ("kitchen", {"stars": 4}, 400),
            ("kitchen", {"moons": 1}, 400),
            ("mirelo", {"stars": 1}, 400),
            ("kitchin", {}, 404),
        ]:
            assert wire.post(f"/services/{name}", json=body).status_code == status
    emu.reset()
    assert str(emu.service(Pixazo).timestamps) == "mixed"


def test_the_emulator_has_no_names_of_one_service_beside_urls_keys_and_service() -> None:
    assert [name for name in vars(Emulator) if any(service in name for service in registry.SERVICES)] == []


# A family without a duration


def test_a_family_without_a_duration_is_as_long_as_its_input(emu: Emulator, http: httpx.Client, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    encode_clip(path, codec="libx264", container="mp4", milliseconds=2500)
    with Api(emu) as api:
        video = api.upload(path.read_bytes())
        answers = [
            http.post("/whole", json=body).json()["id"]
            for body in ({"prompt": "rain"}, {"video": video}, {"video": video, "start_offset_ms": 1000})
        ]
        emu.clock.advance(600)
        assert [job.credits for job in emu.jobs] == [100, 30, 20]
        lengths = [emu._state.store.result(dish, 0).duration_ms for dish in answers]  # type: ignore[union-attr]
        assert lengths == [10_000, 2500, 1500]
        too_late = http.post("/whole", json={"video": video, "start_offset_ms": 2500})
        assert (too_late.status_code, too_late.json()["no"]) == (400, "video_too_short")
        emu.set_credits(20)
        assert http.post("/whole", json={"video": video}).status_code == 402


def test_the_registry_forgets_what_was_made_up() -> None:
    assert "kitchen" not in registry.SERVICES
    assert "cook" not in registry.names()
