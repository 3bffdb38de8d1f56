"""The addresses in a ledger: jobs of an emulator and of the real service never mix, however a run begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mirelo_ergo import InvalidRequestError, MireloClient
from mirelo_ergo.batch import Batch, LedgerError, ledger, workers
from mirelo_ergo.batch.ledger import schema
from mirelo_ergo.emulator import Emulator
from tests.batch.support import numbered, rain

REAL = "https://api.mirelo.ai"
TOKEN = "mirelo2:text-to-sfx:v1.5:67a9c378-7c65-41e5-82e2-e662f728b4f{}:1795934346:5:1"
WAYS: list[Callable[[Batch, MireloClient], Any]] = [
    lambda batch, client: batch.run(client),
    lambda batch, client: list(batch.results(client)),
    lambda batch, client: batch.run_item("b", client),
]


@pytest.fixture
def real() -> Iterator[MireloClient]:
    """A client of the service itself, which must not send anything."""

    def send(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"{request.method} {request.url} was sent")

    with MireloClient("sk-x", transport=httpx.MockTransport(send)) as client:
        assert client.base_url == REAL
        yield client


@pytest.fixture
def moved_emulator(emulator: Emulator) -> Iterator[MireloClient]:
    """A client of the emulator at another address of this machine, as if it had been started once more."""
    with MireloClient(emulator.key, base_url=emulator.url.replace("127.0.0.1", "localhost"), backoff_ms=1) as client:
        yield client


@pytest.mark.parametrize("way", WAYS)
def test_an_emulators_ledger_is_not_run_against_the_service(
    batch: Batch, client: MireloClient, real: MireloClient, emulator: Emulator, way: Callable[[Batch, Any], Any]
) -> None:
    batch.add(rain("a"))
    batch.run(client)
    batch.add(rain("b"))
    with pytest.raises(LedgerError) as refused:
        way(batch, real)
    assert refused.value.message == (
        f"the ledger {batch.ledger.place} has items of mirelo from {emulator.url}, on this machine, and this client "
        f"asks {REAL}: give a client of the first, or another ledger; moved=True takes it for the same service at "
        "another address; nothing was sent"
    )
    assert batch.run(client).done


@pytest.mark.parametrize("way", WAYS)
def test_the_services_ledger_is_not_run_against_an_emulator(
    batch: Batch, client: MireloClient, emulator: Emulator, way: Callable[[Batch, Any], Any]
) -> None:
    batch.add(rain("a"))
    batch.run(client)
    batch.add(rain("b"))
    note(batch, REAL)
    before = len(emulator.requests)
    with pytest.raises(LedgerError, match=f"from {REAL}, and this client asks {emulator.url}, on this machine"):
        way(batch, client)
    assert len(emulator.requests) == before
    assert batch.run(client, moved=True).done
    assert batch.run(client).done, "from then on it is at the other address"


def test_workers_of_one_ledger_ask_the_same_service(
    postgres_url: str, tmp_path: Path, client: MireloClient, real: MireloClient
) -> None:
    with Batch.open(postgres_url, tmp_path / "out") as batch:
        batch.add(rain("a"))
        with batch.ledger.write() as connection:
            schema.addresses.drop(connection)  # as in a ledger of an older version
        assert batch.work(client).done
        batch.add(rain("b"))
        with pytest.raises(LedgerError, match=f"asks {REAL}"):
            batch.work(real)
        assert batch.work(client).done


def test_what_was_not_begun_is_from_nowhere(batch: Batch, client: MireloClient) -> None:
    batch.add(rain("a"))
    note(batch, REAL)
    assert batch.run(client).done


def test_an_emulator_that_was_started_once_more_goes_on_where_nothing_is_under_way(
    batch: Batch, client: MireloClient, moved_emulator: MireloClient
) -> None:
    batch.add(rain("a"))
    batch.run(client)
    batch.add(rain("b"))
    assert batch.run(moved_emulator).done


def test_jobs_of_an_emulator_that_is_gone_can_be_given_up(
    batch: Batch, client: MireloClient, moved_emulator: MireloClient
) -> None:
    batch.add(numbered(3))
    under_way(batch, client, "elsewhere/0/1/ab", 1.0)
    with pytest.raises(LedgerError, match=r"batch resolve --all --drop gives up what is under way \(3\) where that"):
        batch.run(moved_emulator)
    assert batch.resolve("i001", drop=True).state == "failed"
    assert [entry.id for entry in batch.give_up()] == ["i000", "i002"]
    assert batch.give_up() == []
    batch.add(rain("b"))
    summary = batch.run(moved_emulator)
    assert (summary.counts["failed"], summary.counts["succeeded"]) == (3, 1)
    with pytest.raises(InvalidRequestError, match="item b is succeeded: only items that have not ended are given up"):
        batch.resolve("b", drop=True)


def test_what_a_worker_holds_is_not_given_up(batch: Batch, client: MireloClient) -> None:
    batch.add(numbered(3))
    with batch.ledger.read() as connection:
        moment = ledger.now(connection)
    under_way(batch, client, "elsewhere/0/1/ab", moment)
    with pytest.raises(InvalidRequestError, match="item i000 is being worked on: end that run first"):
        batch.give_up()
    with pytest.raises(InvalidRequestError, match="item i001 is being worked on"):
        batch.resolve("i001", drop=True)
    assert (batch.summary().counts["intended"], batch.summary().counts["submitted"]) == (1, 2)
    with pytest.raises(InvalidRequestError, match="only unknown, failed and refused items are sent once more"):
        batch.resolve("i001", resubmit=True)


def test_what_a_dead_worker_of_this_machine_holds_is_given_up_at_once(batch: Batch, client: MireloClient) -> None:
    batch.add(numbered(3))
    with batch.ledger.read() as connection:
        moment = ledger.now(connection)
    name = workers.begin()
    workers.end(name)
    under_way(batch, client, name, moment)
    assert len(batch.give_up()) == 3


@pytest.mark.parametrize("emulated", [True, False])
def test_a_ledger_of_an_older_version_counts_as_what_it_noted(
    batch: Batch, client: MireloClient, real: MireloClient, emulated: bool
) -> None:
    """0.2.0 noted whether the command line was given --emulator, and otherwise nothing."""
    batch.add(rain("a"))
    batch.run(client)
    with batch.ledger.write() as connection:
        schema.addresses.drop(connection)
        connection.exec_driver_sql("CREATE TABLE mirelo_origin (emulator INTEGER NOT NULL)")
        connection.exec_driver_sql(f"INSERT INTO mirelo_origin VALUES ({int(emulated)})")
    good, bad = (client, real) if emulated else (real, client)
    with pytest.raises(LedgerError, match=f"items of mirelo from {'http' if emulated else 'the service itself'}"):
        batch.run(bad)
    assert batch.run(good).done
    with batch.ledger.read() as connection:
        assert ledger.address_of(connection, "mirelo") == good.base_url


def test_results_from_another_address_are_not_reused(
    batch: Batch, client: MireloClient, emulator: Emulator, tmp_path: Path
) -> None:
    batch.add(rain("a"))
    batch.run(client)
    note(batch, REAL)
    for number, reused in enumerate((0, 1)):
        with Batch.open(tmp_path / f"next{number}" / "sfx.db") as other:
            other.add(rain("a"))
            assert other.run(client, reuse=tmp_path / "out").reused == reused
        note(batch, emulator.url)
    assert len(emulator.jobs) == 2


def note(batch: Batch, address: str) -> None:
    """Let a ledger's items be from an address."""
    with batch.ledger.write() as connection:
        ledger.bind(connection, batch.ledger.place, {"mirelo": address}, moved=True)


def under_way(batch: Batch, client: MireloClient, worker: str, moment: float) -> None:
    """Let three items be under way at a client's address: one intended, two submitted."""
    note(batch, client.base_url)
    with batch.ledger.write() as connection:
        for number, entry in enumerate(ledger.claim(connection, worker, moment, limit=3)):
            intended = ledger.intend(connection, entry, moment, fingerprint="f", key=None)
            if number:
                token = TOKEN.format(number)
                ledger.submitted(connection, intended, moment, token=token, due_at=moment, expires_at=None)
