"""Results that were removed from the folder or cut short: noticed on each kind of ledger, and never paid again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from mirelo_ergo import MireloClient
from mirelo_ergo.batch import Batch, ManifestError
from mirelo_ergo.batch.fetching import GONE
from mirelo_ergo.batch.ledger.schema import items
from mirelo_ergo.batch.restoring import damage_of, fetch_again
from mirelo_ergo.emulator import Emulator
from tests.batch.support import rain


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "sfx.db") if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def batch(place: str, tmp_path: Path) -> Iterator[Batch]:
    with Batch.open(place, tmp_path / "out") as batch:
        yield batch


def test_what_was_removed_or_cut_short_is_fetched_again(batch: Batch, client: MireloClient, emulator: Emulator) -> None:
    batch.add(rain("a", "b", "c"))
    assert batch.run(client).done
    (batch.folder / "a.wav").unlink()
    (batch.folder / "b.wav").write_bytes(b"cut")
    told: list[str] = []
    assert batch.run(client, on_event=lambda event: told.append(f"{event.step} {event.entry.id}")).done
    assert {line for line in told if line.startswith("succeeded")} == {"succeeded a", "succeeded b"}
    assert (batch.folder / "a.wav").exists()
    assert len(emulator.jobs) == len(emulator.charges) == 3


def test_what_no_job_has_any_more_stays_as_it_was_and_is_told(
    batch: Batch, client: MireloClient, emulator: Emulator
) -> None:
    """Its files may be in the folder of another machine: the record of a paid success is never lost."""
    batch.add(rain("a", "b"))
    assert batch.run(client).done
    before = {entry.id: entry.files for entry in batch.items()}
    (batch.folder / "a.wav").unlink()
    emulator.clock.advance(90_000)
    told: list[str] = []
    summary = batch.run(client, on_event=lambda event: told.append(event.message))
    assert (summary.done, summary.budgets["credits"].charged) == (True, 20_000_000)
    assert "its job has no results any more" in told[-1]
    assert {entry.id: entry.files for entry in batch.items()} == before


def test_a_job_that_expired_leaves_its_item_as_it_was_and_is_not_asked_again(
    batch: Batch, client: MireloClient, emulator: Emulator
) -> None:
    """The ledger does not know it yet: the job's token tells its age, and the service knows the job no more."""
    batch.add(rain("a", "b"))
    assert batch.run(client).done
    before, _ = batch.items()
    service, family, model, job_id, _, *rest = str(before.token).split(":")
    with batch.ledger.write() as connection:
        connection.execute(update(items).values(token=":".join((service, family, model, job_id, "1700000000", *rest))))
    (batch.folder / "a.wav").unlink()
    emulator.clock.advance(90_000)
    told: list[str] = []
    assert batch.run(client, on_event=lambda event: told.append(event.message)).done
    assert told[-1] == GONE
    after, _ = batch.items()
    assert (after.state, after.files, after.charged, after.reserved) == ("succeeded", before.files, before.charged, 0)
    assert after.expires_at is not None
    assert before.expires_at is not None
    assert after.expires_at < before.expires_at
    told.clear()
    assert batch.run(client, on_event=lambda event: told.append(event.message)).done
    assert (told, len(emulator.charges)) == ([], 2)


@pytest.mark.parametrize("everything", [True, False])
def test_what_is_given_up_while_it_is_fetched_again_has_succeeded_as_before(
    batch: Batch, client: MireloClient, emulator: Emulator, everything: bool
) -> None:
    """It became failed, so that a changed row took its place, and was paid."""
    batch.add(rain("a", "b"))
    assert batch.run(client).done
    before = {entry.id: (entry.state, entry.files, entry.charged) for entry in batch.items()}
    (batch.folder / "a.wav").unlink()
    fetch_again(batch.ledger, damage_of(batch.ledger, batch.folder))
    assert batch.summary().counts["submitted"] == 1
    (dropped,) = batch.give_up() if everything else [batch.resolve("a", drop=True)]
    assert (dropped.id, dropped.error_code) == ("a", None)
    assert {entry.id: (entry.state, entry.files, entry.charged) for entry in batch.items()} == before
    with pytest.raises(ManifestError, match="was sent already"):
        batch.add(rain("a", duration_ms=2000))
    assert batch.run(client).done
    assert not (batch.folder / "a.wav").exists(), "it was given up"
    assert len(emulator.charges) == 2


def test_the_folder_of_another_machine_is_not_filled(client: MireloClient, postgres_url: str, tmp_path: Path) -> None:
    with Batch.open(postgres_url, tmp_path / "here") as batch:
        batch.add(rain("a"))
        assert batch.run(client).done
    with Batch.open(postgres_url, tmp_path / "there") as batch:
        assert batch.run(client).done
        assert not list(batch.folder.glob("*.wav"))
