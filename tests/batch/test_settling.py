"""Requests without an outcome, service by service: sent again as the same, found in a list, or left to a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mirelo_ergo import InferenceClient, MireloClient, SyncSoClient
from mirelo_ergo.batch import Batch, Item, ledger
from mirelo_ergo.batch.reconciling import job_description
from mirelo_ergo.emulator import Emulator, faults
from tests.batch.support import rain, saved
from tests.emulator.support import encode_clip


@pytest.fixture(autouse=True)
def from_the_emulator(batch: Batch, emulator: Emulator) -> None:
    """Let what was begun be at the emulator."""
    with batch.ledger.write() as connection:
        ledger.bind(connection, batch.ledger.place, emulator.urls)


@pytest.fixture
def inference(emulator: Emulator) -> Iterator[InferenceClient]:
    key, url = emulator.keys["inference_sh"], emulator.urls["inference_sh"]
    with InferenceClient(key, base_url=url, backoff_ms=1) as client:
        yield client


def intend(batch: Batch, key: str | None, worker: str = "elsewhere/0/1/ab") -> None:
    """Let every item be as a worker has left it that died right after its intent; its lease has ended."""
    with batch.ledger.write() as connection:
        moment = ledger.now(connection) - 100
        for entry in ledger.claim(connection, worker, moment, limit=100):
            ledger.intend(connection, entry, moment, fingerprint="f", key=key)


def states(batch: Batch) -> list[str]:
    return [entry.state for entry in batch.items()]


@pytest.mark.parametrize("was_taken", [True, False])
def test_a_keyed_request_is_sent_again_as_the_same(
    batch: Batch, client: MireloClient, emulator: Emulator, was_taken: bool
) -> None:
    batch.add(rain("a", model="sfx-1.6"))
    request = client.text_to_sfx("rain a", duration_ms=1000, model="sfx-1.6")
    intend(batch, request.prepare())
    if was_taken:
        request.submit_job()
    assert batch.run(client, eager=True).done
    assert len(emulator.jobs) == 1


def test_a_key_that_is_too_old_is_not_sent_again(batch: Batch, client: MireloClient, emulator: Emulator) -> None:
    batch.add(rain("a", model="sfx-1.6"))
    request = client.text_to_sfx("rain a", duration_ms=1000, model="sfx-1.6")
    request.prepare()
    prepared: Any = request._prepared
    import attrs

    old = attrs.evolve(prepared, key=attrs.evolve(prepared.key, made_at=prepared.key.made_at - 90_000))
    intend(batch, old.token)
    assert batch.run(client, eager=True).counts["unknown"] == 1
    assert emulator.jobs == []


def test_sync_so_takes_the_same_request_once(batch: Batch, emulator: Emulator, tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    encode_clip(film, codec="libx264", container="matroska", milliseconds=1500)
    url = "https://media.example/a.wav"
    batch.add([Item("a", "lipsync", {"video": str(film), "audio": url}, service="sync_so")])
    with SyncSoClient(emulator.keys["sync_so"], base_url=emulator.urls["sync_so"], backoff_ms=1) as client:
        request = client.lipsync(film, url)
        intend(batch, request.prepare())
        job = request.submit_job()
        batch.run(client, eager=True)
        (entry,) = batch.items()
        assert client.job(str(entry.token)).job_id == job.job_id  # the second of its submit may be another
    assert len(emulator.jobs) == 1


RUN = {"app": "infsh/mmaudio", "input": {"prompt": "rain"}}


def app(*ids: str) -> list[Item]:
    return [Item(name, "app", RUN, service="inference_sh") for name in ids]


def looks(client: InferenceClient) -> str:
    return job_description(client.app("infsh/mmaudio", upload="off")(prompt="rain").describe())


def test_a_run_is_found_in_the_list_where_exactly_one_fits(
    batch: Batch, inference: InferenceClient, emulator: Emulator
) -> None:
    batch.add(app("a"))
    intend(batch, looks(inference))
    job = inference.app("infsh/mmaudio")(prompt="rain").submit_job()
    assert batch.run(inference, eager=True).done
    assert next(iter(batch.items())).token.split(":")[3] == job.job_id  # type: ignore[union-attr]
    assert len(emulator.jobs) == 1


@pytest.mark.parametrize("others", [0, 2])
def test_a_run_is_unknown_where_none_or_several_fit(batch: Batch, inference: InferenceClient, others: int) -> None:
    batch.add(app("a"))
    intend(batch, looks(inference))
    for _ in range(others):
        inference.app("infsh/mmaudio")(prompt="rain").submit_job()
    assert batch.run(inference, eager=True).counts["unknown"] == 1


def test_another_items_job_is_never_taken(batch: Batch, inference: InferenceClient, emulator: Emulator) -> None:
    batch.add(app("a"))
    assert batch.run(inference, eager=True).done
    batch.add(app("b"))
    intend(batch, looks(inference))
    batch.run(inference, eager=True)
    assert states(batch) == ["succeeded", "unknown"]


def test_two_lost_requests_that_look_alike_are_never_told_apart(batch: Batch, inference: InferenceClient) -> None:
    batch.add(app("a", "b"))
    intend(batch, looks(inference))
    inference.app("infsh/mmaudio")(prompt="rain").submit_job()
    batch.run(inference, eager=True)
    assert states(batch) == ["unknown", "unknown"]


def test_a_lost_answer_is_looked_for_at_once(batch: Batch, inference: InferenceClient, emulator: Emulator) -> None:
    batch.add(app("a"))
    emulator.fail_next("submit", faults.Reset("after"), service="inference_sh")
    assert batch.run(inference, eager=True).done
    assert len(emulator.jobs) == 1


def test_files_of_a_run_are_uploaded_once_and_named_by_their_uris(
    batch: Batch, inference: InferenceClient, tmp_path: Path
) -> None:
    film = tmp_path / "film.mkv"
    encode_clip(film, codec="libx264", container="matroska", milliseconds=1500)
    batch.add(
        [
            Item("a", "app", {**RUN, "files": {"video_input": str(film)}}, service="inference_sh"),
            Item("b", "mmaudio", {"prompt": "rain", "video": str(film)}, service="inference_sh"),
        ]
    )
    assert batch.run(inference, eager=True, concurrency=1).done
    assert saved(batch) == {"a-1.flac", "a-2.mp4", "b-1.flac", "b-2.mp4"}
    assert len(list(inference.files.list())) >= 1


def test_without_key_or_list_it_is_left_to_a_person(batch: Batch, client: MireloClient, emulator: Emulator) -> None:
    batch.add(rain("a", "b", "c"))
    intend(batch, None)
    assert batch.run(client).counts["unknown"] == 3
    assert emulator.jobs == []
    with pytest.raises(ValueError, match="give one of resubmit, token and drop"):
        batch.resolve("a")
    batch.resolve("a", resubmit=True)
    batch.resolve("b", drop=True)
    batch.resolve("c", token=client.text_to_sfx("rain c", duration_ms=1000).submit_job().token)
    batch.run(client, eager=True)
    assert states(batch) == ["succeeded", "failed", "succeeded"]
    assert len(emulator.jobs) == 2


@pytest.mark.parametrize("model", ["v1.5", "sfx-1.6"])
def test_a_lost_answer_within_a_run(batch: Batch, client: MireloClient, emulator: Emulator, model: str) -> None:
    batch.add(rain("a", model=model))
    emulator.fail_next("submit", faults.Reset("after"))
    summary = batch.run(client, eager=True)
    assert summary.counts["succeeded" if model == "sfx-1.6" else "unknown"] == 1
    assert len(emulator.jobs) == 1
