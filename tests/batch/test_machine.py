"""A state machine over the ledger: workers that crash, stop and come back, take over, and people who resolve.

It plays a service that keeps count of every request that it took, and holds the promises of docs/batch.md against it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import attrs
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import Connection

from mirelo_ergo.batch import CapReachedError, FenceLostError, Item, ledger
from mirelo_ergo.batch.ledger import LEASE_S, Entry, NewItem, Reason, SavedFile

WHY = Reason("NetworkError", "network_error", "lost")
WORKERS = ("w1", "w2")
PRICE = 10
ITEMS = ("a", "b")
NAMES = st.sampled_from(ITEMS)


@attrs.define
class Request:
    """One request that a worker means to send, or has sent."""

    entry: Entry
    sent: bool = False

    @property
    def token(self) -> str:
        """What the service calls its job; a key has one job."""
        return self.entry.key or f"t-{self.entry.id}-{self.entry.fence}"


class LedgerMachine(RuleBasedStateMachine):
    """Two workers, one ledger, one service."""

    @initialize(keyed=st.booleans(), cap=st.sampled_from([15, 35]))
    def open(self, keyed: bool, cap: int) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.book = ledger.open_ledger(Path(self.folder.name) / "sfx.db")
        self.keyed, self.cap = keyed, cap
        self.now = 1000.0
        self.held: dict[str, dict[str, Entry]] = {worker: {} for worker in WORKERS}
        self.requests: dict[str, list[Request]] = {worker: [] for worker in WORKERS}
        self.taken: dict[str, list[str]] = {name: [] for name in ITEMS}
        """What the service took for each item: tokens, or keys of requests that were taken once."""
        self.said_not_taken: dict[str, int] = dict.fromkeys(self.taken, 0)
        """How often a person said that a request was not taken."""
        self.charges = 0
        with self.book.write() as connection:
            ledger.set_cap(connection, "credits", cap)
            items = [Item(name, "text_to_sfx", {"prompt": name}) for name in self.taken]
            ledger.add(connection, [NewItem(item, "f", "credits", PRICE) for item in items], self.now)

    def teardown(self) -> None:
        if hasattr(self, "book"):
            self.book.close()
            self.folder.cleanup()

    # --- what workers do --------------------------------------------------------------------------------------------

    @rule(worker=st.sampled_from(WORKERS), name=NAMES, steps=st.integers(1, 5), fails=st.booleans())
    def work(self, worker: str, name: str, steps: int, fails: bool) -> None:
        """Go on with an item from where this worker has it, so many steps."""
        for _ in range(steps):
            entry = self.held[worker].get(name)
            mine = [request for request in self.requests[worker] if request.entry.id == name]
            if mine and not mine[0].sent:
                self._send(worker, mine[0])
            elif mine:
                self._hear(worker, mine[0])
            elif entry is None:
                self._claim(worker, name)
            elif entry.state == "planned":
                self._intend(worker, entry)
            elif entry.state == "intended":
                self._settle(worker, entry)
            else:
                self._end(worker, entry, fails=fails)

    @rule(worker=st.sampled_from(WORKERS), name=NAMES, steps=st.integers(1, 5))
    def take_over(self, worker: str, name: str, steps: int) -> None:
        """Let every lease end, and a worker take an item over."""
        self.now += LEASE_S + 1
        self.work(worker, name, steps, False)

    def _claim(self, worker: str, name: str) -> None:
        with self.book.write() as connection:
            entry = ledger.claim_item(connection, name, worker, self.now)
        if entry is not None:
            self.held[worker][name] = entry

    @rule(worker=st.sampled_from(WORKERS))
    def renew(self, worker: str) -> None:
        with self.book.write() as connection:
            ledger.renew(connection, worker, self.now)

    def _intend(self, worker: str, entry: Entry) -> None:
        key = f"key-{entry.id}-{entry.fence}" if self.keyed else None
        try:
            with self.book.write() as connection:
                intended = ledger.intend(connection, entry, self.now, fingerprint="f", key=key)
        except (CapReachedError, FenceLostError):
            del self.held[worker][entry.id]
            return
        self.held[worker][entry.id] = intended
        self.requests[worker].append(Request(intended))

    def _send(self, worker: str, request: Request) -> None:
        """Send a request that was recorded, unless the item is another's by now."""
        try:
            with self.book.read() as connection:
                ledger.check(connection, request.entry, self.now)
        except FenceLostError:
            self.requests[worker].remove(request)
            self.held[worker].pop(request.entry.id, None)
            return
        request.sent = True
        self._take(request.entry.id, request.token)

    def _hear(self, worker: str, request: Request) -> None:
        """Record the job of a request that was taken, perhaps long after another worker took the item over."""
        self.requests[worker].remove(request)
        self._submitted(worker, request.entry, request.token)

    def _settle(self, worker: str, entry: Entry) -> None:
        """Do with an intent of a worker that is gone what the service allows."""
        if entry.key is None:
            self._write(worker, entry, lambda connection: ledger.unknown(connection, entry, self.now, WHY))
            return
        self._take(entry.id, entry.key)  # the same request again, which is taken once whoever sends it
        self._submitted(worker, entry, entry.key)

    def _end(self, worker: str, entry: Entry, *, fails: bool) -> None:
        """Fetch a job's result, or hear that it failed, which is not charged."""
        if not fails:
            file = SavedFile(f"{entry.id}.wav", 1, "0" * 64)
            self._write(worker, entry, lambda connection: ledger.succeeded(connection, entry, self.now, [file]))
            return
        again = self._write(
            worker,
            entry,
            lambda connection: ledger.failed(connection, entry, self.now, WHY, charged=False, retry_at=self.now),
        )
        if again:
            self.taken[entry.id].remove(str(entry.token))
            self.charges -= PRICE

    def _submitted(self, worker: str, entry: Entry, token: str) -> None:
        self._write(
            worker,
            entry,
            lambda connection: ledger.submitted(
                connection, entry, self.now, token=token, due_at=self.now, expires_at=None
            ),
        )

    @rule(worker=st.sampled_from(WORKERS))
    def crash(self, worker: str) -> None:
        """Forget everything; what was sent stays taken."""
        self.held[worker], self.requests[worker] = {}, []

    @rule(seconds=st.sampled_from([20.0, 4000.0, -4000.0]))
    def time_passes(self, seconds: float) -> None:
        """Let time pass; the clock may jump."""
        self.now += seconds

    # --- what people do ---------------------------------------------------------------------------------------------

    @rule(name=NAMES, how=st.sampled_from(["resubmit", "drop", "token"]))
    def resolve(self, name: str, how: str) -> None:
        with self.book.write() as connection:
            entry = ledger.read_item(connection, name)
            assert entry is not None
            if entry.state != "unknown":
                return
            found = [token for token in self.taken[entry.id] if token not in self._tokens(connection)]
            if how == "token" and found:
                ledger.use_token(connection, entry.id, found[0], self.now, service="mirelo")
            elif how == "drop":
                ledger.drop(connection, entry.id, self.now)
            else:
                self.said_not_taken[entry.id] += 1
                ledger.resubmit(connection, entry.id, self.now)

    # --- what always holds ------------------------------------------------------------------------------------------

    @invariant()
    def the_money_is_the_items(self) -> None:
        with self.book.read() as connection:
            budget = ledger.read_budgets(connection)["credits"]
            entries = list(ledger.read_items(connection))
        assert budget.reserved == sum(entry.reserved for entry in entries)
        assert budget.charged == sum(entry.charged for entry in entries)
        assert budget.reserved + budget.charged <= self.cap, "the cap is never exceeded"
        assert self.charges <= budget.reserved + budget.charged, "nothing is paid that is not counted"

    @invariant()
    def nothing_is_paid_twice(self) -> None:
        for name, taken in self.taken.items():
            assert len(taken) <= 1 + self.said_not_taken[name], "only a person's word sends a second request"

    @invariant()
    def no_paid_job_is_lost(self) -> None:
        with self.book.read() as connection:
            entries = {entry.id: entry for entry in ledger.read_items(connection)}
        for name, taken in self.taken.items():
            entry = entries[name]
            decided = self.said_not_taken[name] or entry.error_code == "dropped"
            if taken and not decided and entry.state not in ("intended", "unknown"):
                assert entry.token in taken, "what was paid is the item's"

    @invariant()
    def no_job_is_two_items(self) -> None:
        with self.book.read() as connection:
            tokens = self._tokens(connection)
        assert len(tokens) == len(set(tokens))

    def _tokens(self, connection: Connection) -> list[str]:
        return list(ledger.job_tokens(connection, "mirelo"))

    def _take(self, name: str, token: str) -> None:
        if token not in self.taken[name]:
            self.taken[name].append(token)
            self.charges += PRICE

    def _write(self, worker: str, entry: Entry, work: Callable[[Connection], Entry]) -> bool:
        try:
            with self.book.write() as connection:
                written = work(connection)
        except FenceLostError:
            self.held[worker].pop(entry.id, None)
            return False
        if written.worker == worker and written.state in ("planned", "intended", "submitted"):
            self.held[worker][entry.id] = written
        else:
            self.held[worker].pop(entry.id, None)
        return True


TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
