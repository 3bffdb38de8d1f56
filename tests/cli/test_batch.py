"""The commands of batches, run in this process against the emulator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo import InsufficientCreditsError
from mirelo_ergo import batch as api
from mirelo_ergo.batch import Batch, Summary, ledger
from mirelo_ergo.batch.ledger import Reason, schema
from mirelo_ergo.cli.batch_messages import choices_of

if TYPE_CHECKING:
    from tests.cli.conftest import Cli
    from tests.cli.support import Ran

TOKEN = "00000000-0000-4000-8000-000000000001"
ITEM = {"operation": "text_to_sfx", "prompt": "rain", "duration_ms": 1000}


def manifest(*items: dict[str, Any], name: str = "sfx.jsonl") -> str:
    Path(name).write_text("".join(json.dumps({**ITEM, **item}) + "\n" for item in items))
    return name


def lines(ran: Ran) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ran.out.splitlines()]


def test_a_sheet_becomes_files_and_a_second_run_costs_nothing(cli: Cli) -> None:
    sheet = manifest({"id": "a"}, {"id": "b", "out": "wind.wav"})
    ran = cli("batch", "run", sheet, "-o", "out")
    assert (ran.code, ran.out.splitlines()[:2]) == (0, ["2 of 2 done", "20 credits charged"])
    assert "2 items: 20 credits in all; the account has" in ran.err
    assert {"a.wav", "wind.wav", "batch.db", "results.jsonl"} <= {path.name for path in Path("out").iterdir()}
    again = cli("batch", "run", sheet, "-o", "out")
    assert again.out == ran.out
    assert cli("batch", "status", "out").out.splitlines() == ["2 of 2 done", "20 credits charged"]


def test_a_dry_run_says_what_it_would_cost_and_makes_nothing(cli: Cli) -> None:
    sheet = manifest({"id": "a"}, {"id": "b"}, {"id": "c", "duration_ms": 2000})
    ran = cli("batch", "run", sheet, "-o", "out", "--dry-run", "--max-credits", "30")
    assert ran.code == 0
    assert "     2 ×     10 credits  mirelo text-to-sfx v1.5 1000 ms" in ran.out
    assert "3 items: 40 credits in all; the cap is 30 credits, which ends the batch before its end" in ran.out
    assert not Path("out").exists()
    told = cli("batch", "run", sheet, "--dry-run", "--json").object
    assert (told["items"], told["totals"]) == (3, {"credits": 40})


def test_events_are_one_object_per_line_and_the_summary_is_last(cli: Cli) -> None:
    told = lines(cli("batch", "run", manifest({"id": "a"}), "--json"))
    assert [each["event"] for each in told][-2:] == ["succeeded", "summary"]
    assert told[-1]["counts"]["succeeded"] == 1
    assert cli("batch", "status", "--json").object["money"]["credits"]["charged"] == 10


def test_mistakes_are_listed_with_line_and_field_and_nothing_is_made(cli: Cli) -> None:
    sheet = manifest({"id": "a", "duration_ms": 1}, {"id": "a", "promt": "x"}, {"id": "c", "out": "../c.wav"})
    ran = cli("batch", "run", sheet, "-o", "out")
    assert ran.code == 2
    assert "sfx.jsonl: 4 mistakes; nothing was sent" in ran.err
    assert ran.err.count("nothing was sent") == 1
    assert "line 1, item a: text-to-sfx v1.5: " in ran.err
    assert "line 2, item a: id: 'a' is also the id in line 1" in ran.err
    assert "line 2, item a: promt: text_to_sfx has no such argument: do you mean prompt?" in ran.err
    assert "line 3, item c: out: '../c.wav' is no file name" in ran.err
    assert not Path("out").exists()


def test_a_cap_ends_the_batch_with_its_own_code(cli: Cli) -> None:
    sheet = manifest({"id": "a"}, {"id": "b"}, {"id": "c"})
    ran = cli("batch", "run", sheet, "--max-credits", "20")
    assert ran.code == 4
    assert "2 of 3 done" in ran.out
    assert "the cap leaves no room for the next item" in ran.err
    assert cli("batch", "run", sheet, "--max-credits", "30").code == 0


def test_what_is_unknown_is_for_a_person(cli: Cli) -> None:
    sheet = manifest({"id": "a"}, {"id": "b"}, {"id": "c"})
    assert cli("batch", "run", sheet, "--max-credits", "0").code == 4
    with Batch.open("batch.db") as batch, batch.ledger.write() as connection:
        ledger.set_cap(connection, "credits", None)
        for entry in ledger.claim(connection, "gone", 1.0, limit=3):
            ledger.intend(connection, entry, 2.0, fingerprint="f", key=None)
    ran = cli("batch", "run", sheet)
    assert ran.code == 8
    assert "3 items may have been taken, or not: look at the account first" in ran.err
    status = cli("batch", "status")
    assert "30 credits reserved" in status.out
    assert "unknown: b: look at the account, then run one of\n" in status.out
    assert "  it was not taken: mirelo-ergo batch resolve b . --resubmit\n" in status.out
    at = cli("batch", "status", "--ledger", "./batch.db").out
    assert "mirelo-ergo batch resolve c . --ledger ./batch.db --token TOKEN\n" in at
    missing = cli("batch", "resolve", "--drop", "x y", ".").err
    assert f"there is no item 'x y' in the ledger {Path('batch.db').absolute()}" in missing
    assert cli("batch", "resolve", "a", "--drop").out == "a is failed; batch run goes on\n"
    assert cli("batch", "resolve", "b", "--resubmit", "--json").object["state"] == "planned"
    assert cli("batch", "resolve", "c", "--token", "nonsense").code == 2
    assert cli("batch", "resolve", "c").code == 2
    assert cli("batch", "run", sheet).code == 8
    assert cli("batch", "status", "--json").object["unknown"] == ["c"]


def test_failures_are_told_with_their_reasons(cli: Cli) -> None:
    sheet = manifest({"id": "a"})
    assert cli("batch", "run", sheet, "--max-credits", "0").code == 4
    with Batch.open("batch.db") as batch, batch.ledger.write() as connection:
        (entry,) = ledger.claim(connection, "w", 1.0)
        ledger.refused(connection, entry, 2.0, Reason("VideoError", "invalid_video", "no picture"))
    ran = cli("batch", "run", sheet)
    assert ran.code == 6
    assert "error: 1 item was refused\na: refused: no picture\nto make one, change its row" in ran.err
    assert json.loads(Path("results.jsonl").read_text())["error"]["message"] == "no picture"


def test_a_batch_needs_a_key_and_a_ledger(bare: Cli) -> None:
    ran = bare("batch", "run", manifest({"id": "a"}))
    assert ran.code == 3
    assert "no API key of mirelo: set MIRELO_API_KEY, or try --emulator" in ran.err
    ran = bare("batch", "status")
    assert ran.code == 2
    assert "there is no ledger at" in ran.err
    assert bare("batch", "run", "sfx.txt").code == 2
    assert bare("batch", "run", "sfx.jsonl", "--max-usd", "much").code == 2


def test_an_emulator_of_its_own_is_enough(bare: Cli) -> None:
    gateway = {"id": "b", "service": "pixazo", "operation": "text_to_audio", "text_prompt": "rain outside"}
    Path("sfx.jsonl").write_text(json.dumps({**ITEM, "id": "a"}) + "\n" + json.dumps({**gateway, "duration": 1}))
    assert bare("batch", "run", "sfx.jsonl", "--emulator", "--eager", "-q").code == 0


@pytest.mark.parametrize(
    ("intended", "unknown", "words"),
    [
        (0, 0, "interrupted; no item is under way\n0 of 3 done, 3 left; the same command goes on"),
        (1, 0, "interrupted; 1 item is under way: the same command fetches its result\n"),
        (2, 0, "interrupted; 2 items are under way: the same command fetches their results\n"),
        (
            1,
            1,
            "its result; 1 item may have been taken, or not: mirelo-ergo batch status says what to do\n",
        ),
    ],
)
def test_an_interrupt_tells_of_the_jobs_in_the_ledger(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, intended: int, unknown: int, words: str
) -> None:
    def interrupted(make: object) -> None:
        with Batch.open("batch.db", create=False) as batch, batch.ledger.write() as connection:
            entries = ledger.claim(connection, "w", 1.0, limit=intended + unknown) if intended else []
            for number, entry in enumerate(entries):
                ledger.intend(connection, entry, 2.0, fingerprint="f", key=None)
                if number >= intended:
                    ledger.unknown(connection, entry, 3.0, Reason("SubmitOutcomeUnknown", "outcome_unknown", "?"))
        raise KeyboardInterrupt

    monkeypatch.setattr(api, "drive", interrupted)
    ran = cli("batch", "run", manifest({"id": "a"}, {"id": "b"}, {"id": "c"}))
    assert ran.code == 130
    assert words in ran.err
    assert "no job was submitted" not in ran.err


def test_an_emulators_jobs_and_real_ones_never_share_a_ledger(cli: Cli) -> None:
    sheet = manifest({"id": "a"})
    assert cli("batch", "run", sheet, "-o", "tried", "--emulator", "--eager").code == 0
    assert cli("batch", "run", sheet, "-o", "real").code == 0
    manifest({"id": "a"}, {"id": "b"})
    ran = cli("batch", "run", sheet, "-o", "tried")
    assert ran.code == 2
    assert "was made with --emulator, so its sounds are placeholders: give another folder; nothing was sent" in ran.err
    ran = cli("batch", "run", sheet, "-o", "real", "--emulator")
    assert ran.code == 2
    assert "was made without --emulator: give another folder; nothing was sent" in ran.err
    for folder in ("tried", "real"):
        assert cli("batch", "status", folder).out.splitlines()[0] == "1 of 1 done"
    ran = cli("batch", "run", sheet, "-o", "new", "--reuse", "tried")
    assert ran.out.splitlines()[:2] == ["2 of 2 done", "20 credits charged"]


def test_a_ledger_without_a_note_is_bound_by_its_first_run(cli: Cli) -> None:
    sheet = manifest({"id": "a"})
    assert cli("batch", "run", sheet, "--max-credits", "0").code == 4
    with Batch.open("batch.db") as batch, batch.ledger.write() as connection:
        schema.origin.drop(connection)
    assert cli("batch", "run", sheet, "--emulator", "--eager", "--max-credits", "10").code == 0
    with Batch.open("batch.db") as batch, batch.ledger.write() as connection:
        assert ledger.is_emulated(connection) is True
        schema.origin.drop(connection)
    assert "was made without --emulator" in cli("batch", "run", sheet, "--emulator").err
    assert cli("batch", "run", sheet).code == 0


def test_what_is_paid_already_is_not_forecast_again(cli: Cli) -> None:
    sheet = manifest({"id": "a"}, {"id": "b"}, {"id": "c"})
    assert cli("batch", "run", sheet, "--max-credits", "20").code == 4
    ran = cli("batch", "run", sheet, "--dry-run", "--max-credits", "30")
    assert "3 items: 30 credits in all, 20 credits paid or reserved, 10 credits to pay; the cap is 30" in ran.out
    assert "before its end" not in ran.out
    ran = cli("batch", "run", sheet, "--dry-run")
    assert "the cap is 20 credits, which ends the batch before its end" in ran.out
    assert cli("batch", "run", sheet, "--max-credits", "30").code == 0
    ran = cli("batch", "run", sheet, "--max-credits", "40")
    assert "30 credits paid or reserved, 0 credits to pay; the cap is 40 credits; the account has" in ran.err
    assert cli("batch", "status").out.splitlines()[1] == "30 credits charged; the cap is 40 credits"
    assert cli("batch", "run", sheet, "--dry-run", "--json").object["to_pay"] == {"credits": 0}


def test_an_empty_account_ends_with_the_summary_and_the_way_on(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broke(make: object) -> None:
        raise InsufficientCreditsError("the account has too few credits")

    sheet = manifest({"id": "a"})
    with monkeypatch.context() as patched:
        patched.setattr(api, "drive", broke)
        ran = cli("batch", "run", sheet)
        told = lines(cli("batch", "run", sheet, "--json"))
    assert (ran.code, ran.out.splitlines()[:2]) == (4, ["0 of 1 done", "1 planned"])
    assert ran.err.endswith("add credits, then run the same command again\n")
    assert told[0]["event"] == "summary"
    assert told[-1]["error"]["code"] == "insufficient_credits"


def test_many_failures_are_named_in_part(cli: Cli) -> None:
    sheet = manifest(*({"id": f"i{number}"} for number in range(7)))
    assert cli("batch", "run", sheet, "--max-credits", "0").code == 4
    with Batch.open("batch.db") as batch, batch.ledger.write() as connection:
        for entry in ledger.claim(connection, "w", 1.0, limit=7):
            ledger.refused(connection, entry, 2.0, Reason("VideoError", "invalid_video", "no picture"))
    ran = cli("batch", "run", sheet)
    assert "error: 7 items were refused\ni0: refused: no picture\n" in ran.err
    assert "i4: refused: no picture\nresults.jsonl has the others\n" in ran.err


def test_the_choices_of_an_item_are_quoted() -> None:
    assert choices_of("-u", "un k/", None)[3] == "  give it up: mirelo-ergo batch resolve --drop -- -u 'un k/'"


def test_jobs_of_an_emulator_that_has_ended_are_not_promised(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(make: object) -> None:
        with Batch.open("batch.db", create=False) as batch, batch.ledger.write() as connection:
            now = ledger.now(connection)
            (entry,) = ledger.claim(connection, "w", now)
            entry = ledger.intend(connection, entry, now, fingerprint="f", key=None)
            ledger.submitted(connection, entry, now, token=TOKEN, due_at=now, expires_at=now + 86400)
            ledger.release_item(connection, entry.seq, "w")
        raise KeyboardInterrupt

    def gone(make: object) -> Summary:
        with Batch.open("batch.db", create=False) as batch:
            return batch.summary()

    sheet = manifest({"id": "a"})
    monkeypatch.setattr(api, "drive", interrupted)
    ran = cli("batch", "run", sheet, "--emulator")
    assert ran.code == 130
    assert "interrupted; the emulator's jobs ended with its command: give another folder" in ran.err
    monkeypatch.setattr(api, "drive", gone)
    ran = cli("batch", "run", sheet, "--emulator")
    assert ran.code == 5
    assert ran.err.endswith("the emulator's jobs ended with its command: give another folder\n")
