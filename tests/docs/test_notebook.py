"""In a notebook a wait shows a bar and a result shows players: with a real kernel, against the emulator."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from base64 import b64decode
from html import unescape
from typing import TYPE_CHECKING, Any

import numpy as np

from mirelo_ergo.emulator import running
from mirelo_ergo.emulator.services.mirelo_v3.service import MireloV3
from tests.emulator.sounds import wav_bytes
from tests.emulator.support import encode_clip, tone

if TYPE_CHECKING:
    from pathlib import Path

EXECUTE = """
import sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, timeout=240).execute()
nbformat.write(notebook, sys.argv[1])
"""
CELLS = [
    "from mirelo_ergo import AsyncMireloClient, MireloClient\nclient = MireloClient()",
    "result = client.text_to_sfx('rain', duration_ms=1000, num_samples=2).run(progress=True)",
    "result",
    "async with AsyncMireloClient() as awaited:\n"
    "    sound = await awaited.text_to_sfx('rain', duration_ms=1000).run(progress=True)\nsound",
    "async with AsyncMireloClient() as awaited:\n"
    "    plain = await awaited.text_to_sfx('rain', duration_ms=1000).run()\nplain",
    "import asyncio\n"
    "turns = []\n"
    "async def turn():\n"
    "    while True:\n"
    "        turns.append(1)\n"
    "        await asyncio.sleep(0)\n"
    "other = asyncio.create_task(turn())\n"
    "shown = await plain.players()\n"
    "other.cancel()\n"
    "assert turns\n"
    "shown",
]


def executed(cells: list[str], folder: Path, environment: dict[str, str]) -> list[list[dict[str, Any]]]:
    """Run the cells in a kernel and return each one's outputs."""
    plain: dict[str, Any] = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    written = [{**plain, "id": f"cell-{number}", "source": cell} for number, cell in enumerate(cells)]
    page = folder / "page.ipynb"
    page.write_text(json.dumps({"cells": written, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    own = {"JUPYTER_RUNTIME_DIR": str(folder), "IPYTHONDIR": str(folder), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", EXECUTE, str(page)],
        env={**os.environ, **own, **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return [cell["outputs"] for cell in json.loads(page.read_text())["cells"]]


def html(output: dict[str, Any]) -> str:
    found = output["data"]["text/html"]
    return found if isinstance(found, str) else "".join(found)


def test_a_notebook_shows_bars_and_players(tmp_path: Path) -> None:
    with running(speed=50, seed=1) as emu:
        environment = {"MIRELO_API_KEY": emu.key, "MIRELO_BASE_URL": emu.url}
        _, bar, players, awaited, plain, fetched = executed(CELLS, tmp_path, environment)
    (shown,) = bar
    assert '<progress max="100" value="100">' in html(shown)
    assert "text-to-sfx v1.5, 1 s: 100 % done" in html(shown)
    (shown,) = players
    sounds = re.findall(r'<audio [^>]*src="data:audio/wav;base64,([^"]+)"', html(shown))
    assert [b64decode(sound)[:4] for sound in sounds] == [b"RIFF"] * 2
    assert "signature" not in html(shown)
    assert "".join(shown["data"]["text/plain"]).startswith("<JobResult of text-to-sfx v1.5, 1 s: 2 audio (wav) at ")
    assert 'value="100"' in html(awaited[0])
    assert re.search(r'<audio [^>]*src="data:audio/wav;base64,', html(awaited[1]))
    assert "signature" not in html(awaited[1])
    assert "await result.players() shows it" in html(plain[0]), "nothing can be awaited while a cell's end is shown"
    assert re.search(r'<audio [^>]*src="data:audio/wav;base64,', html(fetched[0])), "and the loop went on"


def links(text: str) -> dict[str, bytes]:
    """Return what a page's links save, by the names of the files."""
    found = re.findall(r'<a download="([^"]+)" href="data:[^;"]+;base64,([^"]+)">', text)
    return {name: b64decode(data) for name, data in found}


def test_a_notebook_shows_variants_stems_and_notes(tmp_path: Path) -> None:
    """Results of v3 have several files for each variant; a transcription has files that no player plays."""
    clip, scale = tmp_path / "clip.mp4", tmp_path / "scale.wav"
    encode_clip(clip, codec="libx264", container="mp4", milliseconds=1500, sound=tone(440, 1500))
    scale.write_bytes(wav_bytes(np.concatenate([tone(each, 400) for each in (262, 294, 330)])))
    cells = [
        "from mirelo_ergo import AsyncMireloClient, MireloClient\nclient = MireloClient(model='sfx-2.0')",
        f"clip = client.video_to_sfx({str(clip)!r}, duration_ms=1000, num_samples=2, preserve_speech=True,\n"
        "    output_format='mp3_128')\nclip.run(progress=True)",
        f"client.audio_to_midi({str(scale)!r}).run()",
        "async with AsyncMireloClient() as awaited:\n"
        f"    notes = await awaited.audio_to_midi({str(scale)!r}).run(progress=True)\nnotes",
    ]
    with running(speed=50, seed=1) as emu:
        emu.service(MireloV3).videos = True
        _, variants, notes, awaited = executed(cells, tmp_path, {"MIRELO_API_KEY": emu.key, "MIRELO_BASE_URL": emu.url})
    bar, shown = map(html, variants)
    assert "video-to-sfx sfx-2.0, 1 s: 100 % done" in bar
    assert "<JobResult of video-to-sfx sfx-2.0, 1 s: 2 audio (mp3), 2 video (mp4), 2 speech (mp3) at " in unescape(
        shown
    )
    players = re.findall(r'<p>(\d: \w+, \w+)<br><(audio|video) [^>]*src="data:(\w+/\w+);base64,', shown)
    assert players == [
        (f"{number}: {kind}, {form}", tag, media)
        for number in (1, 2)
        for kind, form, tag, media in (
            ("audio", "mp3", "audio", "audio/mpeg"),
            ("video", "mp4", "video", "video/mp4"),
            ("speech", "mp3", "audio", "audio/mpeg"),
        )
    ]
    for page in (html(notes[0]), html(awaited[1])):
        assert ", 3 notes&gt;" in page
        files = links(page)
        assert {name: data[:4] for name, data in files.items()} == {
            "midi-1.mid": b"MThd",
            "musicxml-1.musicxml": b"<?xm",
        }
        assert "signature" not in page
    assert "signature" not in shown
