"""The page in a browser: live updates, playing, keyboard, readability, and escaped input of clients."""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from mirelo_ergo.emulator import Emulator, running
from mirelo_ergo.emulator.page import view
from tests.emulator.browser import PATIENCE_MS, Watch, opened
from tests.emulator.probes import CONTRAST, FOCUSED, STRUCTURE
from tests.emulator.support import TEXT, VIDEO, Api, answering, sending

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.needs("chromium")

SLOW = 0.01  # a hundredth of the usual speed: a job takes about ten minutes

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def served() -> Iterator[Emulator]:
    with running(speed=SLOW) as emulator:
        yield emulator


@pytest.fixture
def emu(served: Emulator) -> Emulator:
    served.reset()
    return served


@pytest.fixture
def opening(browser: Browser, emu: Emulator) -> Iterator[tuple[Page, Watch]]:
    with opened(browser, emu.url) as both:
        yield both


@pytest.fixture
def page(opening: tuple[Page, Watch]) -> Page:
    return opening[0]


def button(page: Page, name: str, within: str = "Clock") -> None:
    page.get_by_role("form", name=within).get_by_role("button", name=name, exact=True).click()


def look(page: Page) -> None:
    """Let the page look now, as it does when its tab is turned to, instead of in a second."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def minutes_left(emu: Emulator, seconds: float) -> None:
    """Move the clock so that the one job there is has this long to go."""
    (job,) = emu._state.store.jobs()
    emu.clock.advance(job.finishes_at - emu.clock.now() - seconds)


# Live


def test_a_running_job_moves_on_without_a_reload(page: Page, emu: Emulator, api: Api) -> None:
    page.evaluate("window.same = true")
    expect(page.get_by_text("No job yet.")).to_be_visible()
    accepted = api.submit(TEXT, prompt="rain on a tin roof")
    job = page.locator(".job").filter(has_text="rain on a tin roof")
    bar = job.get_by_role("progressbar", name="rain on a tin roof")
    expect(bar).to_have_attribute("value", "0")
    expect(job).to_contain_text("Running")
    emu.clock.advance(accepted["estimated_ms"] / 1000 / 5)
    expect(bar).to_have_attribute("value", "20")
    expect(job).to_contain_text("20 %")
    emu.clock.advance(accepted["estimated_ms"] / 1000 * 4)
    expect(job).to_contain_text("Succeeded")
    expect(bar).to_have_count(0)
    expect(job.locator("audio")).to_have_count(1)
    expect(page.get_by_role("status")).to_have_text("1 job succeeded.")
    assert page.evaluate("window.same")


def test_a_clock_button_ends_a_ten_minute_job(page: Page, emu: Emulator, api: Api) -> None:
    api.submit(TEXT, prompt="wind")
    minutes_left(emu, 590)
    job = page.locator(".job")
    expect(job).to_contain_text(re.compile("ends in 9 min (50|4[0-9]) s"))
    button(page, "10 min")
    expect(job).to_contain_text("Succeeded")
    either_comes_last = re.compile("The clock was advanced.|1 job succeeded.")
    expect(page.get_by_role("status")).to_have_text(either_comes_last)


def test_a_fault_button_leads_to_the_fault_at_the_next_call(page: Page, emu: Emulator, api: Api) -> None:
    page.get_by_label("Calls of").select_option("the account")
    button(page, "503, try again", "Faults")
    row = page.get_by_role("row", name="status, me")
    expect(row).to_contain_text("status 503, retry_after 1")
    api.get("/v2/assets")  # another operation
    answer = api.get("/v2/me")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert api.get("/v2/me").status_code == 200
    look(page)
    expect(row).to_have_count(0)
    expect(page.locator("#request-list")).to_contain_text("fault: status")


def test_a_fault_can_be_cleared(page: Page, emu: Emulator, api: Api) -> None:
    page.get_by_label("Times").fill("3")
    button(page, "Reset", "Faults")
    button(page, "Never ends", "Faults")
    expect(page.get_by_role("row", name="stuck job, generate")).to_contain_text("3 of 3")
    page.get_by_role("button", name="Clear reset, any").click()
    expect(page.get_by_role("row", name="reset, any")).to_have_count(0)
    assert api.get("/v2/me").status_code == 200
    button(page, "Clear all", "Faults")
    expect(page.get_by_role("table", name="Faults in force")).to_have_count(0)


def test_a_fault_that_cannot_be_is_explained(opening: tuple[Page, Watch]) -> None:
    page, watch = opening
    page.get_by_label("Calls of").select_option("the upload to the object store")
    button(page, "Bad JSON", "Faults")
    expect(page.get_by_role("status")).to_contain_text(
        "Not done: operation is 'upload', to which bad_json cannot happen"
    )
    assert [text for text in watch.trouble if "400" not in text] == []
    watch.trouble.clear()


def test_credits_can_be_set(page: Page, emu: Emulator, api: Api) -> None:
    form = page.get_by_role("form", name="Credits")
    form.get_by_label("Credits").fill("7")
    form.get_by_role("button", name="Set credits").click()
    expect(page.get_by_role("table", name="Accounts").get_by_role("cell", name="7", exact=True)).to_be_visible()
    assert api.balance() == 7


# Results


def test_a_sound_is_played_and_nothing_interrupts_it(page: Page, emu: Emulator, api: Api) -> None:
    api.finish(api.submit(TEXT, prompt="sea", duration_ms=8000, num_samples=2))
    look(page)
    players = page.locator("audio")
    expect(players).to_have_count(2)
    sound = players.first
    sound.focus()
    page.keyboard.press("Space")
    playing = sound.element_handle()
    page.wait_for_function("sound => sound.currentTime > 0", arg=playing)
    assert sound.evaluate("sound => sound.duration") == pytest.approx(8, abs=0.01)
    sound.evaluate("sound => { sound.loop = true; sound.addEventListener('pause', () => { window.stopped = true }) }")
    for number in range(view.MAX_JOBS + 1):  # until its own job has left the list
        api.submit(TEXT, prompt=f"number {number}")
        if number in (0, view.MAX_JOBS):
            look(page)
            expect(page.get_by_role("heading", name=f"number {number}", exact=True)).to_be_visible()
    assert sound.evaluate("(sound, before) => sound === before && !sound.paused && !window.stopped", playing)
    assert page.evaluate("document.activeElement.tagName") == "AUDIO"


def test_a_clip_is_shown(page: Page, emu: Emulator, api: Api, short_clip: Path) -> None:
    video = api.upload(short_clip.read_bytes())
    api.finish(api.submit(VIDEO, video=video, duration_ms=1000, output="video"))
    look(page)
    page.wait_for_function("() => document.querySelector('video')?.videoWidth === 64")
    assert page.locator("video").evaluate("video => video.duration") == pytest.approx(1, abs=0.15)


# By keyboard, and for a screen reader


def test_the_keyboard_reaches_everything_in_order(page: Page, emu: Emulator, api: Api) -> None:
    api.finish(api.submit(TEXT, prompt="sea"))
    look(page)
    expect(page.locator("audio")).to_be_visible()
    seen: list[str] = []
    for _ in range(110):
        page.keyboard.press("Tab")
        name, outline = page.evaluate(FOCUSED)
        if name == "BODY":
            break
        if name not in seen[-1:]:  # a player has several stops of its own
            assert "solid" in outline or name == "AUDIO", f"{name}: {outline}"
            seen.append(name)
    landmarks = ["Copy Key", "Pause updates", "10 s", "1 day", "2 s late", "Never ends", "Set credits"]
    assert [name for name in seen if name in landmarks] == landmarks
    assert seen.index("Pause updates") < seen.index("AUDIO") < seen.index("10 s")
    assert seen.index("Make a sound") < seen.index("AUDIO") < seen.index("Forget everything")
    assert "POST" in seen[-1]  # the last request in the list


def test_enter_and_space_press_and_the_focus_stays(page: Page, emu: Emulator, api: Api) -> None:
    begin = emu.clock.now()
    page.get_by_role("button", name="1 h", exact=True).focus()
    page.keyboard.press("Space")
    expect(page.locator("#clock")).to_contain_text("1 h ahead")
    page.keyboard.press("Enter")
    expect(page.locator("#clock")).to_contain_text("2 h ahead")
    assert emu.clock.now() - begin >= 7200
    assert page.evaluate("document.activeElement.textContent") == "1 h"
    page.get_by_role("button", name="Drip").focus()
    page.keyboard.press("Enter")
    clear = page.get_by_role("button", name="Clear drip, any")
    clear.focus()
    page.keyboard.press("Enter")
    expect(clear).to_have_count(0)
    assert page.evaluate("document.activeElement.textContent") == "Faults"  # where the button was


def test_what_is_open_or_typed_stays_so(page: Page, emu: Emulator, api: Api) -> None:
    api.post(f"{TEXT}/jobs", {"prompt": "one"})
    look(page)
    page.locator("#request-list summary").first.focus()
    page.keyboard.press("Enter")
    page.get_by_label("Times").fill("12")
    page.get_by_label("Calls of").select_option("looking at a job")
    api.post(f"{TEXT}/jobs", {"prompt": "two"})
    look(page)
    expect(page.locator("#request-list summary")).to_have_count(2)
    assert page.locator("#request-list details").evaluate_all("all => all.map(each => each.open)") == [False, True]
    assert (page.get_by_label("Times").input_value(), page.get_by_label("Calls of").input_value()) == ("12", "poll")
    expect(page.locator("#request-list details").last.locator("pre").first).to_have_text('{\n  "prompt": "one"\n}')


def test_the_structure_tells_what_is_where(page: Page, emu: Emulator, api: Api) -> None:
    api.finish(api.submit(TEXT, prompt="sea", num_samples=2))
    api.submit(TEXT, prompt="land")
    button(page, "Drip", "Faults")
    expect(page.locator("audio")).to_have_count(2)
    found = page.evaluate(STRUCTURE)
    levels = found.pop("levels")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert found == {
        "language": "en",
        "landmarks": ["HEADER", "NAV", "MAIN", "FOOTER"],
        **dict.fromkeys(("nameless", "mute", "tables", "loose", "moving"), 0),
        "lost": [],
        "twice": [],
    }


def test_progress_is_not_announced(page: Page, emu: Emulator, api: Api) -> None:
    accepted = api.submit(TEXT, prompt="sea")
    look(page)
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_attribute("value", "0")
    page.evaluate(
        "() => { window.said = []; new MutationObserver(() => window.said.push(news.textContent))"
        ".observe(news, { childList: true, characterData: true, subtree: true }) }"
    )
    for percent in ("10", "20"):
        emu.clock.advance(accepted["estimated_ms"] / 10_000)
        look(page)
        expect(bar).to_have_attribute("value", percent)
    api.finish(accepted)
    look(page)
    expect(page.get_by_role("status")).to_have_text("1 job succeeded.")
    assert page.evaluate("window.said") == ["1 job succeeded."]


def test_a_first_sound_is_made_and_heard(page: Page, emu: Emulator) -> None:
    form = page.get_by_role("form", name="Make a sound")
    form.get_by_label("Prompt").fill("wind")
    form.get_by_label("Seconds").fill("1")
    form.get_by_role("button", name="Make a sound").click()
    expect(page.locator(".job").filter(has_text="wind")).to_contain_text("Running")
    expect(page.get_by_role("status")).to_have_text("A job was submitted.")
    button(page, "10 min")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download wind, Result 1 of 1").click()
    assert download.value.path().read_bytes()[:4] == b"RIFF"
    assert download.value.suggested_filename == f"{emu.jobs[0].id}-1.wav"


def test_addresses_and_key_are_copied(browser: Browser, emu: Emulator) -> None:
    with opened(browser, emu.url, permissions=["clipboard-read", "clipboard-write"]) as (page, _):
        shown = [("Key", emu.key), ("Mirelo", emu.url), ("Pixazo gateway", emu.urls["pixazo"])]
        for label, text in [*shown, ("Key of inference.sh", emu.keys["inference_sh"])]:
            page.get_by_role("button", name=f"Copy {label}", exact=True).click()
            expect(page.get_by_role("status")).to_have_text("Copied.")
            assert page.evaluate("navigator.clipboard.readText()") == text
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
        page.get_by_role("button", name="Copy Key", exact=True).click()
        expect(page.get_by_role("status")).to_have_text("Marked: copy it with the keyboard.")
        assert page.evaluate("getSelection().toString()") == emu.key


def test_everything_is_forgotten_in_two_steps(page: Page, emu: Emulator, api: Api) -> None:
    api.submit(TEXT, prompt="sea")
    look(page)
    sure = page.get_by_role("button", name="Yes, forget everything")
    expect(sure).to_be_hidden()
    page.get_by_text("Forget everything", exact=True).click()
    assert len(emu.jobs) == 1
    sure.click()
    expect(page.get_by_text("No job yet.")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("The emulator is as after its start.")
    expect(sure).to_be_hidden()


# Readable


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(browser: Browser, emu: Emulator, api: Api, scheme: str) -> None:
    api.finish(api.submit(TEXT, prompt="sea"))
    api.finish(api.submit(TEXT, prompt="crash [generation_failed]"))
    api.submit(TEXT, prompt="land")
    api.post(f"{TEXT}/jobs", {"prompt": 1})
    with opened(browser, emu.url, color_scheme=scheme) as (page, _):
        button(page, "Drip", "Faults")
        page.locator("#request-list summary").first.click()
        page.get_by_role("link", name="Skip to the jobs").focus()
        found = page.evaluate(CONTRAST)
    assert len(found["texts"]) > 60
    assert [each for each in found["texts"] if each[1] < 4.5] == []
    assert [each for each in [*found["edges"], *found["bars"]] if each[1] < 3] == []
    assert len(found["bars"]) == 1
    darkness = sum(int(part) for part in re.findall(r"\d+", found["paper"])) / 3
    assert (darkness < 64) == (scheme == "dark")


def test_it_fits_a_small_screen(browser: Browser, emu: Emulator, api: Api) -> None:
    api.finish(api.submit(TEXT, prompt="sea" * 200, num_samples=2))
    api.submit(TEXT, prompt="land")
    with opened(browser, emu.url, viewport={"width": 360, "height": 640}) as (page, _):
        button(page, "Reset, but done", "Faults")
        expect(page.get_by_role("table", name="Faults in force")).to_be_visible()
        page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        sizes = page.locator("button:not([hidden]), select, input, summary").evaluate_all(
            "all => all.map(each => each.getBoundingClientRect()).map(({ width, height }) => Math.min(width, height))"
        )
        assert min(sizes) >= 24
        for name in ("Clock", "Faults", "Scenario", "Credits", "Requests", "Jobs"):
            link = page.get_by_role("navigation").get_by_role("link", name=name)
            expect(link).to_be_in_viewport()
            link.click()
            heading = page.get_by_role("heading", name=name, exact=True)
            expect(heading).to_be_in_viewport()
            below = "([heading, nav]) => heading.getBoundingClientRect().top >= nav.getBoundingClientRect().bottom"
            assert page.evaluate(below, [heading.element_handle(), page.locator("nav").element_handle()]), name


# Hostile clients and hostile sites

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</pre></script><script>window.hacked = 1; alert(2)</script>",
    '"\'><svg onload=alert(3)><a href="javascript:alert(4)">x</a>',
    "{{ 7 * 7 }}{% raw %}",
    "\ud800\x00\u202e lone, nothing, backwards",
]


@pytest.mark.parametrize("live", [True, False])
def test_what_a_client_writes_is_never_markup(browser: Browser, emu: Emulator, api: Api, live: bool) -> None:
    def write() -> None:
        for text in HOSTILE:
            path, key = quote(text, errors="replace"), text.encode("ascii", "ignore").decode().replace("\0", "")
            send("POST", f"{TEXT}/jobs", content=json.dumps({"prompt": text}))
            send("POST", f"{TEXT}/jobs", content=json.dumps({"prompt": 1, text: text}))
            send("GET", f"{TEXT}/jobs/{path}?q={path}")
            send("GET", "/v2/me", headers={"authorization": f"Bearer sk-{key}"})
        emu.clock.advance(3600)

    send = api.http.request
    api.http.event_hooks = {}  # half of this does not fit the spec
    api.http.headers["content-type"] = "application/json"
    if not live:
        write()
    with opened(browser, emu.url) as (page, _):
        if live:
            write()
            look(page)
        expect(page.locator(".job audio")).to_have_count(len(HOSTILE) - 1)  # the last one is refused
        for text in HOSTILE[:4]:
            expect(page.get_by_role("heading", name=text)).to_be_visible()
        expect(page.locator("summary").filter(has_text="onerror")).to_have_count(1)
        page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true })")
        counts = page.evaluate(
            "['script', 'img, svg', 'a:not(nav a, [download])', '[onerror], [onload], [href^=javascript]']"
            ".map(selector => document.querySelectorAll(selector).length)"
        )
        assert counts == [1, 0, 1, 0]  # the page's own script, and its one link to itself
        assert page.evaluate("window.hacked === undefined")


def test_another_site_can_press_nothing(browser: Browser, emu: Emulator) -> None:
    form = (
        f"<form method=post action='{emu.url}/_emulator/page/clock'><button name=seconds value=600>x</button></form>"
        f"<iframe src='{emu.url}/'></iframe>"
    )
    begin = emu.clock.now()
    with answering(sending(form.encode(), headers={"Content-Type": "text/html"})) as other:
        context = browser.new_context()
        try:
            page = context.new_page()
            page.goto(other)
            frame = page.frames[1]
            assert frame.url != f"{emu.url}/" or "Jobs" not in frame.content()
            with page.expect_response(f"{emu.url}/_emulator/page/clock") as response:
                page.get_by_role("button").click()
            assert response.value.status == 403
            page.wait_for_load_state()
            assert "another site" in page.content()
        finally:
            context.close()
    assert emu.clock.now() - begin < 600


# With less: without script, in the background, without an answer


def test_without_script_the_page_is_whole_and_its_forms_work(browser: Browser, emu: Emulator, api: Api) -> None:
    api.submit(TEXT, prompt="sea")
    minutes_left(emu, 590)
    with opened(browser, emu.url, java_script_enabled=False) as (page, _):
        expect(page.get_by_role("progressbar", name="sea")).to_be_visible()
        expect(page.get_by_role("button", name="Pause updates")).to_have_count(0)
        expect(page.get_by_role("link", name="load it again")).to_be_visible()
        button(page, "10 min")
        expect(page.get_by_role("status")).to_have_text("The clock was advanced.")
        expect(page.locator(".job")).to_contain_text("Succeeded")
        button(page, "503, try again", "Faults")
        expect(page.get_by_role("row", name="status, any")).to_be_visible()
        page.get_by_role("form", name="Credits").get_by_label("Credits").fill("9")
        button(page, "Set credits", "Credits")
        expect(page.get_by_role("status")).to_have_text("The credits were set.")
        assert page.url == f"{emu.url}/?done=credits#credits"
    assert emu.credits == 9


def test_it_rests_while_it_is_paused_or_hidden(browser: Browser, emu: Emulator, api: Api) -> None:
    with opened(browser, emu.url) as (page, watch):
        page.clock.install()
        page.reload()
        hide = "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
        hide += " document.dispatchEvent(new Event('visibilitychange')) }"
        for stop, go in (
            (lambda: page.get_by_role("button", name="Pause updates").click(), lambda: page.keyboard.press("Enter")),
            (lambda: page.evaluate(hide, True), lambda: page.evaluate(hide, False)),
        ):
            with page.expect_response(f"{emu.url}/"):
                page.clock.run_for(1000)
            if "Pause" in page.content():
                page.get_by_role("button", name="Pause updates").focus()
            stop()
            page.clock.run_for(1000)
            count = len(watch.requests)
            page.clock.run_for(60_000)
            assert len(watch.requests) == count
            with page.expect_response(f"{emu.url}/"):
                go()


def test_an_emulator_that_does_not_answer_is_told_and_found_again(browser: Browser, emu: Emulator) -> None:
    with opened(browser, emu.url) as (page, watch):
        page.route(f"{emu.url}/", lambda route: route.abort())
        look(page)
        expect(page.get_by_role("status")).to_have_text("The emulator does not answer. Trying again.")
        page.unroute(f"{emu.url}/")
        look(page)
        expect(page.get_by_role("status")).to_have_text("The emulator answers again.")
        assert [text for text in watch.trouble if "ERR_FAILED" not in text] == []
        watch.trouble.clear()
