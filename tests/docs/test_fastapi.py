"""The web application of docs/fastapi.md, as it stands, makes a sound and takes the webhook for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx

from mirelo_ergo.emulator import running
from tests.docs.test_snippets import BLOCK, ROOT

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from mirelo_ergo.emulator import Emulator


def test_a_sound_is_submitted_told_of_and_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (snippet,) = BLOCK.findall((ROOT / "docs" / "fastapi.md").read_text())
    monkeypatch.chdir(tmp_path)
    made: dict[str, Any] = {}
    exec(snippet[2], made)
    made["ADDRESS"] = "https://127.0.0.1:9/"  # the emulator calls this machine only; the test calls instead

    async def use(emu: Emulator) -> None:
        transport = httpx.ASGITransport(made["app"])
        async with (
            made["app"].router.lifespan_context(made["app"]),
            httpx.AsyncClient(transport=transport, base_url="http://app.example") as browser,
        ):
            refused = await browser.post("/sounds", params={"prompt": "x"})
            assert (refused.status_code, emu.jobs) == (422, [])
            token = (await browser.post("/sounds", params={"prompt": "rain on a roof"})).json()["token"]
            event = {"request_id": emu.jobs[0].id, "status": "COMPLETED"}
            statuses = [
                (await browser.post(f"/hooks/{name}", json=event)).status_code for name in ("no", made["SECRET"])
            ]
            assert statuses == [404, 204]
            emu.clock.advance(60)
            answer = (await browser.get(f"/sounds/{token}")).json()
            assert answer["status"] == "succeeded"
            assert answer["urls"]
            await use_without_webhooks(browser, emu)

    async def use_without_webhooks(browser: httpx.AsyncClient, emu: Emulator) -> None:
        for prompt, status in (("hail on a roof", 200), ("hail [server_error]", 502)):
            token = (await browser.post("/sounds", params={"prompt": prompt})).json()["token"]
            emu.clock.advance(60)
            answer = await browser.get(f"/sounds/{token}")
            assert answer.status_code == status
            assert answer.json().get("urls" if status == 200 else "detail")

    with running(speed=50) as emu:
        monkeypatch.setenv("PIXAZO_API_KEY", emu.key)
        monkeypatch.setenv("PIXAZO_BASE_URL", emu.urls["pixazo"])
        asyncio.run(use(emu))
    assert len(emu.charges) == 2
