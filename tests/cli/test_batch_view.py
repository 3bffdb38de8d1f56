"""What is seen of a batch while it runs: its numbers, the table on a terminal, and lines elsewhere."""

from __future__ import annotations

import io
import sys

import pytest

from mirelo_ergo.batch import Entry, Event, Item, SavedFile, Step, Summary
from mirelo_ergo.batch.ledger import Budget, State
from mirelo_ergo.cli.batch_view import Board, Pace, View
from mirelo_ergo.cli.output import Output

PLANNED: dict[State, int] = {
    "planned": 3, "intended": 0, "submitted": 0, "succeeded": 1, "failed": 0, "unknown": 0, "refused": 0,
}  # fmt: skip


def entry(name: str, state: State, charged: int = 0, reused: str | None = None) -> Entry:
    files = (SavedFile(f"{name}.wav", 1, "0"),) if state == "succeeded" else ()
    nothing = dict.fromkeys(
        ("worker", "lease_until", "intended_at", "key", "token", "submitted_at", "due_at", "expires_at", "ended_at",
         "fingerprint", "error_type", "error_code", "error")
    )  # fmt: skip
    numbers = {"seq": 1, "attempts": 1, "not_before": 0.0, "fence": 1, "price": 10_000_000, "reserved": 0}
    more: dict[str, object] = {**nothing, **numbers, "currency": "credits", "charged": charged, "reused": reused}
    return Entry(item=Item(name, "text_to_sfx"), state=state, files=files, **more)  # type: ignore[arg-type]


def event(step: Step, name: str, state: State, charged: int = 0, message: str = "") -> Event:
    return Event(step, entry(name, state, charged), message)


def board() -> Board:
    return Board.of(Summary(PLANNED, {"credits": Budget("credits", None, 0, 10_000_000)}))


def test_the_numbers_follow_the_steps() -> None:
    it = board()
    for name in ("a", "b"):
        it.take(event("claimed", name, "planned"))
        it.take(event("intended", name, "intended"))
    it.take(event("submitted", "a", "submitted"))
    cells = it.cells()
    assert (cells["done"], cells["running"], cells["waiting"], cells["left"]) == ("1", "1", "1", "3")
    it.take(event("succeeded", "a", "succeeded", charged=10_000_000))
    it.take(event("unknown", "b", "unknown"))
    it.take(event("claimed", "c", "planned"))
    it.take(event("again", "c", "planned"))
    cells = it.cells()
    assert (cells["done"], cells["running"], cells["waiting"], cells["left"]) == ("2", "0", "0", "1")
    assert (cells["unknown"], cells["failed"], cells["charged"]) == ("1", "0", "20 credits")


def test_the_time_left_is_what_was_measured() -> None:
    now = [100.0]
    pace = Pace(clock=lambda: now[0])
    assert pace.seconds_for(5) is None
    for _ in range(5):
        pace.note()
        now[0] += 2
    assert pace.seconds_for(5) == 10.0
    now[0] += 300
    pace.note()
    assert pace.seconds_for(5) is None, "what is long ago says nothing"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_has_a_table_and_the_failures_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "120")
    with View(Output(), board()) as view:
        view.event(event("claimed", "a", "planned"))
        view.event(event("succeeded", "a", "succeeded"))
        view.event(event("claimed", "b", "planned"))
        view.event(event("failed", "b", "failed", message="it has no sound"))
    shown = terminal.getvalue()
    assert "b: failed: it has no sound" in shown
    assert "time left" in shown
    assert "a: a.wav" not in shown


def test_elsewhere_each_end_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with View(Output(), board()) as view:
        view.event(Event("succeeded", entry("a", "succeeded", reused="old.db")))
        view.event(event("held", "b", "planned", message="the cap"))
        view.event(event("aside", "c", "submitted", message="no answer"))
        view.event(event("intended", "d", "intended"))
    assert capsys.readouterr().err.splitlines() == [
        "a: a.wav (reused)",
        "b: left, as the cap is reached: the cap",
        "c: left to the next run: no answer",
    ]
