"""Rows that leave their sheet and come back: by no way in are they sent while the sheet lacks them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from mirelo_ergo import AsyncMireloClient, MireloClient
from mirelo_ergo.batch import Batch, Event, FenceLostError, ledger
from mirelo_ergo.batch.ledger import Reason
from mirelo_ergo.batch.ledger.schema import metadata, sheets
from mirelo_ergo.emulator import Emulator
from tests.batch.support import rain


@pytest.fixture(params=["sqlite", "postgresql"])
def batch(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Batch]:
    place = tmp_path / "sfx.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with Batch.open(place, tmp_path / "out") as batch:
        yield batch


def states(batch: Batch) -> dict[str, str]:
    return {entry.id: entry.state for entry in batch.items()}


def begun(batch: Batch, name: str, key: str | None = None) -> ledger.Entry:
    """Let a worker send an item."""
    with batch.ledger.write() as connection:
        now = ledger.now(connection)
        claimed = ledger.claim_item(connection, name, "w", now)
        assert claimed is not None
        return ledger.intend(connection, claimed, now, fingerprint="f", key=key)


def test_a_row_leaves_and_comes_back(batch: Batch, client: MireloClient, emulator: Emulator) -> None:
    batch.add(rain("a", "b", "c"), sheet="s")
    added = batch.add(rain("a"), sheet="s")
    assert (added.known, added.removed) == (1, 2)
    summary = batch.run(client)
    assert (summary.done, summary.total, summary.counts["removed"]) == (True, 1, 2)
    assert batch.run_item("b", client) is None
    added = batch.add(rain("a", "b"), sheet="s")
    assert (added.known, added.back, added.removed) == (2, 1, 0)
    batch.add(rain("c"))
    assert batch.run(client).counts["succeeded"] == 3
    assert len(emulator.charges) == 3


def test_other_sheets_stay_and_a_sheet_with_another_name_takes_the_place_of_the_first(batch: Batch) -> None:
    batch.add(rain("python"))
    batch.add(rain("a", "b"), sheet="first.csv")
    batch.add(rain("x", "y"), sheet="other.csv")
    assert set(states(batch).values()) == {"planned"}
    batch.add(rain("a"), sheet="renamed.csv")
    assert states(batch) == {"python": "planned", "a": "planned", "b": "removed", "x": "planned", "y": "planned"}
    batch.add(rain("python", "new"), sheet="renamed.csv")
    assert states(batch)["a"] == "removed"


def test_the_items_of_an_older_ledger_leave_too(batch: Batch) -> None:
    batch.add(rain("a", "b"))
    metadata.drop_all(batch.ledger.engine, tables=[sheets])
    assert batch.add(rain("a"), sheet="s").removed == 1


def test_what_was_sent_is_fetched_and_not_sent_once_more(batch: Batch) -> None:
    """Its row left while its request was under way; the job then fails without a charge, which is tried again else."""
    batch.add(rain("a", "b"), sheet="s")
    entry = begun(batch, "b")
    batch.add(rain("a"), sheet="s")
    assert states(batch) == {"a": "planned", "b": "intended"}
    with batch.ledger.write() as connection:
        now = ledger.now(connection)
        sent = ledger.submitted(connection, entry, now, token="t", due_at=now, expires_at=None)
        again = ledger.failed(connection, sent, now, Reason("E", "c", "m"), charged=False, retry_at=now)
    assert again.state == "removed"
    batch.add(rain("a", "b"), sheet="s")
    assert states(batch)["b"] == "planned"


def test_a_worker_that_has_just_taken_a_row_sends_nothing_once_it_has_left(batch: Batch) -> None:
    batch.add(rain("a", "b"), sheet="s")
    with batch.ledger.write() as connection:
        claimed = ledger.claim_item(connection, "b", "w", ledger.now(connection))
    assert claimed is not None
    batch.add(rain("a"), sheet="s")
    with pytest.raises(FenceLostError), batch.ledger.write() as connection:
        ledger.intend(connection, claimed, ledger.now(connection), fingerprint="f", key=None)


def test_a_run_sends_its_own_rows_also_where_others_are_added_meanwhile(batch: Batch, emulator: Emulator) -> None:
    batch.add(rain("a", "b"), sheet="s")

    def more(event: Event) -> None:
        if event.step == "answered":
            batch.add(rain("x", "y"), sheet="other")

    async def main() -> None:
        async with AsyncMireloClient(emulator.key, base_url=emulator.url) as client:
            await batch.run(client, only={"a", "b"}, on_event=more, concurrency=1)

    asyncio.run(main())
    assert states(batch) == {"a": "succeeded", "b": "succeeded", "x": "planned", "y": "planned"}
