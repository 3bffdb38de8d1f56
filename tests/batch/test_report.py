"""The report's file: written atomically, with the ledger's content and without secrets."""

from __future__ import annotations

import errno
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from mirelo_ergo import ConfigurationError
from mirelo_ergo.batch.report import write_report
from tests.batch.reported import NOW, item


def data(path: Path) -> Any:
    match = re.search(r'<script type="application/json" id="data">(.*?)</script>', path.read_text("utf-8"))
    assert match is not None
    return json.loads(match[1])


def test_it_says_what_the_ledger_says(tmp_path: Path) -> None:
    path = write_report([item(0), item(1), item(6)], tmp_path / "report.html", folder=tmp_path, title="sfx.db", now=NOW)
    page = path.read_text("utf-8")
    assert "<dt>items</dt><dd>3</dd>" in page
    assert "<dt>succeeded</dt><dd>2</dd>" in page
    assert "<dt>credits</dt><dd>6</dd>" in page
    assert "made 2027-01-15 08:00 UTC" in page
    first, second, third = data(path)["items"]
    assert (first["id"], first["files"], first["charged"], first["seconds"]) == ("shot-0", ["shot-0.wav"], 0.0, 0.0)
    assert (second["charged"], second["failure"]) == (None, "nothing came of shot 1")
    assert (third["prompt"], third["request"]["duration_ms"]) == ("rain on roof 6", 2000)


def test_dollars_and_credits_are_added_up_apart(tmp_path: Path) -> None:
    items = [item(0, currency="usd", charged=0.1), item(6, currency="usd", charged=0.2), item(12, charged=1234567.0)]
    page = write_report(items, tmp_path / "report.html", folder=tmp_path, now=NOW).read_text("utf-8")
    assert "<dt>USD</dt><dd>0.3</dd>" in page
    assert "<dt>credits</dt><dd>1,234,567</dd>" in page


def test_what_is_written_in_a_manifest_is_never_markup(tmp_path: Path) -> None:
    evil = "</script><img src=x onerror=alert(1)><!-- & {{script}}"
    path = tmp_path / "report.html"
    write_report([item(0, id=evil, arguments={"prompt": evil, evil: evil})], path, folder=tmp_path, title=evil, now=NOW)
    page = path.read_text("utf-8")
    assert page.count("</script>") == 2
    assert "<img" not in page
    assert data(path)["items"][0]["prompt"] == evil


def test_no_token_and_no_query_of_a_url_is_in_it(tmp_path: Path) -> None:
    url = "HTTPS://files.example/a.mp4?signature=s3cret#s3cret"
    arguments = {"prompt": "steps", "video": url, "input": {"list": [url]}}
    path = write_report([item(0, arguments=arguments)], tmp_path / "report.html", folder=tmp_path, now=NOW)
    assert "secret" not in path.read_text("utf-8")
    assert "s3cret" not in path.read_text("utf-8")
    request = data(path)["items"][0]["request"]
    assert request["video"] == request["input"]["list"][0] == "HTTPS://files.example/a.mp4?…"


@pytest.mark.parametrize(("folder", "base"), [(".", "././"), ("sounds", "./sounds/"), ("a b#/c?", "./a%20b%23/c%3F/")])
def test_results_are_named_relative_to_the_report(folder: str, base: str, tmp_path: Path) -> None:
    path = write_report([], tmp_path / "report.html", folder=tmp_path / folder, now=NOW)
    assert data(path)["base"] == base


def test_results_on_another_drive_are_named_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_way(*_: object) -> str:
        raise ValueError("path is on another mount")

    monkeypatch.setattr(os.path, "relpath", no_way)
    path = write_report([], tmp_path / "report.html", folder=tmp_path, now=NOW)
    assert data(path)["base"] == f"{tmp_path.as_uri()}/"


def test_a_disk_that_is_full_leaves_the_old_report_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_report([], tmp_path / "report.html", folder=tmp_path, now=NOW)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ConfigurationError, match=r"the report .*report.html cannot be written: No space"):
        write_report([item(0)], path, folder=tmp_path, now=NOW)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_report_is_never_replaced(tmp_path: Path) -> None:
    other = tmp_path / "notes.html"
    other.write_text("<title>mine</title>")
    for path in (other, tmp_path):
        with pytest.raises(ConfigurationError, match="exists and is not a report"):
            write_report([], path, folder=tmp_path, now=NOW)
    assert other.read_text() == "<title>mine</title>"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"missing/report\.html cannot be written: No such file"):
        write_report([], tmp_path / "missing" / "report.html", folder=tmp_path, now=NOW)
