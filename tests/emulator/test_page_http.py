"""The page over plain HTTP: who may use it, what it never tells, what it refuses, and what it leaves out."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import httpx
import pytest

from mirelo_ergo.emulator import faults, running
from mirelo_ergo.emulator.page import presets, view
from mirelo_ergo.emulator.services import registry
from tests.emulator.gateway import TEXT as QUEUE
from tests.emulator.gateway import Gateway
from tests.emulator.support import TEXT, Api

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mirelo_ergo.emulator import Emulator

PAGE = "/_emulator/page"
SHOWN = [name for name, each in presets.PRESETS.items() if each.fault.groups & registry.present()]
OTHERS_KEY = "sk-somebody-elses-0123456789"


@pytest.fixture(scope="module")
def served() -> Iterator[Emulator]:
    with running() as emulator:
        yield emulator


@pytest.fixture
def emu(served: Emulator) -> Emulator:
    served.reset()
    return served


@pytest.fixture
def http(emu: Emulator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=emu.url, verify=False) as client:
        yield client


def post(http: httpx.Client, form: str, **fields: str) -> httpx.Response:
    return http.post(f"{PAGE}/{form}", data=fields)


def text_of(page: httpx.Response) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page.text)))


# Who may use it


@pytest.mark.parametrize(
    "path", ["/", f"{PAGE}/style.css", f"{PAGE}/page.js", f"{PAGE}/icon.svg", f"{PAGE}/results/x/0.wav"]
)
def test_every_answer_is_closed_to_other_sites(http: httpx.Client, path: str) -> None:
    answer = http.get(path)
    assert answer.status_code == (404 if "results" in path else 200)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8000", "localhost:1", "[::1]:80", "10.1.2.3", "mirelo:8000", "a.localhost", "host.docker.internal:9"],
)
def test_a_host_that_only_its_owner_has_is_fine(http: httpx.Client, host: str) -> None:
    assert http.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "[::1", "evil.example.", ""])
def test_a_host_that_a_stranger_could_point_here_is_refused(http: httpx.Client, host: str) -> None:
    answer = http.get("/", headers={"host": host})
    assert answer.status_code == 403
    assert "localhost" in answer.text
    assert "sk-" not in answer.text


EXTERNAL = [
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": "http://[::1"},
    {"origin": "http://127.0.0.1:1"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
]


@pytest.mark.parametrize("headers", EXTERNAL)
@pytest.mark.parametrize("form", ["clock", "credits", "faults", "scenario", "reset", "sound"])
def test_another_site_cannot_act(emu: Emulator, http: httpx.Client, form: str, headers: dict[str, str]) -> None:
    fields = {"seconds": "60", "account": "x", "amount": "1", "fault": "reset", "times": "1", "name": "flaky"}
    fields["prompt"] = "x"
    before = emu.clock.now()
    answer = http.post(f"{PAGE}/{form}", data=fields, headers={"sec-fetch-dest": "document", **headers})
    assert answer.status_code == 403
    assert emu.clock.now() - before < 60
    assert emu.jobs == []
    assert "In force" not in http.get("/").text


def test_another_site_cannot_read(http: httpx.Client) -> None:
    for headers in EXTERNAL:
        assert http.get("/", headers=headers).status_code == 403
    followed = {"sec-fetch-site": "cross-site", "sec-fetch-dest": "document"}
    assert http.get("/", headers=followed).status_code == 200  # a link that a person followed


def test_its_own_forms_may_act(emu: Emulator, http: httpx.Client) -> None:
    before = emu.clock.now()
    answer = http.post(
        f"{PAGE}/clock", data={"seconds": "60"}, headers={"origin": emu.url, "sec-fetch-site": "same-origin"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/?done=clock#clock")
    assert emu.clock.now() - before >= 60


# What it never tells


def test_other_keys_are_shortened_wherever_they_are(emu: Emulator, http: httpx.Client) -> None:
    with Api(emu, OTHERS_KEY) as other:
        other.balance()
        other.finish(other.submit(TEXT, prompt=f"my key is {OTHERS_KEY}"))
        other.http.get(f"/v2/me?key={OTHERS_KEY}")
        other.http.event_hooks = {}
        other.http.get(f"/{OTHERS_KEY}")
        other.http.post(f"{TEXT}/jobs", json={"prompt": OTHERS_KEY, OTHERS_KEY: 1})
    page = http.get("/").text
    assert OTHERS_KEY not in page
    assert page.count("sk-some…6789") > 5
    assert emu.key in page  # its own, which is made up, is what one comes for


def test_it_is_not_among_the_requests_and_meets_no_fault(emu: Emulator, http: httpx.Client) -> None:
    post(http, "faults", fault="unavailable", times="5")
    assert http.get("/").status_code == 200
    assert http.get(f"{PAGE}/page.js").status_code == 200
    assert emu.requests == []
    assert http.get("/v2/me").status_code == 503


# What it refuses


@pytest.mark.parametrize(
    ("form", "fields", "why"),
    [
        ("clock", {}, "seconds is '': it has to be a whole number from 1 to 86,400"),
        ("clock", {"seconds": "-1"}, "seconds is '-1'"),
        ("clock", {"seconds": "²"}, "seconds is '²'"),
        ("clock", {"seconds": "9" * 500}, "seconds is '999"),
        ("credits", {"amount": "5", "account": "<script>"}, "there is no account '<script>'"),
        ("credits", {"amount": "1e3", "account": "x"}, "amount is '1e3'"),
        ("faults", {"fault": "flood", "times": "1"}, "there is no fault 'flood'"),
        ("faults", {"fault": "reset", "times": "0"}, "times is '0'"),
        ("faults", {"fault": "reset", "times": "1", "operation": "lunch"}, "operation is 'lunch'"),
        ("faults", {"clear": "x"}, "clear is 'x'"),
        ("scenario", {"name": "../../etc/passwd"}, "there is no scenario '../../etc/passwd'"),
        ("sound", {"seconds": "61", "prompt": "x"}, "seconds is '61': it has to be a whole number from 1 to 60"),
        ("sound", {"seconds": "1", "prompt": ""}, "prompt has 0 characters: it needs 1 or more"),
        ("clock", {str(number): "1" for number in range(30)}, "fields"),
    ],
)
def test_what_a_form_cannot_do_is_said_on_the_page(
    http: httpx.Client, form: str, fields: dict[str, str], why: str
) -> None:
    answer = post(http, form, **fields)
    assert answer.status_code == 400
    assert f"Not done: {why}" in text_of(answer) or (why == "fields" and "Not done: Max number" in text_of(answer))
    assert "<script>'" not in answer.text


def test_a_body_that_is_no_form_is_refused(http: httpx.Client) -> None:
    assert http.post(f"{PAGE}/clock", json={"seconds": "60"}).status_code == 400
    assert http.post(f"{PAGE}/clock", content=b"seconds=60&x=" + b"x" * 200_000).status_code == 400
    assert http.get(f"{PAGE}/clock").status_code == 405


@pytest.mark.parametrize("name", ["0.wav", "9.wav", "-1.wav", "99999999999999999999.wav", "x"])
def test_a_result_that_is_not_there_is_not_found(http: httpx.Client, name: str) -> None:
    assert http.get(f"{PAGE}/results/00000000-0000-4000-8000-000000000000/{name}").status_code == 404


# What it does


def test_a_result_needs_no_key_and_takes_ranges(http: httpx.Client, api: Api) -> None:
    status = api.finish(api.submit(TEXT, prompt="sea", duration_ms=1000))
    path = f"{PAGE}/results/{status['job_id']}/0.wav"
    assert f'src="{path}"' in http.get("/").text
    whole = http.get(path)
    assert (whole.status_code, whole.headers["content-type"], len(whole.content)) == (200, "audio/wav", 192_044)
    part = http.get(path, headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole.content[10:20])


def test_a_result_can_be_downloaded_under_a_name_of_its_own(http: httpx.Client, api: Api) -> None:
    status = api.finish(api.submit(TEXT, prompt="sea", duration_ms=1000, num_samples=2))
    found = re.findall(r'<a href="([^"]+)" download="([^"]+)">', http.get("/").text)
    assert found == [
        (f"{PAGE}/results/{status['job_id']}/{n}.wav", f"{status['job_id']}-{n + 1}.wav") for n in range(2)
    ]


def test_a_first_sound_needs_no_client(emu: Emulator, http: httpx.Client) -> None:
    answer = post(http, "sound", prompt="rain", seconds="2")
    assert answer.headers["location"] == "/?done=sound#sound"
    emu.clock.advance(600)
    (job,) = emu.jobs
    assert (job.key, job.state, job.credits, job.request) == (
        emu.key,
        "succeeded",
        20,
        {"prompt": "rain", "duration_ms": 2000},
    )
    emu.set_credits(0)
    answer = post(http, "sound", prompt="rain", seconds="2")
    assert "Not done: 20 credits are needed and 0 are left" in text_of(answer)


def test_every_button_that_is_short_says_what_it_does(http: httpx.Client) -> None:
    page = html.unescape(http.get("/").text)
    for name in SHOWN:
        preset = presets.PRESETS[name]
        assert f'value="{name}" title="{preset.about}"' in page
        assert len(preset.about) > 20
    assert 'value="overloaded" title="' in page


def test_scenario_and_a_new_start(emu: Emulator, http: httpx.Client, api: Api) -> None:
    api.submit(TEXT, prompt="sea")
    assert post(http, "scenario", name="out-of-credits").headers["location"] == "/?done=scenario#scenario"
    assert "In force: out-of-credits." in text_of(http.get("/"))
    assert emu.credits < 10_000
    assert post(http, "reset").status_code == 303
    page = text_of(http.get("/?done=reset"))
    assert "The emulator is as after its start." in page
    assert "In force" not in page
    assert emu.jobs == []


@pytest.mark.parametrize("name", SHOWN)
def test_every_button_puts_its_fault_in_force(emu: Emulator, http: httpx.Client, name: str) -> None:
    assert f'name="fault" value="{name}"' in http.get("/").text
    assert post(http, "faults", fault=name, times="2", operation="any").status_code == 303
    (active,) = emu.faults
    assert (active.rule.fault, active.rule.times) == (presets.PRESETS[name].fault, 2)
    assert f"{active.rule.fault.kind.replace('_', ' ')}, {active.rule.operation}" in text_of(http.get("/"))


def test_a_job_that_is_stuck_says_so(http: httpx.Client, api: Api) -> None:
    post(http, "faults", fault="stuck-job", times="1")
    api.finish(api.submit(TEXT, prompt="treacle"))
    assert "90 % never ends" in text_of(http.get("/"))


def test_every_kind_of_fault_has_a_button() -> None:
    assert {preset.fault.kind for preset in presets.PRESETS.values()} == set(faults.KINDS)


def test_only_known_words_are_said(http: httpx.Client) -> None:
    assert 'role="status"></p>' in http.get("/?done=<b>hello</b>").text


def test_long_lists_are_cut_and_polls_are_one_line(emu: Emulator, http: httpx.Client, api: Api) -> None:
    accepted = [api.submit(TEXT, prompt=f"number {number}", duration_ms=1000) for number in range(25)]
    for _ in range(7):
        api.get(accepted[0]["job_url"])
    page = text_of(http.get("/"))
    assert "The latest 20; 5 more came before." in page
    assert "number 24" in page
    assert "number 4 " not in http.get("/").text.partition('id="requests"')[0]
    assert "7 times" in page
    assert http.get("/").text.count("<details>") == 26


def test_long_and_broken_bodies_are_cut_and_shown(http: httpx.Client, api: Api) -> None:
    api.http.event_hooks = {}
    for body in (b'{"prompt": "' + b"x" * 100_000, b"\xff\xfe", b'{"prompt": "\\ud800"}', b"[" * 3000):
        api.http.post(f"{TEXT}/jobs", content=body, headers={"content-type": "application/json"})
    api.upload(b"\0" * 2000)
    answer = http.get("/")
    assert answer.status_code == 200
    assert "2,000 bytes video/mp4" in answer.text
    assert len(answer.content) < 60_000


def test_the_gateway_and_what_it_did_are_there_too(emu: Emulator, http: httpx.Client) -> None:
    with Gateway(emu) as gateway:
        gateway.submit(QUEUE, text_prompt="pebbles")
    page = text_of(http.get("/"))
    assert f"Pixazo gateway {emu.urls['pixazo']}" in page
    assert "pebbles Running Pixazo gateway textToAudio mirelo-sfx-1-6-text-to-audio" in page
    assert f"POST Pixazo gateway {QUEUE}" in page


@pytest.mark.parametrize("path", ["/_emulator", "/_emulator/"])
def test_the_root_of_the_endpoints_leads_to_the_page(emu: Emulator, http: httpx.Client, path: str) -> None:
    answer = http.get(path)
    assert (answer.status_code, answer.headers["location"]) == (307, "/")
    assert http.get(path, follow_redirects=True).text.startswith("<!doctype html>")
    assert emu.requests == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (59.5, "1 min"), (61, "1 min 1 s"), (3600, "1 h"), (3661, "1 h 1 min"), (90_000, "1 d 1 h")],
)
def test_times_are_told_in_two_units(seconds: float, words: str) -> None:
    assert view.span(seconds) == words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Bearer sk-0123456789abcdefghij", "Bearer sk-0123…ghij"),
        ("sk-short", "sk-sh…"),
        ("a desk-lamp-with-a-shade", "a desk-lamp-with-a-shade"),
        ("sk-", "sk-"),
    ],
)
def test_keys_are_found_in_text(text: str, shown: str) -> None:
    assert view.safe(text) == shown
