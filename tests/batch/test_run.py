"""Running a batch against the emulator: sync and async, files, money, what is sent, and what is not."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import Connection

from mirelo_ergo import (
    AsyncMireloClient,
    ConfigurationError,
    CostLimitError,
    InvalidRequestError,
    MireloClient,
    PixazoClient,
)
from mirelo_ergo._runtime.api.retry import SubmitThrottle
from mirelo_ergo.batch import Batch, Entry, Event, Item, ManifestError, ledger, summary
from mirelo_ergo.batch.clients import connect
from mirelo_ergo.emulator import Emulator, faults
from mirelo_ergo.emulator.faults.plan import Rule
from mirelo_ergo.emulator.state import rates
from tests.batch.support import CREDITS, asked, files_of, numbered, rain, saved
from tests.emulator.support import encode_clip


def test_three_items_give_three_files_and_a_ledger(batch: Batch, client: MireloClient, emulator: Emulator) -> None:
    batch.add(rain("a", "b", "c"))
    summary = batch.run(client)
    assert summary.done
    assert files_of(batch) == saved(batch) == {"a.wav", "b.wav", "c.wav"}
    assert summary.budgets["credits"].charged == 3 * CREDITS * 1_000_000
    assert sum(charge.credits for charge in emulator.charges) == 3 * CREDITS
    lines = [json.loads(line) for line in (batch.folder / "results.jsonl").read_text().splitlines()]
    assert [(line["id"], line["state"], line["files"][0]["name"]) for line in lines] == [
        ("a", "succeeded", "a.wav"),
        ("b", "succeeded", "b.wav"),
        ("c", "succeeded", "c.wav"),
    ]


def test_the_calls_are_as_few_as_can_be(
    batch: Batch, client: MireloClient, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "draw_ms", lambda estimated_ms, random: 0.0)  # no job takes longer than estimated
    batch.add(numbered(20))
    batch.run(client)
    assert asked(emulator, "GET", "/preflight") == 1
    assert asked(emulator, "POST", "/jobs") == 20
    assert asked(emulator, "GET", "/jobs/") == 20
    assert asked(emulator, "GET", "/store/") == 20


def test_a_second_run_sends_nothing(batch: Batch, client: MireloClient, emulator: Emulator) -> None:
    batch.add(rain("a", "b"))
    batch.run(client)
    before = len(emulator.requests)
    batch.add(rain("a", "b"))
    assert batch.run(client).done
    assert len(emulator.requests) == before


def test_a_clip_that_was_replaced_is_told_and_not_paid_again(
    batch: Batch, client: MireloClient, emulator: Emulator, tmp_path: Path
) -> None:
    clip = tmp_path / "clip.mkv"
    encode_clip(clip, codec="libx264", container="matroska", milliseconds=1500)
    batch.add([*rain("b"), Item("a", "video_to_sfx", {"video": str(clip), "duration_ms": 1000})])
    assert batch.run(client).other_files == ()
    encode_clip(clip, codec="libx264", container="matroska", milliseconds=2500)
    told: list[tuple[str, str]] = []
    summary = batch.run(client, on_event=lambda event: told.append((event.step, event.entry.id)))
    assert (summary.done, summary.other_files, told) == (True, ("a",), [("outdated", "a")])
    assert len(emulator.charges) == 2
    assert batch.run(client, only={"b"}).other_files == ()
    clip.unlink()
    assert batch.run(client).other_files == (), "nothing can be said of a file that is gone"


def test_an_async_client_does_the_same(batch: Batch, emulator: Emulator) -> None:
    batch.add(rain("a", "b", "c", num_samples=2))

    async def main() -> None:
        async with AsyncMireloClient(emulator.key, base_url=emulator.url) as client:
            assert (await batch.run(client)).done

    asyncio.run(main())
    assert files_of(batch) == saved(batch) == {f"{name}-{number}.wav" for name in "abc" for number in (1, 2)}


@pytest.mark.parametrize("model", ["v1.5", "sfx-1.6"])
def test_a_clip_is_uploaded_before_its_intent_is_recorded(
    model: str, batch: Batch, emulator: Emulator, tmp_path: Path
) -> None:
    clip = tmp_path / "clip.mkv"
    encode_clip(clip, codec="libx264", container="matroska", milliseconds=1500)
    batch.add([Item("a", "video_to_sfx", {"video": str(clip), "duration_ms": 1000, "model": model})])
    sent: list[str] = []

    def on_event(event: Event) -> None:
        if event.step in ("intended", "answered"):
            sent.append(" ".join(seen.method for seen in emulator.requests if seen.method != "GET"))

    async def main() -> None:
        async with AsyncMireloClient(emulator.key, base_url=emulator.url) as client:
            assert (await batch.run(client, on_event=on_event)).done

    asyncio.run(main())
    assert sent[1] == f"{sent[0]} POST", "nothing but the paid request is behind the intent"


def test_results_come_as_they_end(batch: Batch, client: MireloClient) -> None:
    batch.add(rain("a", "b", "c"))
    with batch.results(client) as results:
        assert sorted(entry.id for entry in results) == ["a", "b", "c"]


def test_results_come_as_they_end_async(batch: Batch, emulator: Emulator) -> None:
    batch.add(rain("a", "b", "c"))

    async def main() -> list[str]:
        async with AsyncMireloClient(emulator.key, base_url=emulator.url) as client, batch.results(client) as results:
            return [entry.id async for entry in results]

    assert sorted(asyncio.run(main())) == ["a", "b", "c"]


def test_a_sync_run_works_beside_a_running_loop(batch: Batch, client: MireloClient) -> None:
    batch.add(rain("a"))

    async def main() -> bool:
        return batch.run(client).done

    assert asyncio.run(main())


def test_the_steps_are_told_in_their_order(batch: Batch, client: MireloClient) -> None:
    batch.add(rain("a"))
    events: list[Event] = []
    batch.run(client, on_event=events.append)
    steps = [event.step for event in events]
    assert steps == ["claimed", "intended", "answered", "submitted", "fetched", "placed", "succeeded"]
    assert events[-1].to_dict()["files"] == ["a.wav"]


def test_limits_are_checked_before_anything_is_sent(batch: Batch, client: MireloClient, emulator: Emulator) -> None:
    batch.add(
        [
            *rain("a"),
            *rain("b", duration_ms=99_000),
            Item("c", "video_to_sfx", {"video": "examples/clip.mp4", "duration_ms": 1}),
        ]
    )
    with pytest.raises(ManifestError) as refused:
        batch.run(client)
    assert refused.value.count == 2
    assert "item b: text-to-sfx v1.5: duration_ms=99000" in refused.value.mistakes[0]
    assert "item c: " in refused.value.mistakes[1]
    assert emulator.requests == []


def test_clients_have_to_fit(batch: Batch, client: MireloClient) -> None:
    batch.add([Item("a", "text_to_audio", {"text_prompt": "rain outside"}, service="pixazo")])
    with pytest.raises(InvalidRequestError, match="there are items of pixazo: give a client of it, too"):
        batch.run(client)
    with pytest.raises(InvalidRequestError, match="two of mirelo were given"):
        batch.run(client, client)
    with pytest.raises(InvalidRequestError, match="int is not a client of this package"):
        batch.run(1)  # type: ignore[call-overload]
    with pytest.raises(InvalidRequestError, match="none was given"):
        connect(())
    with pytest.raises(InvalidRequestError, match="concurrency=0 is not a whole number from 1 on"):
        batch.run(client, concurrency=0)
    with pytest.raises(InvalidRequestError, match="run has no 'speed'"):
        batch.run(client, speed=2)  # type: ignore[call-overload]


@pytest.mark.parametrize("cap", ["500", float("nan"), float("inf"), -1, True])
def test_a_cap_is_an_amount(batch: Batch, client: MireloClient, cap: Any) -> None:
    """It was "the ledger cannot be used", with Python's words about decimals."""
    batch.add(rain("a"))
    for name in ("max_credits", "max_usd"):
        options: Any = {name: cap}
        with pytest.raises(InvalidRequestError, match=rf"{name}={cap!r} is not a number from 0 on or None"):
            batch.run(client, **options)
    assert batch.summary().budgets == {}


