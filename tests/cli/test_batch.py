"""The commands of batches, run in this process against the emulator."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from mirelo_ergo import MireloClient
from mirelo_ergo.batch import Batch, Item, ledger
from mirelo_ergo.batch.ledger import Reason
from mirelo_ergo.batch.ledger.schema import items
from mirelo_ergo.cli.batch_messages import RunSteps, choices_of, interruptible
from mirelo_ergo.cli.batch_totals import LedgerTotals
from mirelo_ergo.cli.failures import Failure
from mirelo_ergo.cli.output import Output
from mirelo_ergo.cli.session import Session
from mirelo_ergo.emulator import faults
from tests.cli.support import CLIP, start
from tests.emulator.support import encode_clip

if TYPE_CHECKING:
    from mirelo_ergo.emulator import Emulator
    from tests.cli.conftest import Cli
    from tests.cli.support import Child, Ran

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
    assert (ran.code, ran.out) == (4, "")
    assert "     2 ×     10 credits  mirelo text-to-sfx v1.5 1000 ms" in ran.err
    assert "3 items: 40 credits in all; the cap is 30 credits, which ends the batch before its end" in ran.err
    assert "error: the cap of 30 credits leaves no room for all: 40 credits to pay, 40 credits in all runs" in ran.err
    assert cli("batch", "run", sheet, "--dry-run", "--max-credits", "30", "--json").error["code"] == "cost_limit"
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
    assert "line 3, item c: out: '../c.wav' is not a file name" in ran.err
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
    assert (
        cli("batch", "resolve", "a", "--drop").out
        == "a is failed, 10 credits of it counted as paid; batch run goes on\n"
    )
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
        (0, 0, "interrupted; no item is under way"),
        (1, 0, "interrupted; 1 item is under way: the same command fetches its result"),
        (2, 0, "interrupted; 2 items are under way: the same command fetches their results"),
        (1, 1, "its result; 1 item may have been taken, or not: mirelo-ergo batch status says what to do"),
    ],
)
def test_an_interrupt_tells_of_the_jobs_in_the_ledger(tmp_path: Path, intended: int, unknown: int, words: str) -> None:
    with Batch.open(tmp_path / "batch.db") as batch:
        batch.add(Item(name, "text_to_sfx", {"prompt": "rain"}) for name in "abc")
        with batch.ledger.write() as connection:
            for number, entry in enumerate(ledger.claim(connection, "w", 1.0, limit=3)[: intended + unknown]):
                sent = ledger.intend(connection, entry, 2.0, fingerprint="f", key=None)
                if number >= intended:
                    ledger.unknown(connection, sent, 3.0, Reason("SubmitOutcomeUnknown", "outcome_unknown", "?"))
        with pytest.raises(Failure) as ended, interruptible(Session(Output()), batch, "the same command", RunSteps()):
            raise KeyboardInterrupt
    assert ended.value.exit_code == 130
    assert str(ended.value.message).endswith(words)
    assert ended.value.hints == (f"0 of 3 done, {3 - unknown} left; the same command goes on",)


def told_of(child: Child, event: str) -> None:
    """Read a child's events up to one."""
    assert child.process.stdout is not None
    assert any(json.loads(line)["event"] == event for line in child.process.stdout)


def test_ctrl_c_leaves_the_jobs_to_the_same_command(cli: Cli, emu: Emulator, tmp_path: Path) -> None:
    sheet = manifest({"id": "a"}, {"id": "b"}, {"id": "c"})
    emu.fail_next("submit", faults.Reset("after"))
    emu.fail_next("submit", faults.StuckJob())
    account = {"MIRELO_API_KEY": emu.key, "MIRELO_BASE_URL": emu.url}
    child = start("batch", "run", sheet, "--json", "--concurrency", "1", cwd=tmp_path, variables=account)
    told_of(child, "submitted")
    child.process.send_signal(signal.SIGINT)
    ran = child.end()
    assert ran.code == 130
    assert ran.error["message"] == (
        "interrupted; 1 item is under way: the same command fetches its result; 1 item may have been taken, or not: "
        "mirelo-ergo batch status says what to do"
    )
    told = cli("batch", "status", "--json").object
    assert (told["unknown"], told["counts"]["submitted"], told["counts"]["planned"]) == (["a"], 1, 1)


