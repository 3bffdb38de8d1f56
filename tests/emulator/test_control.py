"""The emulator's own endpoints: what they tell and change, what they refuse, and whom."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from mirelo_ergo.emulator import Emulator, faults, running
from tests.emulator.raw import ask
from tests.emulator.support import TEXT, Api

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def server() -> Iterator[Emulator]:
    with running() as emulator:
        yield emulator


@pytest.fixture
def emu(server: Emulator) -> Emulator:
    server.reset()
    return server


@pytest.fixture
def own(emu: Emulator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{emu.url}/_emulator/", verify=False, timeout=20) as client:
        yield client


def refusal(answer: httpx.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert error["http_status"] == answer.status_code
    return answer.status_code, error["message"]


def test_the_state_tells_what_happened(emu: Emulator, own: httpx.Client) -> None:
    emu.add_fault(faults.Rule("poll", faults.Reset(), every=5))
    with Api(emu) as api:
        done = api.finish(api.submit(TEXT, prompt="rain sk-secret-123456", duration_ms=1000))
        running_one = api.submit(TEXT, prompt="wind", num_samples=2)
    state = own.get("state").json()
    assert state["key"] == emu.key
    assert state["clock"]["speed"] == 1
    assert [(job["id"], job["state"], job["credits"], len(job["result_urls"])) for job in state["jobs"]] == [
        (done["job_id"], "succeeded", 10, 1),
        (running_one["job_id"], "processing", 200, 0),
    ]
    assert httpx.get(state["jobs"][0]["result_urls"][0], verify=False).content.startswith(b"RIFF")
    assert state["jobs"][0]["created_at"] == done["created_at"]
    (account,) = state["accounts"]
    assert (account["credits"], account["held"], account["spent"]) == (9990, 200, 10)
    assert state["charges"] == [{"job_id": done["job_id"], "credits": 10, "key": account["key"]}]
    assert [(seen["operation"], seen["status"]) for seen in state["requests"]] == [
        ("textToSfxJobCreate", 202),
        ("textToSfxJobPoll", 200),
        ("textToSfxJobCreate", 202),
    ]
    assert json.loads(state["requests"][2]["body"]) == {"prompt": "wind", "num_samples": 2}
    assert json.loads(state["requests"][2]["answer"])["job_id"] == running_one["job_id"]
    assert state["faults"] == [
        {"id": 1, "operation": "poll", "fault": {"kind": "reset", "when": "before"}, "every": 5, "seen": 1, "hits": 0}
    ]
    assert state["scenario"] is None
    assert [len(own.get("state?last=1").json()[name]) for name in ("jobs", "requests", "charges")] == [1, 1, 1]


def test_no_secret_is_told(emu: Emulator, own: httpx.Client) -> None:
    key = "sk-somebody-elses-0123456789"
    with Api(emu, key) as api:
        api.http.cookies.set("session", "geheim-1")
        api.http.headers["x-api-key"] = "geheim-2"
        api.submit(TEXT, prompt=f"the key is {key}")
    text = own.get("state").text
    assert key not in text
    assert "geheim" not in text
    assert "the key is sk-" in text


def test_its_own_requests_are_on_no_record_and_free_of_faults(emu: Emulator, own: httpx.Client) -> None:
    emu.add_fault(faults.Rule("any", faults.Reset()))
    assert own.get("state").status_code == 200
    assert emu.requests == []


def test_a_prompt_that_has_no_utf_8(emu: Emulator, own: httpx.Client) -> None:
    ask(emu, "POST", f"{TEXT}/jobs", {"prompt": "\ud800"})
    assert own.get("state").status_code == 200


def test_faults_come_and_go(emu: Emulator, own: httpx.Client) -> None:
    first = own.post(
        "faults",
        json={"operation": "submit", "fault": {"kind": "status", "status": 503, "retry_after": 1}, "times": 1},
    )
    assert first.status_code == 201
    second = own.post("faults", json={"operation": "me", "fault": {"kind": "reset"}, "probability": 1, "seed": 4})
    assert [each.rule for each in emu.faults] == [
        faults.Rule("submit", faults.Status(503, retry_after=1), times=1),
        faults.Rule("me", faults.Reset(), probability=1, seed=4),
    ]
    assert ask(emu, "POST", f"{TEXT}/jobs", {"prompt": "x"}).headers["retry-after"] == "1"
    listed = own.get("faults").json()
    assert [each["id"] for each in listed["faults"]] == [second.json()["id"]]
    assert set(listed["kinds"]) == set(faults.KINDS)
    assert listed["kinds"]["stuck_job"] == ["submit", "sync"]
    assert {"any", "generate", "submit", "createAsset", "putUpload"} <= set(listed["operations"])
    assert listed["scenarios"] == ["flaky", "hostile", "out-of-credits", "overloaded", "slow"]
    assert own.delete(f"faults/{second.json()['id']}").json() == {"faults": []}
    assert refusal(own.delete("faults/2")) == (404, "there is no fault '2'")
    own.post("faults", json={"operation": "me", "fault": {"kind": "reset"}})
    assert own.delete("faults").json() == {"faults": []}
    assert emu.faults == []


def test_scenarios_by_name_and_by_definition(emu: Emulator, own: httpx.Client) -> None:
    played = own.post("scenario", json={"name": "flaky"}).json()
    assert played["scenario"] == "flaky"
    assert len(played["faults"]) == len(emu.faults) == 8
    own.post("scenario", json={"name": "out-of-credits"})
    assert (emu.faults, emu.credits) == ([], 150)
    definition = {"name": "mine", "credits": 7, "faults": [{"operation": "poll", "fault": {"kind": "bad_json"}}]}
    assert own.post("scenario", json={"definition": definition}).json()["scenario"] == "mine"
    assert (emu.credits, emu.faults[0].rule.fault) == (7, faults.BadJson())
    assert ask(emu, "GET", "/v2/me").json()["credits_available"] == 7
    own.delete("faults")
    assert own.get("state").json()["scenario"] is None


def test_clock_credits_and_reset(emu: Emulator, own: httpx.Client) -> None:
    with Api(emu) as api:
        accepted = api.submit(TEXT, prompt="rain")
        before = emu.clock.now()
        assert own.post("clock", json={"advance_s": 600.5}).json()["speed"] == 1
        assert emu.clock.now() - before >= 600.5
        assert api.get(accepted["job_url"]).json()["status"] == "succeeded"
        account = own.post("credits", json={"credits": 5}).json()
        assert (account["credits"], api.balance()) == (5, 5)
        own.post("credits", json={"credits": 6, "account": account["account"]})
        assert api.balance() == 6
        own.post("credits", json={"credits": 7, "key": "sk-new"})
        with Api(emu, "sk-new") as other:
            assert other.balance() == 7
        own.post("scenario", json={"name": "flaky"})
        assert own.post("reset", json={}).json() == {}
        assert (api.balance(), emu.jobs, emu.faults) == (10_000, [], [])
    assert len(emu.requests) == 1
    assert own.get("state").json()["scenario"] is None


def test_time_ends_before_dates_do(emu: Emulator, own: httpx.Client) -> None:
    for seconds in (1e15, float("inf")):
        with pytest.raises(ValueError, match="the emulator's time ends with the year 8999"):
            emu.clock.advance(seconds)
    emu.clock.advance(datetime(8999, 12, 1, tzinfo=UTC).timestamp() - emu.clock.now())
    emu.fail_next("submit", faults.WrongEstimate(1_000_000))
    with Api(emu) as api:
        assert api.submit(TEXT, prompt="rain")["estimated_completion_at"].startswith("90")
    assert own.get("state").status_code == 200
    assert refusal(own.post("clock", json={"advance_s": 365 * 86_400}))[0] == 400


def test_the_schema_is_the_one_that_is_shipped(own: httpx.Client) -> None:
    schema = own.get("schema").json()
    assert schema["$defs"]["fault_status"]["properties"]["status"] == {
        "type": "integer",
        "minimum": 400,
        "maximum": 599,
    }


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("faults", {"operation": "submt", "fault": {"kind": "reset"}}, "did you mean submit?"),
        ("faults", {"operation": "submit", "fault": {"kind": "status", "status": 700}}, "from 400 to 599"),
        ("faults", {}, "rule.operation is missing"),
        ("faults", [], "the body is []: it has to be an object"),
        ("clock", {}, "advance_s is missing: it has to be a number from 0 to"),
        ("clock", {"advance_s": -1}, "advance_s is -1"),
        ("clock", {"advance_s": "1"}, "advance_s is '1'"),
        ("clock", {"advance_s": 1e99}, "advance_s is 1e+99"),
        ("clock", {"advance": 1}, "'advance' is not a known field: did you mean advance_s?"),
        ("credits", {"credits": 1.5}, "credits is 1.5: it has to be a whole number"),
        ("credits", {"credits": 1, "account": "usr_none"}, "account is 'usr_none'"),
        ("credits", {"credits": 1, "account": "a", "key": "sk-b"}, 'without a "key"'),
        ("credits", {"credits": 1, "key": "pk-1"}, "begins with sk-"),
        ("scenario", {}, 'either a "name" or a "definition"'),
        ("scenario", {"name": "flaky", "definition": {}}, 'either a "name" or a "definition"'),
        ("scenario", {"name": "flakey"}, "name is 'flakey', which is none: did you mean flaky?"),
        ("scenario", {"name": "/etc/passwd.yaml"}, "name is '/etc/passwd.yaml', which is none"),
        ("scenario", {"definition": {"fault": []}}, "scenario.fault is not a known field: did you mean faults?"),
        ("reset", {"hard": True}, "'hard' is not a known field: the body has none"),
    ],
)
def test_what_is_wrong_is_named(own: httpx.Client, path: str, body: object, words: str) -> None:
    status, message = refusal(own.post(path, json=body))
    assert status == 400
    assert words in message


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"{", "not JSON"), (b"[" * 100_000, "not JSON"), (b"\xff", "not JSON"), (b" " * 200_000, "")],
)
def test_bodies_that_cannot_be_read(own: httpx.Client, content: bytes, words: str) -> None:
    status, message = refusal(own.post("clock", content=content, headers={"content-type": "application/json"}))
    assert status == 400
    assert words in message


@pytest.mark.parametrize("last", ["0", "1001", "-1", "x", "1e3", "9" * 30])
def test_a_wrong_count(own: httpx.Client, last: str) -> None:
    assert refusal(own.get("state", params={"last": last})) == (
        400,
        f"last is {last!r}: it has to be a whole number from 1 to 1,000",
    )


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 403),
        ({"host": "evil.example:80"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"content-type": "text/plain"}, 400),
        ({"content-type": "application/x-www-form-urlencoded"}, 400),
        ({"host": "localhost:9"}, 200),
    ],
)
def test_no_other_site_can_drive_it(own: httpx.Client, headers: dict[str, str], status: int) -> None:
    sent: dict[str, Any] = {"content-type": "application/json", **headers}
    assert own.post("clock", content=b'{"advance_s": 0}', headers=sent).status_code == status
    if "content-type" not in headers:
        assert own.get("state", headers=headers).status_code == status
        assert own.delete("faults", headers=headers).status_code == status


def test_no_permission_is_given_to_ask_across_sites(own: httpx.Client) -> None:
    answer = own.options("faults", headers={"origin": "http://evil.example", "access-control-request-method": "DELETE"})
    assert answer.status_code == 405
    assert not any(name.startswith("access-control") for name in answer.headers)