def test_one_id_is_not_the_ids_of_its_letters(batch: Batch, client: MireloClient) -> None:
    batch.add(rain("a", "b"))
    with pytest.raises(InvalidRequestError, match=r"only='ab' is one text, not a list of ids"):
        batch.run(client, only="ab")


def test_what_a_table_gives_is_named_by_field(batch: Batch) -> None:
    number: Any = Fraction(2000)  # as numpy's, it is no JSON
    items: list[Any] = [
        Item(*cast("Any", (5, "text_to_sfx", {"prompt": "rain"}))),
        Item("b", "text_to_sfx", cast("Any", "rain")),
        Item("c", "text_to_sfx", {"prompt": "rain", "duration_ms": number}),
    ]
    with pytest.raises(ManifestError) as caught:
        batch.add(items)
    assert caught.value.mistakes == [
        "item 5: id: 5 is int, not a text",
        """item b: arguments: 'rain' is str, not a mapping such as {"prompt": "rain"}""",
        "item c: duration_ms: Fraction(2000, 1) cannot be kept in a ledger: "
        "Object of type Fraction is not JSON serializable",
    ]
    with pytest.raises(InvalidRequestError, match=r"is dict, not an Item: make Item\(id, operation, arguments\)"):
        batch.add([cast("Any", {"id": "a"})])


