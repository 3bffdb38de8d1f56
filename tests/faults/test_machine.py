"""Issue 3, point 5: a client and its service through any order of submits, polls, faults, crashes and downloads.

Sockets are real, time is `Clock`'s. That this machine can catch what it is there for, its last test shows.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
import threading
from collections import Counter
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from mirelo_ergo import DownloadError, MireloError, SubmitOutcomeUnknown
from mirelo_ergo._runtime.api.retry import Answered, Decision, Done, Kind, Outcome, Raise, Retry, RetryPolicy
from mirelo_ergo._runtime.io.deadline import Timing
from tests.faults.clock import Clock
from tests.faults.harness import Face
from tests.faults.server import FaultServer
from tests.faults.standin import FAULTS, Endpoint, Fault, StandIn, held

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ANY_FAULT = [(endpoint, fault) for endpoint, faults in FAULTS.items() for fault in faults]
IMPATIENT = Timing(between_bytes=0.1, no_progress=0.1)
"""Real seconds: what a silent server costs here."""


def a_fault(endpoint: Endpoint) -> st.SearchStrategy[Fault | None]:
    """Draw one fault, or a third of the time none."""
    faults = FAULTS[endpoint]
    return st.sampled_from([*faults, *[None] * (len(faults) // 2)])


def _leads_back(error: MireloError, job: Any) -> None:
    assert error.job is job
    assert error.job_token == job.token


class _Stop(threading.Event):
    """Interrupt a call when the server says so."""

    def __init__(self, interrupt: Callable[[], object]) -> None:
        super().__init__()
        self._interrupt = interrupt

    def set(self) -> None:
        super().set()
        self._interrupt()


class Machine(RuleBasedStateMachine):
    """One user, who keeps what the client gave: handles or their tokens, errors, files."""

    colour: ClassVar[Literal["sync", "async"]] = "sync"
    root: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.face = Face(self.colour)
        self.service = StandIn(self.clock.now)
        self.server = FaultServer(self.service).__enter__()
        self.service.attach(self.server)
        self.folder = Path(tempfile.mkdtemp(prefix="run-", dir=self.root))
        self.jobs: list[Any] = []
        self.told: dict[str, str] = {}
        """What the client said of each submit, by its prompt: "job", "unknown", "refused" or "stopped"."""
        self.client = self._new_client()

    def _new_client(self) -> Any:
        return self.clock.drive(self.face.open(self.server.url, timing=IMPATIENT, timeout_ms=60_000, backoff_ms=500))

    def teardown(self) -> None:
        try:
            self._settle()
        finally:
            self.face.close()
            self.server.__exit__(None, None, None)
            shutil.rmtree(self.folder)

    def _settle(self) -> None:
        """In the end, without faults, every job that was taken is found by its token, or was reported as unknown."""
        self.nobody_pays_twice()
        self.service.heal()
        self.crash_and_resume()
        self._take_time(Timing())
        reached = {job.job_id for job in self.jobs}
        for job_id, prompt in self.service.charged().items():
            assert job_id in reached or self.told[prompt] == "unknown", f"{job_id} is lost: {self.told[prompt]}"
        for job in self.jobs:
            (path,) = self.face.do(self.face.do(job.wait()).download(self.folder, overwrite=True))
            assert path.read_bytes() == self.service.file(job.job_id)

    # --- what may happen ---------------------------------------------------------------------------------------------

    @rule(faults=st.lists(st.sampled_from(ANY_FAULT), min_size=1, max_size=5))
    def inject_faults(self, faults: list[tuple[Endpoint, Fault]]) -> None:
        for endpoint, fault in faults:
            self._fail(endpoint, fault)

    def _fail(self, endpoint: Endpoint, fault: Fault | None) -> None:
        if fault is not None:
            self.service.fail(endpoint, fault)

    @rule(fault=a_fault("submit"))
    def submit(self, fault: Fault | None) -> None:
        self._fail("submit", fault)
        prompt = f"sound {len(self.told) + 1}"
        try:
            self.jobs.append(self.face.do(self.client.text_to_sfx(prompt).submit_job()))
            self.told[prompt] = "job"
        except SubmitOutcomeUnknown:
            self.told[prompt] = "unknown"
        except MireloError:
            self.told[prompt] = "refused"

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), fault=a_fault("poll"))
    def poll(self, data: st.DataObject, fault: Fault | None) -> None:
        job = data.draw(st.sampled_from(self.jobs))
        self._fail("poll", fault)
        try:
            assert self.face.do(job.status()).status in ("processing", "succeeded")
        except MireloError as error:
            _leads_back(error, job)

    @rule(seconds=st.sampled_from([1.0, 5.0, 3000.0]))
    def advance(self, seconds: float) -> None:
        self.clock.passed += seconds

    @rule()
    def crash_and_resume(self) -> None:
        """Go on with what another process would have: the tokens."""
        tokens = [job.token for job in self.jobs]
        self.face.do(self.client.close() if self.colour == "sync" else self.client.aclose())
        self.client = self._new_client()
        self.jobs = [self.client.job(token) for token in tokens]

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), fault=a_fault("result"), overwrite=st.booleans())
    def download(self, data: st.DataObject, fault: Fault | None, overwrite: bool) -> None:
        job = data.draw(st.sampled_from(self.jobs))
        self._fail("result", fault)
        result = self.face.do(job.wait())  # no fault of a poll ends a wait
        try:
            self.face.do(result.download(self.folder, overwrite))
        except DownloadError as error:
            _leads_back(error, job)

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """Stop a submit, taken or not, or a download, at the moment when the service has it and does not answer."""
        job = data.draw(st.sampled_from([None, *self.jobs]))
        if job is not None:
            result = self.face.do(job.wait())
            error = self._stopped("result", lambda: result.download(self.folder, overwrite=True))
            assert any(job.token in note for note in error.__notes__)
            return
        prompt = f"sound {len(self.told) + 1}"
        error = self._stopped("submit", self.client.text_to_sfx(prompt).submit_job, taken=data.draw(st.booleans()))
        self.told[prompt] = "unknown" if isinstance(error.__cause__, SubmitOutcomeUnknown) else "stopped"

    def _stopped(self, endpoint: Endpoint, call: Callable[[], Any], *, taken: bool = False) -> BaseException:
        """Make a call whose request of an endpoint is left without an answer, and stop it there."""
        self._take_time(Timing())  # a time-out must not come first, however busy this machine is
        stop, run = (self._by_signal if self.colour == "sync" else self._by_cancelling)(call)
        self.service.fail(endpoint, held(_Stop(stop), taken=taken), first=True)
        try:
            run()
        except (KeyboardInterrupt, asyncio.CancelledError) as error:
            return error
        finally:
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)
            self._take_time(IMPATIENT)
        raise AssertionError("nothing stopped it")

    def _by_signal(self, call: Callable[[], Any]) -> tuple[Callable[[], object], Callable[[], object]]:
        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        main = threading.main_thread().ident
        assert main is not None
        signal.signal(signal.SIGUSR1, interrupt)
        return partial(signal.pthread_kill, main, signal.SIGUSR1), call

    def _by_cancelling(self, call: Callable[[], Any]) -> tuple[Callable[[], object], Callable[[], object]]:
        task = self.face.loop.create_task(call())
        loop = self.face.loop
        return lambda: loop.call_soon_threadsafe(task.cancel), lambda: loop.run_until_complete(task)

    def _take_time(self, timing: Timing) -> None:
        self.client._core.runtime.timing = timing
        http = self.client._io.http
        http.settings = attrs.evolve(http.settings, timing=timing)

    # --- what must always hold ---------------------------------------------------------------------------------------

    @invariant()
    def nobody_pays_twice(self) -> None:
        twice = [prompt for prompt, times in Counter(self.service.charged().values()).items() if times > 1]
        assert not twice, f"charged twice: {twice}"

    @invariant()
    def every_charge_is_known(self) -> None:
        charged = self.service.charged().values()
        results, unknowns = (list(self.told.values()).count(word) for word in ("job", "unknown"))
        assert len(charged) <= results + unknowns
        untold = [prompt for prompt in charged if self.told[prompt] not in ("job", "unknown")]
        assert not untold, f"charged without a word: {untold}"

    @invariant()
    def files_are_whole(self) -> None:
        for path in self.folder.iterdir():
            job_id, _, index = path.stem.rpartition("-")
            assert index == "1", f"{path.name} is left"
            assert path.read_bytes() == self.service.file(job_id), f"{path.name} is not whole"

    @invariant()
    def the_budget_holds(self) -> None:
        assert 0 <= self.client._core.runtime.budget.tokens <= 500


MODEST = settings(
    database=None,
    derandomize=True,
    deadline=None,
    max_examples=60,
    stateful_step_count=30,
    phases=[Phase.generate],  # to shrink an example, add Phase.shrink: with real sockets it takes minutes
    report_multiple_bugs=False,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow],
)


@contextmanager
def a_user(colour: Literal["sync", "async"], root: Path, **changed: object) -> Iterator[type[Machine]]:
    """Make the machine for one face, with some methods changed; SIGUSR1 is its Ctrl-C."""
    before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    try:
        yield type("Machine", (Machine,), {"colour": colour, "root": root, **changed})
    finally:
        signal.signal(signal.SIGUSR1, before)


# A signal that comes while CPython opens a file hits before anyone has the object; it is closed when that is collected.
@pytest.mark.filterwarnings(r"ignore:Exception ignored in. <_io.FileIO name='[^']*\.part'")
@pytest.mark.parametrize("colour", ["sync", "async"])
def test_nothing_is_paid_twice_and_nothing_is_lost(colour: Literal["sync", "async"], tmp_path: Path) -> None:
    with a_user(colour, tmp_path) as machine:
        run_state_machine_as_test(machine, settings=MODEST)


def usual(
    self: RetryPolicy, kind: Kind, method: str, outcome: Outcome, attempt: int, *, tolerate_404: bool = False
) -> Decision:
    """Decide as is usual: send it again after a 5xx, a 429, a transport error, or an answer that cannot be read."""
    if isinstance(outcome, Answered) and outcome.usable and outcome.status < 500 and outcome.status != 429:
        return Done() if outcome.status < 300 else Raise()
    return Retry() if attempt < self.attempts(kind) else Raise()


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_the_usual_policy_is_caught(
    colour: Literal["sync", "async"], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RetryPolicy, "decide", usual)
    # It also loses jobs, and might be caught at that first: this is about paying twice.
    blind: dict[str, object] = {"every_charge_is_known": None, "_settle": Machine.nobody_pays_twice}
    with a_user(colour, tmp_path, **blind) as machine, pytest.raises(AssertionError, match="charged twice"):
        run_state_machine_as_test(machine, settings=MODEST)
