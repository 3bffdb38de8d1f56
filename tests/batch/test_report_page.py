"""The report in a browser: search, sorting, playing, keyboard, dark and light colours, and escaped markup."""

from __future__ import annotations

import wave
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from mirelo_ergo.batch.report import write_report
from tests.batch.reported import NOW, item
from tests.emulator.browser import PATIENCE_MS, opened
from tests.emulator.probes import CONTRAST, FOCUSED, STRUCTURE

pytestmark = pytest.mark.needs("chromium")

expect.set_options(timeout=PATIENCE_MS)

HEARD = """kind => new Promise(done => {
  const media = document.querySelector(kind);
  const look = () => media.currentTime > 0 && done(media.duration);
  media.addEventListener("timeupdate", look);
  look();
})"""
"""Waits until something was played, and gives its length in seconds."""


@contextmanager
def report(browser: Browser, folder: Path, items: Iterable[Mapping[str, Any]], **options: Any) -> Iterator[Page]:
    path = write_report(items, folder / "report.html", folder=folder, title="sfx.db", now=NOW)
    with opened(browser, path.as_uri(), own=folder.as_uri(), **options) as (page, _):
        yield page


def ids(page: Page) -> list[str]:
    return page.locator("tbody th .id").all_text_contents()


def head(page: Page, name: str) -> Locator:
    return page.get_by_role("columnheader", name=name)


def test_an_item_is_a_row_with_what_came_of_it(browser: Browser, tmp_path: Path) -> None:
    items = [item(12, attempts=3, reused="other.db"), item(7), item(200, state="succeeded")]
    with report(browser, tmp_path, items) as page:
        rows = page.get_by_role("row")
        expect(rows).to_have_count(4)
        for part in (
            "shot-12",
            "mirelo text_to_sfx",
            "succeeded",
            "3 attempts",
            "rain on roof 12",
            "12 credits",
            "12.0 s",
        ):
            expect(rows.nth(1)).to_contain_text(part)
        expect(rows.nth(1)).to_contain_text("reused")
        expect(rows.nth(2)).to_contain_text("nothing came of shot 7")
        expect(rows.nth(2)).not_to_contain_text("credits")
        expect(rows.nth(3)).to_contain_text("3 min 20 s")
        rows.nth(2).get_by_text("Request", exact=True).click()
        expect(rows.nth(2).get_by_text('"duration_ms": 2000')).to_be_visible()


def test_a_head_sorts_both_ways_and_says_so(browser: Browser, tmp_path: Path) -> None:
    items = [item(10, state="succeeded"), item(9, state="succeeded"), item(2, state="planned")]
    with report(browser, tmp_path, items) as page:
        assert ids(page) == ["shot-10", "shot-9", "shot-2"]
        head(page, "Item").get_by_role("button").click()
        assert ids(page) == ["shot-2", "shot-9", "shot-10"]  # as numbers, not as letters
        expect(head(page, "Item")).to_have_attribute("aria-sort", "ascending")
        head(page, "Item").get_by_role("button").click()
        assert ids(page) == ["shot-10", "shot-9", "shot-2"]
        head(page, "Cost").get_by_role("button").click()
        assert ids(page) == ["shot-9", "shot-10", "shot-2"]  # what cost nothing comes last
        expect(head(page, "Item")).to_have_attribute("aria-sort", "none")
        head(page, "Cost").get_by_role("button").click()
        assert ids(page) == ["shot-10", "shot-9", "shot-2"]


def test_words_state_and_service_find(browser: Browser, tmp_path: Path) -> None:
    items = [item(number, service="pixazo" if number > 8 else "mirelo") for number in range(12)]
    with report(browser, tmp_path, items) as page:
        found = page.locator("#found")
        page.get_by_label("Words in id").fill("ROOF nothing 7")
        assert ids(page) == ["shot-7"]
        expect(found).to_have_text("1 to 1 of 1 items found among 12")
        page.get_by_label("Words in id").fill("snow")
        expect(found).to_have_text("None of 12 items")
        page.get_by_role("button", name="Show all").click()
        expect(found).to_have_text("1 to 12 of 12 items")
        page.get_by_label("State").select_option("failed")
        assert ids(page) == ["shot-1", "shot-7"]
        page.get_by_label("State").select_option("")
        page.get_by_label("Service").select_option("pixazo")
        assert ids(page) == ["shot-9", "shot-10", "shot-11"]


def test_enter_in_the_search_field_leaves_the_page_as_it_is(browser: Browser, tmp_path: Path) -> None:
    with report(browser, tmp_path, [item(1), item(2)]) as page:
        page.get_by_label("Words in id").fill("shot-2")
        page.get_by_label("Words in id").press("Enter")
        assert ids(page) == ["shot-2"]


def test_ten_thousand_items_are_a_page_of_a_hundred_each(browser: Browser, tmp_path: Path) -> None:
    with report(browser, tmp_path, (item(number) for number in range(10_000))) as page:
        found = page.locator("#found")
        expect(found).to_have_text("1 to 100 of 10,000 items")
        assert len(ids(page)) == 100
        expect(page.get_by_role("button", name="Previous page")).to_be_disabled()
        page.get_by_role("button", name="Next page").click()
        expect(found).to_have_text("101 to 200 of 10,000 items")
        assert ids(page)[0] == "shot-100"
        head(page, "Item").get_by_role("button").click()
        head(page, "Item").get_by_role("button").click()
        assert ids(page)[:2] == ["shot-9999", "shot-9998"]
        page.get_by_label("Words in id").fill("shot-4321")
        assert ids(page) == ["shot-4321"]
        expect(page.get_by_role("button", name="Next page")).to_be_disabled()