def test_several_services_in_one_batch(batch: Batch, client: MireloClient, emulator: Emulator) -> None:
    gateway = Item("b", "text_to_audio", {"text_prompt": "rain outside", "duration": 1}, service="pixazo")
    batch.add([*rain("a"), gateway])
    with PixazoClient(emulator.keys["pixazo"], base_url=emulator.urls["pixazo"]) as pixazo:
        assert batch.run(client, pixazo, eager=True).done  # it names no estimate, which counts as 30 s
    assert files_of(batch) == {"a.wav", "b.wav"}


def test_no_secret_is_left_in_the_ledger_or_beside_it(batch: Batch, client: MireloClient, emulator: Emulator) -> None:
    """Neither the key nor the query of a pre-signed URL, whatever went wrong: files are looked at byte by byte."""
    batch.add([*rain("a", "b"), *rain("c", model="sfx-1.6")])
    emulator.add_fault(Rule("result", faults.Status(500)))
    batch.run(client, eager=True)
    fetched = [seen for seen in emulator.requests if "/store/" in seen.path]
    queries = {value for seen in fetched for _, value in parse_qsl(seen.query) if len(value) > 12}
    assert queries, "results are at pre-signed URLs"
    emulator.clear_faults()
    assert batch.run(client, eager=True).done
    batch.write_report()
    kept = b"".join(path.read_bytes() for path in batch.folder.iterdir() if path.suffix != ".wav")
    assert b"rain" in kept
    for secret in (emulator.key, *queries):
        assert secret.encode() not in kept


def test_a_file_of_somebody_elses_is_never_overwritten(batch: Batch, client: MireloClient) -> None:
    (batch.folder / "a.wav").write_bytes(b"mine")
    batch.add(rain("a"))
    assert batch.run(client).done
    assert (batch.folder / "a.wav").read_bytes() == b"mine"
    assert saved(batch) == {"a~2.wav"}


def test_what_a_killed_process_left_of_the_results_list_is_removed(batch: Batch) -> None:
    left = batch.folder / ".results.jsonl.4711.part"
    left.write_text("{")
    os.utime(left, (1, 1))
    assert batch.write_results().exists()
    assert not left.exists()


