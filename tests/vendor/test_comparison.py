"""Every claim of docs/comparison.md, shown on both sides over real sockets: the vendor's SDK 1.0.0 and this package.

The vendor's side runs in a process of its own, in an environment of its own (`vendor_side.py`).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tracemalloc
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from bench.children import ROOT, VENDOR, environment
from mirelo_ergo import (
    AuthenticationError,
    InvalidRequestError,
    MireloClient,
    MireloError,
    NetworkError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    SubmitOutcomeUnknown,
    UnexpectedResponseError,
    Video,
)
from tests.faults import mirelo
from tests.faults.server import FaultServer, Routes
from tests.faults.steps import Close, Drip, ReadRequest, Reset, Respond, Script, Send, json_response

if TYPE_CHECKING:
    from collections.abc import Sequence

KEY = "sk-comparison"
JOBS = f"{mirelo.TEXT_TO_SFX}/jobs"
CLIP_JOBS = f"{mirelo.VIDEO_TO_SFX}/jobs"
MIB = 1 << 20


@attrs.frozen
class Outcome:
    """What the vendor's SDK returned or raised."""

    result: Any = None
    raised: str | None = None
    is_mirelo_error: bool | None = None
    code: str | None = None
    http_status: int | None = None


def vendor(scenario: str, **arguments: Any) -> Outcome:
    """Run a scenario of `vendor_side.py`."""
    assert VENDOR.exists(), "the vendor's SDK has no environment yet: run `make .bench/vendor/ready`"
    done = subprocess.run(
        [VENDOR, "-W", "ignore", Path(__file__).with_name("vendor_side.py"), scenario, json.dumps(arguments)],
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Outcome(**json.loads(done.stdout))


@pytest.fixture(scope="module")
def surface() -> dict[str, Any]:
    offered: dict[str, Any] = vendor("surface").result
    return offered


def ours(url: str, **options: Any) -> MireloClient:
    return MireloClient(KEY, base_url=url, **{"backoff_ms": 1, **options})


def clip(folder: Path, size: int) -> str:
    path = folder / "clip.mp4"
    with path.open("wb") as file:
        file.truncate(size)
    return str(path)


def uploads(server: FaultServer, *puts: Script) -> Routes:
    """Answer what an upload and its submit ask for."""
    return Routes(
        {
            "POST /v2/assets": [mirelo.asset(f"{server.url}/put?X-Signature=1")],
            "PUT /put": list(puts),
            f"POST {CLIP_JOBS}": [mirelo.accepted(operation=mirelo.VIDEO_TO_SFX)],
        }
    )


def test_the_environment_has_the_version_that_is_compared(surface: dict[str, Any]) -> None:
    assert surface["version"] == "1.0.0"
    assert "mirelo-sdk==1.0.0" in (ROOT / "bench" / "requirements-vendor.txt").read_text().split()


LOST: Sequence[Script] = [[ReadRequest(), Reset()], mirelo.accepted()]


def test_a_lost_answer_is_paid_for_once() -> None:
    with FaultServer(LOST) as server:
        assert vendor("submit", url=server.url, retries=1).result == mirelo.JOB_ID
        assert len(mirelo.submits(server.requests)) == 2, "both arrived whole: two jobs, both charged"
    with FaultServer(LOST) as server, ours(server.url) as client:
        with pytest.raises(SubmitOutcomeUnknown) as caught:
            client.text_to_sfx("rain").submit_job()
        assert len(mirelo.submits(server.requests)) == 1
        assert caught.value.sent == "yes"
        assert len(caught.value.request_fingerprint) == 64


def test_a_lost_answer_is_told_from_a_failed_submit() -> None:
    """With retries off both send once; what the caller hears differs."""
    with FaultServer(LOST) as server:
        lost = vendor("submit", url=server.url)
    with FaultServer(start="refuse") as server:
        refused = vendor("submit", url=server.url)
        with ours(server.url, retries=0) as client, pytest.raises(NetworkError) as caught:
            client.text_to_sfx("rain").submit_job()
    assert (lost.raised, lost.code) == (refused.raised, refused.code) == ("MireloError", "network_error")
    assert caught.value.sent == "no"
    assert not issubclass(SubmitOutcomeUnknown, NetworkError)


def polled(*answers: Script) -> Routes:
    return Routes({f"POST {JOBS}": [mirelo.accepted()], f"GET {JOBS}/*": list(answers)})


def test_one_503_does_not_end_a_wait() -> None:
    answers = mirelo.api_error(503, "server_error"), mirelo.succeeded("https://files.test/1.wav")
    with FaultServer(polled(*answers)) as server:
        ended = vendor("wait", url=server.url)
        assert (ended.raised, ended.http_status) == ("MireloError", 503)
    with FaultServer(polled(*answers)) as server, ours(server.url, retries=0) as client:
        job = client.text_to_sfx("rain").submit_job()
        assert job.wait(poll_interval_ms=20).result_urls == ["https://files.test/1.wav"]


def test_a_status_that_nobody_knows_yet_does_not_end_a_wait() -> None:
    new = json_response(200, {**json.loads(mirelo.processing().body), "status": "queued"})
    answers = new, mirelo.succeeded("https://files.test/1.wav")
    with FaultServer(polled(*answers)) as server:
        assert vendor("wait", url=server.url, retries=3).raised == "MireloError"
    with FaultServer(polled(*answers)) as server, ours(server.url) as client:
        job = client.text_to_sfx("rain").submit_job()
        assert job.wait(poll_interval_ms=20).result_urls == ["https://files.test/1.wav"]


@pytest.mark.parametrize(
    ("script", "escapes", "expected"),
    [
        ([ReadRequest(), Close()], "RemoteProtocolError", NetworkError),
        (mirelo.html_error(200), "JSONDecodeError", UnexpectedResponseError),
        (json_response(200, {}), "KeyError", UnexpectedResponseError),
    ],
)
def test_every_failure_is_a_mirelo_error(script: Script, escapes: str, expected: type[MireloError]) -> None:
    with FaultServer([script]) as server:
        theirs = vendor("me", url=server.url, retries=3)
        assert (theirs.raised, theirs.is_mirelo_error) == (escapes, False)
    with FaultServer([script]) as server, ours(server.url) as client, pytest.raises(MireloError) as caught:
        client.me()
    assert type(caught.value) is expected


def test_errors_are_told_apart_by_class(surface: dict[str, Any]) -> None:
    cases: list[tuple[Respond, type[MireloError]]] = [
        (mirelo.api_error(401, "unauthorized"), AuthenticationError),
        (mirelo.api_error(429, "rate_limited", Retry_After="0"), RateLimitError),
        (mirelo.api_error(503, "server_error"), ServerError),
    ]
    assert surface["errors"] == ["MireloError"]
    for answer, expected in cases:
        with FaultServer([answer]) as server:
            assert vendor("me", url=server.url).raised == "MireloError"
        with (
            FaultServer([answer]) as server,
            ours(server.url, retries=0) as client,
            pytest.raises(MireloError) as caught,
        ):
            client.me()
        assert type(caught.value) is expected


def test_retry_after_is_obeyed() -> None:
    busy = [mirelo.api_error(503, "server_error", Retry_After="1"), mirelo.me()]
    limited = [mirelo.api_error(429, "rate_limited", Retry_After="1"), mirelo.me()]
    with FaultServer(busy) as server:
        assert vendor("me", url=server.url, retries=1).raised is None
        first, second = server.requests
        assert second.at - first.at < 0.5
    with FaultServer(limited) as server:
        assert vendor("me", url=server.url, retries=3).http_status == 429
        assert len(server.requests) == 1
    for answers in (busy, limited):
        with FaultServer(answers) as server, ours(server.url) as client:
            client.me()
            first, second = server.requests
            assert second.at - first.at >= 1.0


def test_a_reset_upload_is_sent_again(tmp_path: Path) -> None:
    path = clip(tmp_path, MIB)
    puts: list[Script] = [[ReadRequest(), Reset()], Respond(200)]
    with FaultServer() as server:
        server.play(uploads(server, *puts))
        theirs = vendor("upload", url=server.url, path=path, retries=3)
        assert (theirs.raised, theirs.code) == ("MireloError", "upload_failed")
        assert [request.method for request in server.requests] == ["POST", "PUT"]
    with FaultServer() as server, ours(server.url) as client:
        server.play(uploads(server, *puts))
        client.video_to_sfx(path, duration_ms=5000).submit_job()
        first, second = (request for request in server.requests if request.method == "PUT")
        assert first.length == second.length == MIB
        assert first.sha256 == second.sha256


def test_an_upload_takes_constant_memory(tmp_path: Path, surface: dict[str, Any]) -> None:
    size = 64 * MIB
    path = clip(tmp_path, size)
    assert surface["sources"] == ["from_bytes", "from_url"]
    with FaultServer() as server:
        server.play(uploads(server, Respond(200)))
        assert vendor("upload", url=server.url, path=path).result >= size
    with FaultServer() as server, ours(server.url) as client:
        server.play(uploads(server, Respond(200)))
        tracemalloc.start()
        try:
            client.video_to_sfx(Video.from_path(path), duration_ms=5000).submit_job()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 8 * MIB, "the server's buffers are in it"
        assert next(request.length for request in server.requests if request.method == "PUT") == size


def test_a_job_is_resumed_in_another_process(surface: dict[str, Any]) -> None:
    assert surface["client"] == ["close", "me", "text_to_sfx", "video_to_sfx"], "no call takes a job that exists"
    with FaultServer(polled(mirelo.succeeded("https://files.test/1.wav"))) as server:
        with ours(server.url) as client:
            token = client.text_to_sfx("rain").submit_job().token
        resume = (
            "import sys; from mirelo_ergo import MireloClient\n"
            f"client = MireloClient({KEY!r}, base_url=sys.argv[1])\n"
            "print(*client.job(sys.argv[2]).wait(poll_interval_ms=20).result_urls)"
        )
        done = subprocess.run(
            [sys.executable, "-c", resume, server.url, token],
            env=environment(),
            capture_output=True,
            text=True,
            timeout=240,
            check=True,
        )
    assert done.stdout.split() == ["https://files.test/1.wav"]


def test_a_deadline_bounds_the_whole_call() -> None:
    """The answer's body comes one byte every 20 ms, about two seconds in all."""
    answer = mirelo.me()
    slow: Script = [ReadRequest(), Drip(answer.wire, 0.02)]
    assert len(answer.wire) * 0.02 > 2
    with FaultServer([slow]) as server:
        theirs = vendor("me", url=server.url, timeout_ms=300).result
        assert theirs["seconds"] > 2
    with FaultServer([slow]) as server, ours(server.url, timeout_ms=300) as client:
        with pytest.raises(RequestTimeoutError):
            client.me()
        (request,) = server.requests
        assert not request.body


def test_a_request_outside_the_limits_is_not_sent() -> None:
    refusal = mirelo.api_error(400, "invalid_request")
    with FaultServer([refusal]) as server:
        assert vendor("submit", url=server.url, duration_ms=10_001).http_status == 400
        assert vendor("submit", url=server.url, prompt="x" * 5001).http_status == 400
        assert len(server.requests) == 2
    with FaultServer([refusal]) as server, ours(server.url) as client:
        for prompt, duration_ms in (("rain", 10_001), ("x" * 5001, 2000)):
            with pytest.raises(InvalidRequestError, match="nothing was sent"):
                client.text_to_sfx(prompt, duration_ms=duration_ms)
        server.assert_quiet()
        assert server.accepted == 0


def test_results_are_downloaded(tmp_path: Path, surface: dict[str, Any]) -> None:
    """The connection is reset on the way; the rest is asked for, not all of it again."""
    assert surface["result"] == ["result_urls"]
    wav = b"RIFF" + (10_000 - 8).to_bytes(4, "little") + b"WAVEfmt " + bytes(9984)
    kept = 6000
    headers = {"Content-Type": "audio/wav", "ETag": '"1"'}
    rest = {**headers, "Content-Range": f"bytes {kept}-{len(wav) - 1}/{len(wav)}"}
    cut = Respond(200, wav, headers).wire[: kept - len(wav)]
    with FaultServer() as server, ours(server.url) as client:
        routes: dict[str, Sequence[Script]] = {
            f"POST {JOBS}": [mirelo.accepted()],
            f"GET {JOBS}/*": [mirelo.succeeded(f"{server.url}/1.wav")],
            "GET /1.wav": [[ReadRequest(), Send(cut), Reset()], Respond(206, wav[kept:], rest)],
        }
        server.play(Routes(routes))
        (saved,) = client.text_to_sfx("rain").run(poll_interval_ms=20).download(tmp_path)
        assert server.requests[-1].headers["range"] == f"bytes={kept}-"
    assert saved.read_bytes() == wav


def test_the_package_is_typed(surface: dict[str, Any]) -> None:
    assert surface["py.typed"] is False
    assert files("mirelo_ergo").joinpath("py.typed").is_file()


def test_every_claim_names_a_test_that_exists() -> None:
    page = (ROOT / "docs" / "comparison.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| ")][1:]
    named = [re.findall(r"`(test_\w+)`", row) for row in rows]
    assert len(rows) >= 10
    assert all(len(tests) == 1 for tests in named)
    shown = {tests[0] for tests in named}
    here = {name for name in globals() if name.startswith("test_")}
    assert shown <= here
    assert here - shown == {
        "test_the_environment_has_the_version_that_is_compared",
        "test_every_claim_names_a_test_that_exists",
    }