@pytest.mark.parametrize("name", ["rain & roof #1 100%.wav", "takes/shot.wav", "javascript:alert(1).wav"])
def test_a_sound_beside_the_report_is_played(name: str, browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(2 * 8000))
    with report(browser, tmp_path, [item(0, files=[{"name": name, "size": 1, "sha256": ""}])]) as page:
        expect(page.locator("audio")).to_be_hidden()
        page.get_by_role("button", name=f"Play {name}").click()
        expect(page.locator("#playing")).to_have_text(name)
        assert page.evaluate(HEARD, "audio") == 1
        expect(page.get_by_role("button", name=f"Play {name}")).to_have_attribute("aria-current", "true")
        expect(page.locator("video")).to_be_hidden()


def test_a_clip_is_shown_and_other_results_are_linked(browser: Browser, tmp_path: Path, examples_clip: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(examples_clip.read_bytes())
    files = [{"name": name, "size": 1, "sha256": ""} for name in ("clip.mp4", "notes.mid")]
    with report(browser, tmp_path, [item(0, files=files)]) as page:
        page.get_by_role("button", name="Play clip.mp4").click()
        assert page.evaluate(HEARD, "video") > 1
        expect(page.locator("audio")).to_be_hidden()
        expect(page.get_by_role("link", name="notes.mid")).to_have_attribute("href", "././notes.mid")


@pytest.fixture
def examples_clip() -> Path:
    return Path(__file__).resolve().parents[2] / "examples" / "clip.mp4"


def test_a_sound_that_was_moved_is_told(browser: Browser, tmp_path: Path) -> None:
    path = write_report([item(0)], tmp_path / "report.html", folder=tmp_path, now=NOW)
    context = browser.new_context()
    page = context.new_page()
    page.goto(path.as_uri())
    page.get_by_role("button", name="Play shot-0.wav").click()
    expect(page.locator("#playing")).to_contain_text("shot-0.wav cannot be played")
    context.close()


def test_the_keyboard_goes_from_the_filters_through_the_rows(browser: Browser, tmp_path: Path) -> None:
    with report(browser, tmp_path, [item(0), item(1)]) as page:
        stops: list[str] = []
        for _ in range(12):
            page.keyboard.press("Tab")
            name, outline = page.evaluate(FOCUSED)
            stops.append(name)
            assert "3px" in outline
        assert stops == [
            "Skip to the items", "INPUT", "Allsucceededfailed", "Show all", "Item", "State", "Prompt", "Cost", "Time",
            "Request", "▶ shot-0.wav", "Request",
        ]  # fmt: skip
        head(page, "State").get_by_role("button").focus()
        page.keyboard.press("Enter")
        assert ids(page) == ["shot-1", "shot-0"]
        expect(head(page, "State").get_by_role("button")).to_be_focused()


def test_the_structure_tells_what_is_where(browser: Browser, tmp_path: Path) -> None:
    with report(browser, tmp_path, [item(0), item(1)]) as page:
        page.get_by_role("button", name="Show all").focus()
        structure = page.evaluate(STRUCTURE)
        assert structure == {
            "language": "en",
            "landmarks": ["HEADER", "MAIN", "NAV", "FOOTER"],
            "levels": [1, 2, 2, 2],
            **dict.fromkeys(("nameless", "mute", "tables", "loose", "moving"), 0),
            "lost": [],
            "twice": [],
        }


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(scheme: Any, browser: Browser, tmp_path: Path) -> None:
    items = [item(number, attempts=2, reused="x") for number in range(6)]
    with report(browser, tmp_path, items, color_scheme=scheme) as page:
        seen = page.evaluate(CONTRAST)
        assert seen["paper"] == ("rgb(246, 246, 243)" if scheme == "light" else "rgb(19, 20, 23)")
        assert {text for text, ratio in seen["texts"] if ratio < 4.5} == set()
        assert {name for name, ratio in seen["edges"] if ratio < 3} == set()
        assert len(seen["texts"]) > 40


def test_it_fits_a_small_screen(browser: Browser, tmp_path: Path) -> None:
    items = [item(number, id="long" * 40, arguments={"prompt": "word" * 100}) for number in range(3)]
    with report(browser, tmp_path, items, viewport={"width": 360, "height": 640}) as page:
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_a_manifest_says_is_never_markup(browser: Browser, tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    trouble = {"type": "x", "code": "x", "message": evil}
    items = [item(1, id=evil, operation=evil, service=evil, arguments={"prompt": evil, evil: evil}, error=trouble)]
    with report(browser, tmp_path, items) as page:
        assert ids(page) == [evil]
        expect(page.locator("#items img, #items script")).to_have_count(0)
        expect(page.locator("tbody .failure")).to_have_text(evil)


def test_even_markup_that_got_in_could_do_nothing(browser: Browser, tmp_path: Path) -> None:
    path = write_report([], tmp_path / "report.html", folder=tmp_path, now=NOW)
    path.write_text(path.read_text("utf-8").replace("<main>", "<main><script>window.harm = 1</script>"), "utf-8")
    context = browser.new_context()
    page = context.new_page()
    page.goto(path.as_uri())
    expect(page.locator("#found")).to_have_text("None of 0 items")
    assert page.evaluate("window.harm") is None
    context.close()


def test_without_script_a_line_says_where_the_facts_are(browser: Browser, tmp_path: Path) -> None:
    with report(browser, tmp_path, [item(0)], java_script_enabled=False) as page:
        expect(page.get_by_text("The same facts stand in")).to_be_visible()
