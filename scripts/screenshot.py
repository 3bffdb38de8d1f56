"""Take docs/emulator.png: the emulator's page in Chromium, with a few jobs, requests and faults on it."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.sync_api import ViewportSize

from mirelo_ergo.emulator import faults, running
from tests.emulator.browser import chromium
from tests.emulator.support import TEXT, VIDEO, Api

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "emulator.png"
SIZE = ViewportSize(width=1200, height=1000)


def main() -> None:
    """Play some jobs and faults and take the picture."""
    with running(port=8300, ports={"pixazo": 8301}, seed=2, speed=0.1) as emu, Api(emu) as api, chromium() as browser:
        clip = api.upload((ROOT / "examples" / "clip.mp4").read_bytes())
        api.finish(api.submit(VIDEO, video=clip, duration_ms=4000, output="video"))
        api.finish(api.submit(TEXT, prompt="a crash [generation_failed]", duration_ms=3000))
        api.finish(api.submit(TEXT, prompt="footsteps on gravel, then a door", duration_ms=5000, num_samples=2))
        running_job = api.submit(TEXT, prompt="rain on a tin roof, distant thunder", duration_ms=10_000)
        emu.clock.advance(running_job["estimated_ms"] / 1000 * 0.27)
        api.get(running_job["job_url"])
        emu.fail_next("submit", faults.Status(503, retry_after=1), times=3)
        api.post(f"{TEXT}/jobs", {"prompt": "waves on pebbles"})
        emu.fail_next("result", faults.CutBody(after_bytes=50_000))
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(emu.url)
        page.wait_for_function("() => [...document.querySelectorAll('video')].every(video => video.readyState > 3)")
        page.wait_for_timeout(2000)  # the player's own sign that it loads goes a moment after that
        page.screenshot(path=TARGET)
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