def test_items_from_another_address_never_share_a_ledger(cli: Cli) -> None:
    sheet = manifest({"id": "a"})
    assert cli("batch", "run", sheet, "-o", "out").code == 0
    assert cli("batch", "run", sheet, "-o", "tried", "--emulator", "--eager").code == 0
    with Batch.open("out/batch.db") as batch, batch.ledger.write() as connection:
        ledger.bind(connection, "out", {"mirelo": "https://api.mirelo.ai"}, moved=True)
    manifest({"id": "a"}, {"id": "b"})
    for more in ((), ("--emulator",)):
        ran = cli("batch", "run", sheet, "-o", "out", *more)
        assert ran.code == 2
        assert "has items of mirelo from https://api.mirelo.ai, and this client asks http://127.0.0.1:" in ran.err
        assert "give a client of the first, or another ledger; --moved takes it for the same service" in ran.err
    assert cli("batch", "status", "out").out.splitlines()[0] == "1 of 1 done"
    assert cli("batch", "run", sheet, "-o", "out", "--moved").code == 0
    ran = cli("batch", "run", sheet, "-o", "new", "--reuse", "tried")
    assert ran.out.splitlines()[:2] == ["2 of 2 done", "20 credits charged"]


def test_jobs_of_an_emulator_that_has_ended_are_given_up(cli: Cli) -> None:
    sheet = manifest({"id": "a"}, {"id": "b"})
    assert cli("batch", "run", sheet, "--max-credits", "0").code == 4
    with Batch.open("batch.db") as batch, batch.ledger.write() as connection:
        ledger.set_cap(connection, "credits", None)
        for entry in ledger.claim(connection, "gone", 1.0, limit=2):
            ledger.submitted(
                connection,
                ledger.intend(connection, entry, 2.0, fingerprint="f", key=None),
                3.0,
                token=f"mirelo2:text-to-sfx:v1.5:{TOKEN}{entry.id}:1795934346:5:1",
                due_at=4.0,
                expires_at=None,
            )
    ran = cli("batch", "run", sheet, "--emulator")
    assert ran.code == 2
    assert "batch resolve --all --drop gives up what is under way (2)" in ran.err
    assert (
        cli("batch", "resolve", "a", "--drop").out
        == "a is failed, 10 credits of it counted as paid; batch run goes on\n"
    )
    assert cli("batch", "resolve", "--all", "--token", "x").code == 2
    assert cli("batch", "resolve", "--drop").code == 2
    for words in (("b", "--ledger", "batch.db"), ("b", "."), (".", "b")):
        ran = cli("batch", "resolve", *words, "--all", "--drop")
        assert (ran.code, "leave --all away" in ran.err) == (2, True), "one was named, and all were given up"
    ran = cli("batch", "resolve", "--all", "--drop", ".")
    assert (ran.code, ran.out) == (0, "1 item given up: change a row or its id to make it once more\n")
    assert cli("batch", "resolve", "--all", "--drop", "--json").object == {"given_up": []}


def test_what_is_paid_already_is_not_forecast_again(cli: Cli) -> None:
    sheet = manifest({"id": "a"}, {"id": "b"}, {"id": "c"})
    assert cli("batch", "run", sheet, "--max-credits", "20").code == 4
    ran = cli("batch", "run", sheet, "--dry-run", "--max-credits", "30")
    assert "3 items: 30 credits in all, 20 credits paid or reserved, 10 credits to pay; the cap is 30" in ran.out
    assert "before its end" not in ran.out
    ran = cli("batch", "run", sheet, "--dry-run")
    assert (ran.code, "the cap is 20 credits, which ends the batch before its end" in ran.err) == (4, True)
    assert cli("batch", "run", sheet, "--max-credits", "30").code == 0
    ran = cli("batch", "run", sheet, "--max-credits", "40")
    assert "30 credits paid or reserved, 0 credits to pay; the cap is 40 credits; the account has" in ran.err
    assert cli("batch", "status").out.splitlines()[1] == "30 credits charged; the cap is 40 credits"
    assert cli("batch", "run", sheet, "--dry-run", "--json").object["to_pay"] == {"credits": 0}


