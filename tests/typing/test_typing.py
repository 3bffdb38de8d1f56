"""The types say no: a file of wrong uses is checked by mypy, and every one of them has to be found."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import mirelo_ergo

ROOT = Path(__file__).parents[2]

WRONG = """
from mirelo_ergo import AsyncMireloClient, Audio, Job, JobStatus, MireloClient, PixazoClient, Video
from mirelo_ergo import Webhook, WebhookInbox, parse_webhook

client = MireloClient()
MireloClient(7)  # E: arg-type
MireloClient("sk-key", "https://api.example.com")  # E: misc call-arg
MireloClient(timeout_ms="5000")  # E: arg-type
MireloClient(api_keys="sk-key")  # E: call-arg
client.text_to_sfx()  # E: call-arg
client.text_to_sfx(b"rain")  # E: arg-type
client.text_to_sfx("rain", 5000)  # E: misc call-arg
client.text_to_sfx("rain", duration_ms="5000")  # E: arg-type
client.text_to_sfx("rain", duration_ms=None)  # E: arg-type
client.video_to_sfx("clip.mp4")  # E: call-arg
client.video_to_sfx(7, duration_ms=5000)  # E: arg-type
client.video_to_sfx(open("clip.mp4"), duration_ms=5000)  # E: arg-type
Video.from_bytes("clip.mp4")  # E: arg-type
Video.from_file(open("clip.mp4"))  # E: arg-type
Video.from_path("clip.mp4", on_progress=lambda sent: None)  # E: arg-type misc
client.text_to_sfx("rain").submit_job().wait(on_progress=lambda done, total: None)  # E: arg-type misc
client.text_to_sfx("rain", loop="yes")  # E: arg-type
client.text_to_sfx("rain", model=1.6)  # E: arg-type
client.video_to_sfx(Audio.from_url("https://a.example/a.wav"), duration_ms=5000)  # E: arg-type
client.extend_audio("rain.wav")  # E: call-arg
client.extend_audio(Video.from_path("clip.mp4"), append_duration_ms=5000)  # E: arg-type
client.inpaint_audio("rain.wav", segment=1000)  # E: arg-type
client.inpaint_audio("rain.wav", segment=(1000, 2000, 3000))  # E: arg-type
client.inpaint_audio("rain.wav", segment=(1000, 2000), loop=True)  # E: call-arg
client.models()[0].model = "v1.7"  # E: misc
client.job(7)  # E: arg-type
client.jobs  # E: attr-defined
AsyncMireloClient().me().credits_available  # E: attr-defined
AsyncMireloClient().text_to_sfx("rain").submit_job().token  # E: attr-defined
client.me().credits_available = 5  # E: misc
PixazoClient(max_credits=5)  # E: call-arg
PixazoClient().text_to_audio("rain", duration="10")  # E: arg-type
PixazoClient().video_to_video(Video.from_path("clip.mp4"))  # E: arg-type
PixazoClient().text_to_audio("rain").preflight()  # E: attr-defined
Webhook("https://sfx.example.com/", mode="all")  # E: arg-type
Webhook("https://sfx.example.com/").url = "https://other.example.com/"  # E: misc
parse_webhook({}, "text")  # E: arg-type
client.job("token").wait(webhooks="inbox")  # E: arg-type
client.job("token").wait().files[0].kind = "audio"  # E: misc
client.job("token").wait().result_urls = []  # E: misc
WebhookInbox().receive({"request_id": "a"})  # E: arg-type


def results(status: JobStatus, job: Job) -> list[str]:
    if status.status == "done":  # E: comparison-overlap
        return []  # E: unreachable
    if status.status == "processing":
        return status.result_urls  # E: attr-defined no-any-return
    job.job_id = "another"  # E: misc
    return status.result_urls  # E: union-attr
"""


def test_wrong_uses_are_found(tmp_path: Path) -> None:
    file = tmp_path / "wrong.py"
    file.write_text(WRONG)
    options = ["--config-file", str(ROOT / "pyproject.toml"), "--no-pretty", "--cache-dir", str(tmp_path / "cache")]
    command = [sys.executable, "-m", "mypy", *options, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=300)
    found: dict[int, set[str]] = {}
    for line, code in re.findall(r"wrong\.py:(\d+): error: .*\[([a-z-]+)\]$", done.stdout, re.MULTILINE):
        found.setdefault(int(line), set()).add(code)
    expected = {}
    for number, line in enumerate(WRONG.splitlines(), 1):
        if "# E: " in line:
            expected[number] = set(line.split("# E: ")[1].split())
    assert found.keys() == expected.keys(), done.stdout + done.stderr
    for number, codes in found.items():
        assert codes <= expected[number], done.stdout


def test_the_file_of_right_uses_names_everything() -> None:
    tree = ast.parse((Path(__file__).parent / "api.py").read_text())
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert set(mirelo_ergo.__all__) <= used
