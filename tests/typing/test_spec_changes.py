"""What a service removes or retypes is a type error in the calls that use it, at the next regeneration."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import mirelo_ergo

ROOT = Path(__file__).parents[2]
PACKAGE = Path(mirelo_ergo.__file__).parent
CHANGES = [  # service, file, what is found (the class, then the field), what stands there then
    (
        "mirelo_v2",
        "bodies.py",
        r"(class TextToSfxRequest\(.*?)    num_samples: NotRequired\[int\]\n",
        r"\1",
    ),
    ("mirelo_v2", "bodies.py", r"(class TextToSfxV16Request\(.*?)    loop: NotRequired\[bool\]\n", r"\1"),
    ("mirelo_v2", "bodies.py", r"(class VideoToSfxRequest\(.*?duration_ms: Required\[)int", r"\1str"),
    ("mirelo_v2", "bodies.py", r"(class VideoToSfxV16Request\(.*?)    prompt: NotRequired\[str\]\n", r"\1"),
    ("mirelo_v2", "bodies.py", r"(class AudioSourceUrl\(.*?)audio_url", r"\1sound_url"),
    ("mirelo_v2", "operations.py", r"VIDEO_TO_SFX_V16_PREFLIGHT: Final", "VIDEO_TO_SFX_V16_QUOTE: Final"),
    ("mirelo_v2", "bodies.py", r"(class TextToMusicRequest\(.*?)    format: NotRequired\[str\]\n", r"\1"),
    ("mirelo_v2", "bodies.py", r'                "drums",\n', ""),
    ("mirelo_v2", "operations.py", r"DETECT_INSTRUMENTS: Final", "DETECT: Final"),
    ("mirelo_v3", "operations.py", r"PREFLIGHT_EXTEND: Final", "QUOTE_EXTEND: Final"),
    ("pixazo", "bodies.py", r'"aac", ', ""),
]
FOUND = {
    ("mirelo/calls.py", "plain: TextToSfxRequest ="),
    ("mirelo/calls.py", "looped: TextToSfxV16Request ="),
    ("mirelo/calls.py", '"duration_ms": duration_ms,'),
    ("mirelo/calls.py", "prompted: VideoToSfxV16Request ="),
    ("mirelo/flows.py", '"audio_url": self.url'),
    ("mirelo/families.py", "of.VIDEO_TO_SFX_V16_PREFLIGHT"),
    ("mirelo/music_calls.py", 'fields["format"] = format'),
    ("mirelo/music_calls.py", 'fields["instruments"] = midi.instruments_field(instruments)'),
    ("mirelo/flows.py", "of.DETECT_INSTRUMENTS"),
    ("mirelo/v3.py", "of.PREFLIGHT_EXTEND"),
    ("pixazo/calls.py", '"upload_audio_format": upload_audio_format'),
}
"""Where each is found: the file, and what stands in the line."""


def test_what_the_spec_drops_or_retypes_is_found(tmp_path: Path) -> None:
    generated = tmp_path / "generated"
    shutil.copytree(ROOT / "generated", generated)
    for service, name, old, new in CHANGES:
        file = generated / "mirelo_ergo_api" / service / name
        text, count = re.subn(old, new, file.read_text(), count=1, flags=re.DOTALL)
        assert count == 1, (service, old)
        file.write_text(text)
    config = tmp_path / "mypy.ini"
    config.write_text(
        f"[mypy]\nstrict = true\nmypy_path = {ROOT / 'src'}:{generated}\nexplicit_package_bases = true\n"
        "[mypy-mirelo_ergo_api.*]\nignore_errors = true\n"
    )
    files = sorted({str(PACKAGE / name) for name, _ in FOUND})
    command = [sys.executable, "-m", "mypy", "--config-file", str(config), "--no-pretty", *files]
    done = subprocess.run(
        [*command, "--cache-dir", str(tmp_path / "cache")], capture_output=True, text=True, check=False, timeout=300
    )
    found = set()
    for path, number in re.findall(r"^(.*?\.py):(\d+): error: ", done.stdout, re.MULTILINE):
        name = Path(path).resolve().relative_to(PACKAGE).as_posix()
        line = Path(path).read_text().splitlines()[int(number) - 1]
        found |= {(name, mark) for known, mark in FOUND if known == name and mark in line} or {(name, line)}
    assert found == FOUND, done.stdout + done.stderr