def test_a_row_that_was_removed_or_renamed_is_neither_priced_nor_sent(cli: Cli) -> None:
    sheet = manifest(*({"id": f"i{number}"} for number in range(10)))
    assert cli("batch", "run", sheet, "--max-credits", "20").code == 4
    manifest({"id": "renamed"})
    says = (
        "10 items of the ledger are not in the manifest: 8 planned and not sent until the manifest has them (i2, i3, "
        "i4, i5, i6 and 3 more), 2 at an end, which stays\n"
    )
    ran = cli("batch", "run", sheet, "--dry-run", "--max-credits", "30")
    assert (ran.code, says in ran.out) == (0, True)
    told = cli("batch", "run", sheet, "--dry-run", "--json", "--max-credits", "30").object
    assert told["not_in_manifest"] == {"items": 10, "not_sent": 8, "under_way": 0}
    assert told["to_pay"] == {"credits": 10}
    ran = cli("batch", "run", sheet, "--max-credits", "500")
    assert (ran.code, ran.out.splitlines()[:2]) == (0, ["3 of 3 done", "8 removed from the sheet, and not sent"])
    assert says in ran.err
    assert cli("batch", "status", "--json").object["money"]["credits"]["charged"] == 30
    assert cli("batch", "resolve", "i5", "--drop").code == 0
    ran = cli("batch", "run", sheet)
    assert ran.code == 0, "what was dropped is not in the sheet"
    assert "7 planned and not sent until the manifest has them (i2, i3, i4, i6, i7 and 2 more" in ran.err
    manifest({"id": "renamed"}, {"id": "i2"})
    ran = cli("batch", "run", sheet, "--dry-run")
    assert (ran.code, "20 credits in all, 10 credits paid or reserved, 10 credits to pay" in ran.out) == (0, True)
    assert cli("batch", "run", sheet).code == 0, "it came back"
    assert Path("i2.wav").exists()


def test_a_job_of_a_row_that_was_removed_is_fetched(cli: Cli, emu: Emulator) -> None:
    sheet = manifest({"id": "a"})
    emu.fail_next("result", faults.Status(404), times=100)
    assert cli("batch", "run", sheet).code != 0
    emu.clear_faults()
    manifest({"id": "b"})
    ran = cli("batch", "run", sheet)
    assert ran.code == 0
    assert "1 item of the ledger is not in the manifest: 1 under way, whose result is fetched\n" in ran.err
    assert Path("a.wav").exists()
    manifest({"id": "a"})
    assert "1 item of the ledger is not in the manifest: 1 at its end, which stays\n" in cli("batch", "run", sheet).err


@pytest.mark.parametrize("json", [False, True])
def test_an_empty_account_ends_with_the_summary_and_the_way_on(cli: Cli, emu: Emulator, json: bool) -> None:
    sheet = manifest({"id": "a"})
    emu.fail_next("submit", faults.Status(402))
    ran = cli("batch", "run", sheet, *(["--json"] if json else []))
    assert ran.code == 4
    if json:
        assert [each.get("event") for each in lines(ran)][-2:] == ["summary", None]
        assert lines(ran)[-1]["error"]["code"] == "insufficient_credits"
    else:
        assert ran.out.splitlines()[:2] == ["0 of 1 done", "1 planned"]
        assert ran.err.endswith("add credits, then run the same command again\n")
    assert cli("batch", "run", sheet).code == 0


def test_a_dry_run_ends_as_the_run_with_too_few_credits(cli: Cli, emu: Emulator) -> None:
    sheet = manifest({"id": "a"}, {"id": "b"}, {"id": "c"})
    with MireloClient(emu.key, base_url=emu.url) as client:
        had = client.me().credits_available
    emu.set_credits(25)
    try:
        ran = cli("batch", "run", sheet, "--dry-run")
        assert (ran.code, Path("batch.db").exists()) == (4, False)
        assert "3 items: 30 credits in all; the account has 25, which is too little\n" in ran.err
        assert "the account has 25 credits, and 30 credits are to pay; nothing was submitted" in ran.err
        assert cli("batch", "run", sheet, "--dry-run", "--json").error["code"] == "insufficient_credits"
        assert cli("batch", "run", sheet).code == 4
        emu.set_credits(1000)
        assert cli("batch", "run", sheet, "--dry-run").code == 0
    finally:
        emu.set_credits(had)


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


