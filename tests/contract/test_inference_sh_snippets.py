"""What users of the vendor's SDK write, with the import changed and nothing else, against the emulator."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mirelo_ergo.emulator import running
from mirelo_ergo.emulator.services.inference_sh.service import InferenceSh

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mirelo_ergo.emulator import Emulator

CLIP = Path(__file__).parents[2] / "examples" / "clip.mp4"
RUN = """
from inferencesh import inference

client = inference(api_key={key!r})
result = client.run({{"app": "infsh/mmaudio", "input": {{"prompt": "rain on a tin roof"}}}})
print(result["output"]["audio_output"]["uri"])
"""
KEY_FROM_THE_ENVIRONMENT = """
from inferencesh import Inference, TaskStatus

client = Inference(api_key=None, base_url={url!r})
task = client.run({{"app": "infsh/mmaudio", "input": {{"prompt": "rain"}}}}, wait=False)
print(task["id"], task["status"] == TaskStatus.COMPLETED)
task = client.wait_for_completion(task["id"], timeout=30)
print(task["status"] == TaskStatus.COMPLETED, client.get_task(task["id"])["output"] is not None)
client.cancel(task["id"])
"""
STREAM = """
from inferencesh import inference

client = inference({key!r})
with client.run({{"app": "infsh/mmaudio", "input": {{"prompt": "rain", "duration": 60}}}}, stream=True) as stream:
    for update in stream:
        if update.get("progress"):
            print(f"progress: {{update['progress']}}%")
        if update.get("output"):
            print("output:", update["output"])
print(stream.result["output"]["duration"])
for update in client.stream_task(stream.result["id"]):
    print(update.get("status"))
for update in client.tasks.stream(stream.result["id"]):
    print(update["status"])
"""
UPLOAD = """
from inferencesh import File, inference

client = inference({key!r})
file = client.files.upload("clip.mp4")
print(file.uri, file["uri"])
for video in (file.uri, "clip.mp4", File("clip.mp4"), File(uri=file.uri)):
    result = client.run({{"app": "infsh/mmaudio", "input": {{"prompt": "hits", "video_input": video, "duration": 1}}}})
    print(result["output"]["video_output"]["filename"])
"""
ASYNC = """
import asyncio
from inferencesh import async_inference

async def main():
    client = async_inference(api_key={key!r})
    params = {{"app": "infsh/mmaudio", "input": {{"prompt": "rain"}}}}
    print((await client.run(params))["output"])
    async for update in await client.run(params, stream=True):
        print(update.get("status"), update.get("progress"))
    async with await client.run(params, stream=True) as stream:
        async for update in stream:
            pass
    print(stream.result["output"])
    await client.aclose()

asyncio.run(main())
"""
FILES = """
from inferencesh import inference

client = inference()
result = client.run({{"app": "infsh/mmaudio", "input": {{"prompt": "hits", "video_input": "clip.mp4"}}}})
print([file["role"] for file in client.tasks.files(result["id"])])
print(client.tasks.delete_files(result["id"], role="output")["deleted"])
client.tasks.delete(result["id"], files=True)
print(client.estimate({{"app": "infsh/mmaudio", "input": {{"prompt": "hits"}}}})["confidence"])
"""


@pytest.fixture(scope="module")
def emu() -> Iterator[Emulator]:
    with running(speed=50) as emulator:
        emulator.service(InferenceSh).progress = "number"
        yield emulator


@pytest.mark.parametrize(
    ("snippet", "said"),
    [
        (RUN, "/0.flac"),
        (KEY_FROM_THE_ENVIRONMENT, "True True"),
        (STREAM, "60.0"),
        (UPLOAD, "clip_with_audio.mp4\n" * 4),
        (ASYNC, "'sampling_rate': 44100"),
        (FILES, "['input', 'output', 'output']"),
    ],
    ids=["run", "environment", "stream", "upload", "async", "files"],
)
def test_a_snippet_runs_with_its_import_changed(emu: Emulator, tmp_path: Path, snippet: str, said: str) -> None:
    key, url = emu.keys["inference_sh"], emu.urls["inference_sh"]
    shutil.copy(CLIP, tmp_path)
    ours = snippet.format(key=key, url=url).replace("from inferencesh import", "from mirelo_ergo.inference_sh import")
    (tmp_path / "snippet.py").write_text(ours)
    ran = subprocess.run(
        [sys.executable, "-W", "error", "snippet.py"],
        cwd=tmp_path,
        env={**os.environ, "INFERENCE_API_KEY": key, "INFERENCE_BASE_URL": url},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert said in ran.stdout
