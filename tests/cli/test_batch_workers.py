"""Batches on several machines, and their report, from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mirelo_ergo.batch import Batch
from tests.cli.support import start

if TYPE_CHECKING:
    from mirelo_ergo.emulator import Emulator
    from tests.cli.conftest import Cli
    from tests.support.postgres import Postgres

ITEM = {"operation": "text_to_sfx", "prompt": "rain", "duration_ms": 1000}


@pytest.fixture(autouse=True)
def no_other_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SYNC_API_KEY", raising=False)


def manifest(*names: str, **changes: object) -> str:
    Path("sfx.jsonl").write_text("".join(json.dumps({**ITEM, "id": name, **changes}) + "\n" for name in names))
    return "sfx.jsonl"


def test_a_worker_makes_what_a_run_elsewhere_has_put_into_the_ledger(cli: Cli, postgres_url: str) -> None:
    elsewhere = cli("batch", "run", manifest("a", "b"), "--ledger", postgres_url, "--max-credits", "0")
    assert elsewhere.code == 4
    ran = cli("batch", "worker", "--ledger", postgres_url, "-o", "out", "--max-credits", "20", "--eager")
    assert (ran.code, ran.out.splitlines()[:2]) == (0, ["2 of 2 done", "20 credits charged; the cap is 20 credits"])
    assert {"a.wav", "b.wav", "results.jsonl"} == {path.name for path in Path("out").iterdir()}
    assert "a: a.wav" in ran.err
    told = cli("batch", "worker", "--ledger", postgres_url, "-o", "out", "--json")
    assert json.loads(told.out.splitlines()[-1])["counts"]["succeeded"] == 2


def test_a_worker_does_not_make_a_row_that_has_left_the_sheet(cli: Cli, emu: Emulator, postgres_url: str) -> None:
    at, before = ("--ledger", postgres_url, "-o", "out"), len(emu.charges)
    assert cli("batch", "run", manifest("a", "b", "c"), *at, "--max-credits", "0").code == 4
    assert cli("batch", "run", manifest("a"), *at, "--max-credits", "0").code == 4
    ran = cli("batch", "worker", *at, "--max-credits", "100")
    assert (ran.code, ran.out.splitlines()[:2]) == (0, ["1 of 1 done", "2 removed from the sheet, and not sent"])
    assert cli("batch", "status", "--ledger", postgres_url, "--json").object["counts"]["removed"] == 2
    assert len(emu.charges) == before + 1
    assert cli("batch", "run", manifest("a", "b"), *at).code == 0
    assert len(emu.charges) == before + 2


def test_a_restart_of_the_database_is_told_in_a_line_and_no_traceback(
    cli: Cli, emu: Emulator, postgres_server: Postgres, postgres_url: str
) -> None:
    names = [f"i{number}" for number in range(16)]
    assert cli("batch", "run", manifest(*names), "--ledger", postgres_url, "--max-credits", "0").code == 4
    options = ("--max-credits", "1000", "--concurrency", "2", "--eager")
    worker = start(
        *("batch", "worker", "--ledger", postgres_url, "-o", "out", *options),
        cwd=Path.cwd(),
        variables={"MIRELO_API_KEY": emu.key, "MIRELO_BASE_URL": emu.url},
    )
    worker.line_with(".wav")
    postgres_server.restart()
    ran = worker.end()
    assert (ran.code, ran.out.splitlines()[0]) == (0, "16 of 16 done")
    assert [line for line in ran.err.splitlines() if not line.startswith(("i", "the database does not answer"))] == []


def test_items_without_a_key_here_are_left_to_other_machines(cli: Cli, postgres_url: str) -> None:
    with Batch.open(postgres_url) as batch:
        from mirelo_ergo.batch import Item

        batch.add([Item("a", "text_to_audio", {"text_prompt": "rain outside", "duration": 1}, service="pixazo")])
    ran = cli("batch", "worker", "--ledger", postgres_url)
    assert "items of pixazo are left to other machines: there is no key of it here" in ran.err
    assert ran.code == 5
    assert "1 item is left" in ran.err


def test_a_worker_needs_a_shared_ledger_and_a_key(bare: Cli, cli: Cli, postgres_url: str) -> None:
    assert cli("batch", "run", manifest("a")).code == 0
    ran = cli("batch", "worker", "--ledger", "batch.db")
    assert ran.code == 2
    assert "workers share a ledger on PostgreSQL" in ran.err
    assert "there is no ledger in" in cli("batch", "worker", "--ledger", postgres_url).err
    assert cli("batch", "worker").code == 2


def test_a_worker_without_any_key_says_which_there_are(bare: Cli, postgres_url: str) -> None:
    Batch.open(postgres_url).close()
    ran = bare("batch", "worker", "--ledger", postgres_url)
    assert ran.code == 3
    assert "no API key: set one of MIRELO_API_KEY, PIXAZO_API_KEY" in ran.err


def test_a_report_is_one_file_beside_the_results(cli: Cli, emu: Emulator) -> None:
    assert cli("batch", "run", manifest("a", "b", prompt="<b>rain</b>"), "-o", "out").code == 0
    ran = cli("batch", "report", "out")
    assert (ran.code, ran.paths) == (0, [Path("out/report.html")])
    page = Path("out/report.html").read_text("utf-8")
    assert "<title>batch.db: batch report</title>" in page
    assert '"files":["a.wav"]' in page
    assert "<b>rain</b>" not in page
    assert emu.key not in page
    assert cli("batch", "report", "out", "-o", "all.html", "--json").object == {"file": "all.html"}
    assert '"base":"./out/"' in Path("all.html").read_text("utf-8")
    assert cli("batch", "report", "out").code == 0
    Path("notes.html").write_text("mine")
    refused = cli("batch", "report", "out", "-o", "notes.html")
    assert refused.code == 2
    assert "exists and is not a report" in refused.err