def test_jobs_of_an_emulator_that_has_ended_are_not_promised(bare: Cli, tmp_path: Path) -> None:
    """Its jobs take long, and are first looked at near their end."""
    sheet = manifest({"id": "a", "model": "v1.6", "duration_ms": 60_000})
    child = start("batch", "run", sheet, "--emulator", "--json", cwd=tmp_path)
    told_of(child, "submitted")
    child.process.send_signal(signal.SIGINT)
    ran = child.end()
    assert ran.code == 130
    assert ran.error["message"].startswith(
        "interrupted; the emulator's jobs ended with its command: give another folder"
    )
    ran = bare("batch", "run", sheet, "--emulator")
    assert ran.code == 2
    assert "batch resolve --all --drop gives up what is under way (1) where that emulator has ended" in ran.err


def test_a_paid_job_whose_result_cannot_be_saved_ends_with_7_and_the_way_on(cli: Cli) -> None:
    sheet = manifest({"id": "a"})
    Path("out").mkdir()
    Path("out/.mirelo-batch").write_text("in the way of the downloads")
    ran = cli("batch", "run", sheet, "-o", "out")
    assert ran.code == 7
    assert "1 item is under way: the same command fetches its result" in ran.err
    told = lines(cli("batch", "run", sheet, "-o", "out", "--json"))[-1]["error"]
    assert (told["code"], told["exit_code"]) == ("download_failed", 7)
    Path("out/.mirelo-batch").unlink()
    ran = cli("batch", "run", sheet, "-o", "out")
    assert (ran.code, ran.out.splitlines()[1]) == (0, "10 credits charged")


def test_a_job_that_the_service_does_not_know_is_told_in_its_words_and_given_another_token(
    cli: Cli, emu: Emulator
) -> None:
    sheet = manifest({"id": "a"})
    emu.fail_next("result", faults.Status(500), times=100)
    assert cli("batch", "run", sheet).code == 7
    emu.clear_faults()
    with Batch.open("batch.db") as batch:
        (entry,) = batch.items()
        assert entry.token is not None
    strange = entry.token.replace(entry.token.split(":")[3], TOKEN)
    assert cli("batch", "resolve", "a", "--token", strange).code == 0
    ran = cli("batch", "run", sheet)
    assert ran.code == 7
    assert "error: 1 item is left: a: " in ran.err
    assert "give the key of the account that made it, or decide with batch resolve a --token or --drop" in ran.err
    assert "the service did not answer" not in ran.err
    assert cli("batch", "resolve", "a", "--token", entry.token).code == 0
    ran = cli("batch", "run", sheet)
    assert (ran.code, ran.out.splitlines()[1]) == (0, "10 credits charged")


def test_what_failed_is_sent_once_more_on_demand_and_its_cost_is_told(cli: Cli, emu: Emulator) -> None:
    sheet = manifest({"id": "a"})
    emu.fail_next("submit", faults.LostResults(count=1))
    assert cli("batch", "run", sheet).code == 6
    assert cli("batch", "resolve", "a", "--resubmit").out == (
        "a is planned, 10 credits of it counted as paid; batch run goes on\n"
    )
    ran = cli("batch", "run", sheet)
    assert (ran.code, ran.out.splitlines()[:2]) == (0, ["1 of 1 done", "20 credits charged"])
    assert cli("batch", "resolve", "a", "--resubmit").code == 2


def test_an_item_without_a_price_is_refused_under_a_cap_before_anything_is_sent(cli: Cli) -> None:
    row = {"id": "m", "operation": "video_to_music", "video": str(CLIP), "duration_ms": 5000}
    Path("sfx.jsonl").write_text(json.dumps({"id": "a", **ITEM}) + "\n" + json.dumps(row) + "\n")
    ran = cli("batch", "run", "sfx.jsonl", "--max-credits", "100")
    assert ran.code == 4
    assert "error: 1 item (video-to-music " in ran.err
    assert " has no preflight), so a cap cannot be checked: leave it out, or put it into another ledger" in ran.err
    assert cli("batch", "run", "sfx.jsonl", "--max-credits", "100", "--dry-run").err == ran.err
    assert cli("batch", "status").code == 2, "there is no ledger yet"


def test_a_dry_run_refuses_what_the_run_refuses(cli: Cli) -> None:
    sheet = manifest({"id": "a"})
    assert cli("batch", "run", sheet, "-o", "out").code == 0
    manifest({"id": "a", "prompt": "hail", "take": 2})
    for more in ((), ("--dry-run",)):
        ran = cli("batch", "run", sheet, "-o", "out", *more)
        assert ran.code == 2
        assert "line 1, item a: it was sent already with another take, prompt: give it another id" in ran.err
        assert "reuse: nowhere is not a folder" in cli("batch", "run", sheet, "--reuse", "nowhere", *more).err
        ran = cli("batch", "run", sheet, "-o", sheet, *more)
        assert (ran.code, "sfx.jsonl" in ran.err) == (2, True)


