"""What schemathesis does not send: bodies at the edge of JSON, other types and methods, names that are none."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from mirelo_ergo.emulator import running
from mirelo_ergo.emulator.spec.formats import is_uri
from tests.emulator.support import SPEC, TEXT, VIDEO, Api, error_of

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "BREW")


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with running(speed=1000) as emulator, Api(emulator) as client:
        yield client


def nested(depth: int) -> bytes:
    return b'{"prompt": "rain", "later": ' + b"[" * depth + b"]" * depth + b"}"


# Bodies


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'{"prompt": "\\ud800"}', "ud800"),
        (b'{"prompt": "rain", "later": 1e999}', "float"),
        (b'{"prompt": "rain", "later": ' + b"9" * 5000 + b"}", "digits"),
        ('{"prompt": "rain"}'.encode("utf-16"), "utf-8"),
        (nested(60_000), "recursion"),
    ],
    ids=["half a pair", "beyond floats", "beyond integers", "utf-16", "deep"],
)
def test_what_no_answer_could_echo_is_refused(api: Api, raw: bytes, words: str) -> None:
    answer = api.http.post(f"{TEXT}/jobs", content=raw)
    assert error_of(answer) == (400, "invalid_request")
    assert words in answer.json()["error"]["message"]


def test_what_is_taken_can_be_echoed(api: Api) -> None:
    """Python reads a little deeper than it writes: between the two, a job would be there that no poll could show."""
    answers = {depth: api.http.post(f"{TEXT}/jobs", content=nested(depth)) for depth in (300, *range(780, 1000, 4))}
    taken = [depth for depth, answer in answers.items() if answer.status_code == 202]
    assert 300 in taken
    for depth in taken:
        assert api.get(answers[depth].json()["job_url"]).status_code == 200, depth


def test_the_last_of_two_equal_names_counts(api: Api) -> None:
    accepted = api.http.post(f"{TEXT}/jobs", content=b'{"prompt": "a", "prompt": "b"}').json()
    assert api.get(accepted["job_url"]).json()["request"] == {"prompt": "b"}


def test_a_byte_order_mark_is_skipped(api: Api) -> None:
    assert api.http.post(f"{TEXT}/jobs", content=b'\xef\xbb\xbf{"prompt": "rain"}').status_code == 202


def test_a_number_without_a_fraction_is_an_integer(api: Api) -> None:
    body = b'{"prompt": "rain", "duration_ms": 2000.0, "num_samples": 2e0}'
    accepted = api.http.post(f"{TEXT}/jobs", content=body).json()
    assert (
        accepted["estimated_ms"] == api.get(f"{TEXT}/preflight", duration_ms=2000, num_samples=2).json()["estimated_ms"]
    )
    assert len(api.finish(accepted)["result"]["result_urls"]) == 2
    segment = {"start_ms": 1000.0, "end_ms": 2000.5}
    answer = api.post("/v2/inpaint-audio/v1.6/jobs", {"audio": {"type": "asset", "asset_id": "x"}, "segment": segment})
    assert "segment.end_ms is 2000.5" in answer.json()["error"]["message"]


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/jsonp", ""])
def test_another_type_than_json_is_refused(api: Api, kind: str) -> None:
    answer = api.http.post(f"{TEXT}/jobs", content=b'{"prompt": "rain"}', headers={"content-type": kind})
    assert error_of(answer) == (400, "invalid_request")
    assert "application/json" in answer.json()["error"]["message"]


def test_json_by_its_other_names(api: Api) -> None:
    for kind in ("application/json; charset=utf-8", "Application/JSON"):
        answer = api.http.post(f"{TEXT}/jobs", content=b'{"prompt": "rain"}', headers={"content-type": kind})
        assert answer.status_code == 202
    empty = {"content-type": "application/x-www-form-urlencoded"}  # what some clients say of no body
    assert api.http.post("/v2/assets", headers=empty).status_code == 201


# Methods and paths


def test_every_other_method_is_told_which_one_there_is(api: Api) -> None:
    with httpx.Client(base_url=api.emu.url, verify=False) as http:
        for path, item in SPEC["paths"].items():
            known = [method.upper() for method in item]
            for method in set(METHODS) - set(known):
                answer = http.request(method, path.replace("{job_id}", "x"))
                assert (answer.status_code, answer.headers["allow"]) == (405, ", ".join(known)), (method, path)
                assert method == "HEAD" or error_of(answer) == (405, "method_not_allowed")


def test_no_path_leads_to_another(api: Api) -> None:
    for path in ("/v2/me/", "/v2//me", f"{TEXT}/jobs/", f"{TEXT}/jobs/a%2Fb"):
        assert error_of(api.get(path)) == (404, "not_found")


# URLs


def test_what_is_no_uri_is_refused_before_anything_else(api: Api) -> None:
    api.emu.set_credits(0, key="sk-poor")
    with Api(api.emu, "sk-poor") as poor:
        answer = poor.post(f"{VIDEO}/jobs", {"video": {"type": "url", "video_url": "a clip.mp4"}, "duration_ms": 1000})
    assert error_of(answer) == (400, "invalid_request")
    assert "video.video_url is 'a clip.mp4': it has to be a URI" in answer.json()["error"]["message"]


@pytest.mark.parametrize("host", [f"{'a' * 64}.example", "%C3%BC..", "127.0.0.1:0", "[v1.a]"])
def test_a_host_that_can_be_none_is_unreachable(api: Api, host: str) -> None:
    video = {"type": "url", "video_url": f"http://{host}/clip.mp4"}
    assert error_of(api.post(f"{VIDEO}/jobs", {"video": video, "duration_ms": 1000})) == (400, "video_url_unreachable")


def test_uris() -> None:
    good = [
        "http://h",
        "https://u:p@h:8/a/b;c?d=e/f?g#h?/",
        "http://[::1]:80/",
        "mailto:a@b",
        "urn:a:b",
        "file:///a",
        "a:",
    ]
    bad = ["", "h", "/a", "//h/a", "http://h/a b", "http://h/ü", "http://h/%zz", "http://h/#a#b", "http://[::1", "1a:b"]
    bad += ["http://h/\n", "http://[z]/", "http://[1.2]/", "http://h:x/", 'http://h/"', "http://h/{a}"]
    assert [text for text in good if not is_uri(text)] == []
    assert [text for text in bad if is_uri(text)] == []
    assert is_uri(json.loads("7"))


@pytest.mark.parametrize("head", [b"rubbish\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n"])
def test_what_is_no_http_is_refused_in_the_words_of_the_service(api: Api, head: bytes) -> None:
    for service, envelope in (("mirelo", {"error"}), ("pixazo", {"error", "message"})):
        parts = urlsplit(api.emu.urls[service])
        with socket.create_connection((parts.hostname, parts.port or 0), timeout=20) as wire:
            wire.sendall(head)
            came = b"".join(iter(lambda: wire.recv(4096), b""))
        assert came.startswith(b"HTTP/1.1 400 ")
        answer, _, body = came.partition(b"\r\n\r\n")
        assert b"content-type: application/json" in answer
        assert set(json.loads(body)) == envelope