def test_the_results_lists_of_two_processes_at_once_are_both_written(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one took the first one's unfinished list for one that a killed process had left."""
    batch.add(rain("a"))
    read, reading = ledger.read_items, SimpleNamespace(**vars(ledger))

    def meanwhile(connection: Connection) -> Iterator[Entry]:
        reading.read_items = read
        batch.write_results()
        return read(connection)

    reading.read_items = meanwhile
    monkeypatch.setattr(summary, "ledger", reading)
    assert json.loads(batch.write_results().read_text())["id"] == "a"
    assert [path.name for path in batch.folder.glob(".results*")] == []


def test_a_results_list_of_somebody_elses_is_never_overwritten(
    batch: Batch, client: MireloClient, emulator: Emulator
) -> None:
    mine = batch.folder / "results.jsonl"
    for content in (b'{"id": "a", "operation": "text_to_sfx"}\n', b"[]", b"{", b"\xff\n"):
        mine.write_bytes(content)
        batch.add(rain("a"))
        with pytest.raises(ConfigurationError, match="is no list of results"):
            batch.run(client)
        assert mine.read_bytes() == content
    assert emulator.charges == []
    mine.unlink()
    assert batch.run(client).done
    assert batch.run(client).done, "its own list is replaced"


def test_a_full_account_is_waited_for_under_each_items_own_key(
    batch: Batch, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More refusals than a request has attempts: no item is given up, and none is sent as another request."""
    for pause, value in {"HOLD": 0.01, "WINDOW": 0.01, "SLOWEST": 100.0}.items():
        monkeypatch.setattr(SubmitThrottle, pause, value)
    full = faults.Status(429, code="concurrency_limit_reached", retry_after=0)
    emulator.fail_next("submit", full, times=20)
    seen: list[Event] = []
    batch.add(numbered(2, model="sfx-1.6"))
    with MireloClient(emulator.key, base_url=emulator.url, backoff_ms=1) as client:
        assert batch.run(client, on_event=seen.append).done
    assert {event.step for event in seen} & {"aside", "again", "failed"} == set()
    keys = [each.headers["idempotency-key"] for each in emulator.requests if each.path.endswith("/generations")]
    assert (len(keys), len(set(keys)), len(emulator.jobs), len(emulator.charges)) == (22, 2, 2, 2)


@pytest.mark.parametrize("cap", [None, 2 * CREDITS])
def test_an_item_that_is_added_during_a_run_is_priced_before_it_is_sent(
    batch: Batch, client: MireloClient, emulator: Emulator, cap: int | None
) -> None:
    """It was sent without being counted, and under a cap it ended the run as if that left no room."""
    batch.add(rain("a"))

    def more(event: Event) -> None:
        if event.step == "succeeded" and event.entry.id == "a":
            batch.add(rain("late"))

    summary = batch.run(client, max_credits=cap, on_event=more)
    assert (summary.done, summary.stopped) == (True, None)
    assert summary.budgets["credits"].charged == 2 * CREDITS * 1_000_000
    assert len(emulator.charges) == 2


def test_a_price_that_cannot_be_asked_during_a_run_ends_it_in_order(
    batch: Batch, client: MireloClient, emulator: Emulator
) -> None:
    """A price that is refused is no reason to leave a request under way without its record."""
    batch.add(rain("a", "b"))

    def more(event: Event) -> None:
        if event.step == "intended" and event.entry.id == "a":
            emulator.fail_next("preflight", faults.Status(403))
            batch.add(rain("late", duration_ms=2000))

    with pytest.raises(CostLimitError, match="has no price"):
        batch.run(client, max_credits=1000, on_event=more)
    states = {entry.id: entry.state for entry in batch.items()}
    assert states.pop("late") == "planned"
    assert set(states.values()) <= {"submitted", "succeeded"}
    assert batch.run(client).done
    assert len(emulator.charges) == 3