def test_a_row_whose_id_is_taken_has_its_other_mistakes_listed_too(cli: Cli) -> None:
    ran = cli("batch", "run", manifest({"id": "a"}, {"id": "a", "duration_ms": 99_999}), "-o", "out")
    assert ran.code == 2
    assert "2 mistakes; nothing was sent" in ran.err
    assert "line 2, item a: id: 'a' is also the id in line 1" in ran.err
    assert "line 2, item a: text-to-sfx v1.5: duration_ms=99999 is above the maximum" in ran.err
    assert not Path("out").exists()


def test_a_dry_run_prices_what_is_reused_as_nothing(cli: Cli) -> None:
    assert cli("batch", "run", manifest({"id": "a"}), "-o", "before").code == 0
    sheet = manifest({"id": "x"}, {"id": "y", "prompt": "hail"})
    told = cli("batch", "run", sheet, "-o", "out", "--reuse", "before", "--dry-run", "--json").object
    assert (told["to_pay"], told["reused"]) == ({"credits": 10}, 1)
    assert (
        "1 item taken from before, and not paid\n"
        in cli("batch", "run", sheet, "-o", "out", "--reuse", "before", "--dry-run", "--max-credits", "10").out
    )
    ran = cli("batch", "run", sheet, "-o", "out", "--reuse", "before", "--max-credits", "10")
    assert (ran.code, ran.out.splitlines()[:2]) == (0, ["2 of 2 done", "10 credits charged; the cap is 10 credits"])


def test_a_clip_that_was_replaced_is_told_and_not_paid_again(cli: Cli) -> None:
    Path("clip.mp4").write_bytes(CLIP.read_bytes())
    row = {"id": "a", "operation": "video_to_sfx", "video": "clip.mp4", "duration_ms": 1000}
    Path("sfx.jsonl").write_text(json.dumps(row))
    assert cli("batch", "run", "sfx.jsonl").code == 0
    assert "another file" not in cli("batch", "run", "sfx.jsonl").err
    encode_clip(Path("clip.mp4"), codec="libx264", container="mp4", milliseconds=2000)
    says = "sent already with another file than the one that is there now, and not made again: a; another id makes it"
    assert says in cli("batch", "run", "sfx.jsonl", "--dry-run").out
    assert cli("batch", "run", "sfx.jsonl", "--dry-run", "--json").object["other_files"] == ["a"]
    ran = cli("batch", "run", "sfx.jsonl")
    assert (ran.code, says in ran.err) == (0, True)
    assert cli("batch", "status").out.splitlines()[1] == "10 credits charged"


def test_a_result_that_was_removed_or_emptied_is_fetched_again_and_not_paid(cli: Cli, emu: Emulator) -> None:
    sheet = manifest({"id": "a"}, {"id": "b"}, {"id": "c"})
    assert cli("batch", "run", sheet, "-o", "out").code == 0
    whole = Path("out/b.wav").read_bytes()
    Path("out/a.wav").unlink()
    Path("out/b.wav").write_bytes(b"")
    ran = cli("batch", "run", sheet, "-o", "out")
    assert (ran.code, ran.out.splitlines()[:2]) == (0, ["3 of 3 done", "30 credits charged"])
    assert "not in the folder as they were saved: a, b: fetched again, and not paid\n" in ran.err
    assert Path("out/a.wav").stat().st_size == len(whole)
    assert Path("out/b~2.wav").read_bytes() == whole
    assert "as they were saved" not in cli("batch", "run", sheet, "-o", "out").err


def test_a_result_whose_job_has_expired_is_said_to_be_lost(cli: Cli) -> None:
    sheet = manifest({"id": "a"})
    assert cli("batch", "run", sheet).code == 0
    with Batch.open("batch.db") as batch, batch.ledger.write() as connection:
        connection.execute(update(items).values(expires_at=1.0))
    Path("a.wav").unlink()
    ran = cli("batch", "run", sheet)
    assert "not in the folder as they were saved: a: lost, as no job has them any more" in ran.err
    assert cli("batch", "status").out.splitlines()[1] == "10 credits charged"


