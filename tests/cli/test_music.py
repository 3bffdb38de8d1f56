"""Music, notes and the models of v3 on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mirelo_ergo.emulator import faults
from tests.cli.support import CLIP
from tests.contract.test_music import SCALE, midi_notes, scale
from tests.emulator.sounds import wav_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from mirelo_ergo.emulator import Emulator
    from tests.cli.conftest import Cli


@pytest.fixture
def played(tmp_path: Path) -> Path:
    path = tmp_path / "scale.wav"
    path.write_bytes(scale())
    return path


def test_a_text_goes_to_v3(cli: Cli, emu: Emulator) -> None:
    ran = cli("text", "rain", "--duration", "2s", "--model", "sfx-2.0", "--format", "flac", "-o", "rain.flac")
    assert (ran.code, ran.out) == (0, "rain.flac\n"), ran.err
    assert "job token: mirelo2:text-to-sfx:sfx-2.0:" in ran.err
    assert emu.jobs[-1].service == "mirelo_v3"
    assert ran.paths[0].read_bytes()[:4] == b"fLaC"


def test_a_clip_keeps_its_speech(cli: Cli, emu: Emulator) -> None:
    ran = cli("video", str(CLIP), "--model", "2.0", "--keep-speech", "--duration", "1s", "--json")
    assert ran.code == 0, ran.err
    assert emu.jobs[-1].request["controls"] == {"preserve_speech": True}
    assert len(ran.object["saved"]) == 1, "this clip has no speech"


def test_a_clip_of_v3_needs_no_duration(cli: Cli) -> None:
    planned = cli("video", str(CLIP), "--model", "sfx-2.0", "--dry-run", "--json").object
    assert (planned["duration_ms"], planned["credits"], planned["input"]["video"]) == (6000, 60, {"file": str(CLIP)})


def test_a_url_is_not_taken_by_v3(cli: Cli) -> None:
    ran = cli("video", "https://media.example.com/a.mp4", "--duration", "1s", "--model", "sfx-2.0")
    assert ran.code == 2
    assert "the service takes uploaded files only: give a path; nothing was sent" in ran.err


def test_a_lost_response_of_v3_is_no_loss(cli: Cli, emu: Emulator) -> None:
    charges = len(emu.charges)
    emu.fail_next("createTextToSfx", faults.Reset(when="after"))
    ran = cli("text", "hail", "--duration", "1s", "--model", "sfx-2.0")
    assert ran.code == 0, ran.err
    assert len(emu.charges) == charges + 1


def test_music_from_words(cli: Cli, emu: Emulator) -> None:
    planned = cli("music", "a slow waltz", "--duration", "3s", "-n", "2", "--dry-run", "--json").object
    assert (planned["family"], planned["credits"], planned["prompt"]) == ("text-to-music", 60, "a slow waltz")
    ran = cli("music", "a slow waltz", "--duration", "3s", "-n", "2", "--name", "{prompt}-{n}")
    assert (ran.code, ran.out) == (0, "a-slow-waltz-1.mp3\na-slow-waltz-2.mp3\n"), ran.err
    assert "cost: 60 credits" in ran.err
    assert emu.jobs[-1].family == "text-to-music"


def test_music_for_a_clip(cli: Cli) -> None:
    ran = cli("music", "--video", str(CLIP), "-o", "tune.mp3")
    assert (ran.code, ran.out) == (0, "tune.mp3\n"), ran.err
    assert "duration: 6s, the clip's own length" in ran.err.replace("6 s", "6s")
    assert "cost: this service does not tell it" in ran.err
    assert cli("music", "--video", str(CLIP), "--max-credits", "5").code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("music", "a waltz"), "music needs --duration"),
        (("music", "a waltz", "--video", str(CLIP)), "music --video takes no prompt"),
        (("music", "--video", "https://a.example.com/a.mp4"), "needs --duration"),
        (("music", "--video", "https://a.example.com/a.mp4", "--duration", "3s"), "give a path; nothing was sent"),
        (("midi", "SOUND", "--instrument", "kazoo"), "--instrument"),
        (("midi", "SOUND", "--meter", "8/4"), "--meter 8/4 is not 2 to 7, 9 or 12 over 4"),
        (("midi", "SOUND", "--meter", "waltz"), "'waltz' is not a time signature such as 3/4"),
        (("midi", "SOUND", "--tempo", "301"), "--tempo 301"),
        (("midi", "https://a.example.com/a.wav"), "give a path; nothing was sent"),
    ],
)
def test_what_cannot_be_is_refused(cli: Cli, played: Path, arguments: tuple[str, ...], words: str) -> None:
    ran = cli(*(str(played) if each == "SOUND" else each for each in arguments))
    assert ran.code == 2
    assert words in ran.err


def test_a_scale_comes_back_as_its_notes(cli: Cli, played: Path) -> None:
    ran = cli("midi", str(played), "--pdf", "--page", "a4", "--tidy", "--timing", "quantized", "--name", "{stem}")
    assert (ran.code, ran.out) == (0, "scale.mid\nscale-musicxml.musicxml\nscale-pdf.pdf\n"), ran.err
    assert "cost: 10 credits" in ran.err
    assert midi_notes(ran.paths[0].read_bytes()) == list(SCALE)


def test_one_file_is_the_midi_file(cli: Cli, emu: Emulator, played: Path) -> None:
    ran = cli("midi", str(played), "--instrument", "violin", "--meter", "3/4", "--tempo", "96", "-o", "tune.mid")
    assert (ran.code, ran.out) == (0, "tune.mid\n"), ran.err
    request = emu.jobs[-1].request
    assert request["instruments"] == ["violin"]
    assert request["time_signature"] == {"numerator": 3, "denominator": 4}
    assert cli("midi", str(played), "-o", "tune.wav").code == 2


def test_notes_are_taken_up_again(cli: Cli, played: Path) -> None:
    told = cli("midi", str(played), "--json").object
    assert told["output"]["notes"][0]["pitch"] == 60
    again = cli("job", "download", told["job_token"], "-o", "again/")
    assert (again.code, len(again.paths)) == (0, 2), again.err


def test_a_length_that_no_header_tells_can_be_given(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mirelo_ergo import Audio

    monkeypatch.setattr(Audio, "headers", lambda self: None)
    sound = tmp_path / "rest.wav"
    sound.write_bytes(wav_bytes(np.zeros((48_000, 2), "<i2")))
    ran = cli("midi", str(sound), "--dry-run", "--json")
    assert ran.object["credits"] is None
    told = cli("midi", str(sound), "--dry-run", "--json", "--duration", "1s").object
    assert told["credits"] == 3
    assert json.dumps(told)


def test_instruments_are_completed() -> None:
    import click

    from mirelo_ergo.cli.music import midi

    context = click.Context(midi)
    (option,) = (each for each in midi.params if each.name == "instruments")
    assert [item.value for item in option.shell_complete(context, "vio")] == ["viola", "violin"]
