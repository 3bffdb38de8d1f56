"""Whatever faults meet whatever requests: the emulator stays usable, and every job is charged once or not at all."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mirelo_ergo.emulator import Emulator, faults, running
from tests.emulator.support import TEXT, Api, fetch, put, read_wav
from tests.support.examples import examples
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

WHEN = st.sampled_from(["before", "after"])
FAULTS = st.one_of(
    st.builds(faults.Latency, st.sampled_from([0, 0.5, 5])),
    st.builds(
        faults.Status,
        st.sampled_from([400, 401, 404, 408, 429, 500, 502, 503, 599]),
        body=st.sampled_from(["envelope", "empty", "html"]),
        retry_after=st.sampled_from([None, 0, 5, "soon"]),
        when=WHEN,
    ),
    st.builds(faults.HtmlPage, WHEN),
    st.builds(faults.Reset, WHEN),
    st.builds(faults.NoAnswer, WHEN),
    st.builds(faults.CutBody, st.sampled_from([0, 1, 50, 100_000])),
    st.builds(faults.Drip, st.sampled_from([40, 5000, 1 << 20]), st.sampled_from([0.001, 0.5])),
    st.builds(faults.BadJson),
    st.builds(faults.SlowUpload, st.sampled_from([1024, 1 << 20])),
    st.builds(faults.ExpiredUploadUrl),
    st.builds(faults.ExpiredResultUrl),
    st.builds(faults.StuckJob),
    st.builds(faults.FailedJob, st.sampled_from(["generation_failed", "never_heard_of"])),
    st.builds(faults.WrongEstimate, st.sampled_from([0.001, 0.5, 1_000_000])),
    st.builds(faults.RateLimit, st.sampled_from([0.01, 5]), st.integers(1, 3)),
)
RULES = st.builds(faults.Rule, st.just("any"), FAULTS, times=st.sampled_from([None, 1, 2]))
STEPS = st.sampled_from(["me", "preflight", "submit", "poll", "sync", "upload", "result", "clear"])


@pytest.fixture(scope="module")
def emu() -> Iterator[Emulator]:
    """An emulator whose time runs two hundred times faster."""
    over = threading.Event()
    with running() as emulator:

        def run() -> None:
            while not over.wait(0.003):
                emulator.clock.advance(0.6)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield emulator
        finally:
            over.set()
            thread.join()


class Caller:
    """Make requests that may end in any way; remember what was promised."""

    def __init__(self, emu: Emulator) -> None:
        headers = {"authorization": f"Bearer {emu.key}"}
        self.http = httpx.Client(base_url=emu.url, headers=headers, timeout=0.15, verify=False)
        self.bare = httpx.Client(timeout=0.15, verify=False)
        self.paid_requests = 0
        self.accepted: list[str] = []
        self.results: list[str] = []

    def step(self, step: str) -> None:
        body = {"prompt": "rain", "duration_ms": 1000}
        match step:
            case "me":
                self.http.get("/v2/me")
            case "preflight":
                self.http.get(f"{TEXT}/preflight", params={"duration_ms": 1000})
            case "submit":
                self.paid_requests += 1
                answer = self.http.post(f"{TEXT}/jobs", json=body)
                if answer.status_code == 202:
                    self.accepted.append(answer.json()["job_id"])
            case "sync":
                self.paid_requests += 1
                self.http.post(f"{TEXT}/sync", json=body)
            case "poll" if self.accepted:
                status = self.http.get(f"{TEXT}/jobs/{self.accepted[-1]}").json()
                self.results = status.get("result", {}).get("result_urls", self.results)
            case "upload":
                url = self.http.post("/v2/assets", json={}).json()["upload_url"]
                self.bare.put(url, content=bytes(100_000), headers={"content-type": "video/mp4"})
            case "result" if self.results:
                self.bare.get(self.results[0])


@examples(40)
@example([faults.Rule("any", faults.StuckJob()), "sync", "submit", "poll"])
@example([faults.Rule("any", faults.NoAnswer("after")), "submit", "sync", "upload", "clear", "poll", "result"])
@given(st.lists(st.one_of(RULES, STEPS), min_size=2, max_size=12))
def test_any_sequence(emu: Emulator, sequence: list[faults.Rule | str]) -> None:
    emu.reset()
    caller = Caller(emu)
    with caller.http, caller.bare:
        for item in sequence:
            if isinstance(item, faults.Rule):
                emu.add_fault(item)
            elif item == "clear":
                emu.clear_faults()
            else:
                with contextlib.suppress(httpx.HTTPError, ValueError, KeyError):  # an answer may mean nothing
                    caller.step(item)
    emu.clear_faults()
    emu.clock.advance(600)

    server = emu._server.server_state
    until(lambda: not server.tasks and not server.connections, meanwhile=lambda: emu.clock.advance(600))
    jobs = {job.id: job for job in emu.jobs}
    assert set(caller.accepted) <= set(jobs)
    assert len(jobs) <= caller.paid_requests
    assert sorted(charge.job_id for charge in emu.charges) == sorted(
        job.id for job in jobs.values() if job.state == "succeeded"
    )
    assert emu.credits == 10_000 - sum(charge.credits for charge in emu.charges)

    with Api(emu) as api:
        assert fetch(f"{emu.url}/_emulator/state").status_code == 200
        asset_id, url = api.open_upload()
        assert put(url, b"whole").status_code == 200
        asset = emu.asset(asset_id)
        assert asset is not None
        assert asset.size == 5
        (result,) = api.results(TEXT, prompt="rain", duration_ms=1000)
        assert len(read_wav(fetch(result).content)) == 48_000