def test_a_batch_whose_folder_was_renamed_is_the_same_and_is_not_paid_again(cli: Cli, emu: Emulator) -> None:
    """Its clips are at other paths: it was told to give them other ids, which pays again, and a failed one was sent."""
    Path("old").mkdir()
    Path("old/clip.mp4").write_bytes(CLIP.read_bytes())
    row = {"operation": "video_to_sfx", "video": "clip.mp4", "duration_ms": 1000}
    Path("old/sfx.jsonl").write_text("".join(json.dumps({"id": name, **row}) + "\n" for name in "ab"))
    emu.fail_next("submit", faults.Status(422, code="invalid_video"))
    assert cli("batch", "run", "old/sfx.jsonl", "-o", "old/out", "--concurrency", "1").code == 6
    submits = sum(request.method == "POST" and request.path.endswith("/jobs") for request in emu.requests)
    Path("old").rename("new")
    for manifest in ("new/sfx.jsonl", "new/out/../sfx.jsonl"):
        ran = cli("batch", "run", manifest, "-o", "new/out")
        assert (ran.code, ran.out.splitlines()[:2]) == (6, ["1 of 2 done", "1 refused"])
    assert submits == sum(request.method == "POST" and request.path.endswith("/jobs") for request in emu.requests)
    with Batch.open("new/out/batch.db") as batch:
        assert {str(Path(entry.item.arguments["video"]).resolve()) for entry in batch.items()} == {
            str(Path("new/clip.mp4").resolve())
        }
    encode_clip(Path("new/clip.mp4"), codec="libx264", container="mp4", milliseconds=2000)
    Path("new").rename("other")
    ran = cli("batch", "run", "other/sfx.jsonl", "-o", "other/out")
    assert (ran.code, "it was sent already with another video" in ran.err) == (2, True)


def test_a_manifest_is_not_replaced_by_the_list_of_results(cli: Cli, emu: Emulator) -> None:
    sheet = manifest({"id": "a"}, name="results.jsonl")
    before = Path(sheet).read_bytes()
    for more in ((), ("--dry-run",)):
        ran = cli("batch", "run", sheet, *more)
        assert (ran.code, "results.jsonl is there and is no list of results" in ran.err) == (2, True)
    assert Path(sheet).read_bytes() == before
    assert not Path("batch.db").exists()
    assert cli("batch", "run", sheet, "-o", "out").code == 0


def test_names_that_are_too_long_are_refused(cli: Cli) -> None:
    sheet, long = manifest({"id": "a"}), "x" * 300
    assert cli("batch", "run", sheet, "--ledger", "l.db").code == 0
    for line in (
        ("run", sheet, "--ledger", long),
        ("run", sheet, "--reuse", long),
        ("status", long),
        ("status", "--ledger", long),
        ("report", "--ledger", "l.db", "-o", long),
    ):
        ran = cli("batch", *line)
        assert (ran.code, "too long" in ran.err or "is not a folder" in ran.err) == (2, True), line


def test_a_cap_of_dollars_is_compared_to_the_last_digit(cli: Cli) -> None:
    assert LedgerTotals({}, {}, {}, False, 0, (), 0, (), 0, 0).cap("usd", 2.01) == 2_010_000


def test_a_dry_run_refuses_the_ledgers_that_the_run_refuses(cli: Cli, emu: Emulator) -> None:
    """It called all of the sheet to be paid, and ended with 0: a ledger that cannot be read is not an empty one."""
    sheet = manifest({"id": "a"})
    assert cli("batch", "run", sheet, "--dry-run", "--ledger", "new.db").code == 0
    assert cli("batch", "run", sheet).code == 0
    with Batch.open("batch.db") as batch, batch.ledger.write() as connection:
        ledger.bind(connection, "batch.db", {"mirelo": "https://gateway.example"}, moved=True)
    Path("notes.db").write_text("no ledger at all")
    for more, says in (
        (("--ledger", "notes.db"), "is not a database"),
        ((), "has items of mirelo from https://gateway.example"),
    ):
        for line in (("--dry-run",), ()):
            ran = cli("batch", "run", sheet, *more, *line)
            assert (ran.code, says in ran.err) == (2, True)
    assert cli("batch", "run", sheet, "--moved", "--dry-run").code == 0
    Path("empty.db").touch()
    assert cli("batch", "run", sheet, "--ledger", "empty.db", "--dry-run").code == 0
