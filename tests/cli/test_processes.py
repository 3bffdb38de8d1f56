"""The real command line in processes of its own: signals, terminals, pipes, and a job that changes hands."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import threading
import wave
from typing import TYPE_CHECKING

import pytest

from mirelo_ergo import MireloClient
from mirelo_ergo.__main__ import main
from tests.cli.support import CLIP, answering, environment, service, start

if TYPE_CHECKING:
    from pathlib import Path

    from mirelo_ergo.emulator import Emulator
    from tests.cli.support import Answer, Served


# --- Ctrl-C and after ----------------------------------------------------------------------------------------------


def test_ctrl_c_gives_the_command_that_another_process_resumes_with(served: Served, tmp_path: Path) -> None:
    child = start("text", "rain", "-o", "my sounds/", cwd=tmp_path, variables=served.variables)
    token = child.line_with("job token: ").split("job token: ")[1].strip()
    child.process.send_signal(signal.SIGINT)
    ran = child.end()
    assert ran.code == 130
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert "error: interrupted; the job goes on\n" in ran.err
    assert ran.err.count(f"job token: {token}\n") == 2
    assert served.key not in ran.err
    (command,) = (line.split("resume with: ")[1] for line in ran.err.splitlines() if line.startswith("resume with: "))

    served.pass_time()
    resumed = subprocess.run(
        command,
        shell=True,
        cwd=tmp_path,
        env=environment(**served.variables),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert resumed.returncode == 0, resumed.stderr
    (path,) = resumed.stdout.splitlines()
    assert path.startswith("my sounds/")
    assert (tmp_path / path).stat().st_size > 1000


def test_ctrl_c_in_json_is_one_object(served: Served, tmp_path: Path) -> None:
    child = start("text", "rain", "--json", cwd=tmp_path, variables=served.variables)
    token = child.line_with("job token: ").split("job token: ")[1].strip()
    child.process.send_signal(signal.SIGINT)
    ran = child.end()
    assert ran.code == 130
    assert (ran.error["code"], ran.error["job_token"]) == ("interrupted", token)
    assert f"job download {token} --out ." in ran.error["resume"]


def test_ctrl_c_with_an_emulator_says_that_the_job_is_gone(tmp_path: Path) -> None:
    child = start("text", "rain", "--emulator", cwd=tmp_path)
    child.line_with("job token: ")
    child.process.send_signal(signal.SIGINT)
    ran = child.end()
    assert ran.code == 130
    assert "error: interrupted\n" in ran.err
    assert "the embedded emulator ends with this command, and the job too" in ran.err
    assert "resume with" not in ran.err


@pytest.mark.parametrize(
    ("arguments", "where", "exit_code", "says"),
    [
        (("video", str(CLIP)), "assets", 130, "interrupted; no job was submitted"),
        (("text", "rain"), "jobs", 8, "Sending again may charge twice"),
    ],
)
def test_ctrl_c_before_there_is_a_job_says_what_was_sent(
    tmp_path: Path, arguments: tuple[str, ...], where: str, exit_code: int, says: str
) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def respond(method: str, path: str) -> Answer:
        if where in path:
            arrived.set()
            go_on.wait(60)
        return service({})(method, path)

    with answering(respond) as url:
        variables = {"MIRELO_API_KEY": "sk-x", "MIRELO_BASE_URL": url}
        child = start(*arguments, "--json", cwd=tmp_path, variables=variables)
        assert arrived.wait(60)
        child.process.send_signal(signal.SIGINT)
        ran = child.end()
        go_on.set()
    assert ran.code == exit_code
    assert says in ran.error["message"]
    assert ran.error["job_token"] is None
    assert "Traceback" not in ran.err


def test_a_token_is_waited_for_in_another_process(served: Served, tmp_path: Path) -> None:
    with MireloClient(served.key, base_url=served.url) as client:
        token = client.text_to_sfx("wind", duration_ms=1000).submit_job().token
    served.pass_time()
    ran = start("job", "wait", token, "--json", cwd=tmp_path, variables=served.variables).end()
    assert ran.code == 0, ran.err
    assert (ran.object["job_token"], ran.object["status"]) == (token, "succeeded")


# --- end to end ----------------------------------------------------------------------------------------------------


def test_a_clip_goes_through_an_emulator_of_its_own(tmp_path: Path) -> None:
    ran = start("video", str(CLIP), "--emulator", "--duration", "1s", "--output", "video", "--json", cwd=tmp_path).end()
    assert ran.code == 0, ran.err
    assert "an emulator runs for this command" in ran.err
    (name,) = ran.object["saved"]
    assert (tmp_path / name).suffix == ".mp4"
    assert ran.object["credits"] == 10


def test_the_embedded_emulators_gateway_makes_sound(tmp_path: Path) -> None:
    ran = start("pixazo", "text", "rain", "--emulator", "--duration", "1s", "-n", "2", cwd=tmp_path).end()
    assert ran.code == 0, ran.err
    assert "job token: pixazo2:text-to-audio:" in ran.err
    for name in ran.out.split():
        with wave.open(str(tmp_path / name)) as sound:
            assert sound.getnframes() == sound.getframerate()
    assert len(ran.out.split()) == 2


def test_without_key_both_ways_out_are_named(tmp_path: Path) -> None:
    ran = start("text", "rain", cwd=tmp_path).end()
    assert ran.code == 3
    assert ran.out == ""
    assert "MIRELO_API_KEY" in ran.err
    assert "--emulator" in ran.err
    assert ran.err.count("\n") == 1


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    ran = start("video", "nope.mp4", "--emulator", "--json", cwd=tmp_path).end()
    assert ran.code == 2
    assert "nope.mp4" in ran.error["message"]


def test_more_than_max_credits_is_not_submitted(emu: Emulator, tmp_path: Path) -> None:
    before = len(emu.charges)
    variables = {"MIRELO_API_KEY": emu.key, "MIRELO_BASE_URL": emu.url}
    ran = start(
        "text", "rain", "--duration", "1s", "--max-credits", "9", "--json", cwd=tmp_path, variables=variables
    ).end()
    assert ran.code == 4
    assert (ran.error["credits"], ran.error["max_credits"]) == (10, 9)
    assert len(emu.charges) == before
    assert emu.requests[-1].path.endswith("/preflight")


# --- terminals and pipes -------------------------------------------------------------------------------------------


def test_bars_are_drawn_on_a_terminal_and_paths_written_beside_it(emu: Emulator, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "mirelo_ergo", "video", str(CLIP), "--duration", "1s", "-n", "2"],
        cwd=tmp_path,
        env=environment(MIRELO_API_KEY=emu.key, MIRELO_BASE_URL=emu.url, TERM="xterm", COLUMNS="60"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    )
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # what Linux says when the other side of a terminal is gone
        pass
    finally:
        os.close(ours)
    out, _ = child.communicate(timeout=240)
    assert child.returncode == 0, shown
    assert len([line for line in out.splitlines() if (tmp_path / line).suffix == ".wav"]) == out.count("\n") == 2
    for words in (b"upload", b"0.1 MB of 0.1 MB", b"100 %", b"file 2", b"\x1b["):
        assert words in shown
    assert re.search(rb"job token: mirelo2:video-to-sfx:v1\.5:[0-9a-f-]{36}:\d+:\d+:\d+\r\n", shown), "in one piece"


def test_no_bars_without_a_terminal(emu: Emulator, tmp_path: Path) -> None:
    variables = {"MIRELO_API_KEY": emu.key, "MIRELO_BASE_URL": emu.url, "FORCE_COLOR": "1", "TTY_COMPATIBLE": "1"}
    ran = start("text", "rain", "--duration", "1s", cwd=tmp_path, variables=variables).end()
    assert ran.code == 0
    assert "\x1b" not in ran.out + ran.err
    assert ran.err.count("\n") == 2


@pytest.mark.parametrize("extra", [(), ("--json",)])
def test_a_reader_that_leaves_is_no_traceback(emu: Emulator, tmp_path: Path, extra: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "mirelo_ergo", "me", *extra],
            cwd=tmp_path,
            env=environment(MIRELO_API_KEY=emu.key, MIRELO_BASE_URL=emu.url),
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            timeout=30,
        )
    finally:
        os.close(writing)
    assert (ran.returncode, ran.stderr) == (1, "")


@pytest.mark.parametrize("closed", ["2>&-", "1>&-"])
def test_a_closed_stream_ends_no_job(emu: Emulator, tmp_path: Path, closed: str) -> None:
    ran = subprocess.run(
        f"{sys.executable} -m mirelo_ergo text rain --duration 1s {closed}",
        shell=True,
        cwd=tmp_path,
        env=environment(MIRELO_API_KEY=emu.key, MIRELO_BASE_URL=emu.url),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert ran.returncode == 0
    assert "job token" not in ran.stdout
    assert len(list(tmp_path.glob("*.wav"))) == 1


# --- starting ------------------------------------------------------------------------------------------------------

RUN = "from mirelo_ergo.__main__ import main; sys.exit(main())"


def test_the_cli_extra_is_named_in_one_line(tmp_path: Path) -> None:
    python = ("-c", f"import sys; sys.modules['click'] = None; {RUN}")
    told = start("me", cwd=tmp_path, python=python).end()
    scripted = start("me", "--json", cwd=tmp_path, python=python).end()
    assert (told.code, told.out) == (2, "")
    assert told.err == 'error: the command line needs click: pip install "mirelo-ergo[cli]"\n'
    assert scripted.error["code"] == "missing_extra"


def test_the_emulator_extra_is_named_in_one_line(tmp_path: Path) -> None:
    python = ("-c", f"import sys; sys.modules['uvicorn'] = None; {RUN}")
    ran = start("me", "--emulator", cwd=tmp_path, python=python).end()
    assert ran.code == 2
    assert ran.err == 'error: --emulator needs uvicorn: pip install "mirelo-ergo[emulator]"\n'


def test_help_loads_nothing_that_takes_time(tmp_path: Path) -> None:
    modules = loaded(tmp_path, "--help")
    assert "click" in modules
    assert not modules & {
        "httpx",
        "httpcore",
        "rich",
        "av",
        "numpy",
        "mirelo_ergo_api",
        "mirelo_ergo.emulator",
        "asyncio",
    }


def loaded(tmp_path: Path, *arguments: str) -> set[str]:
    """Return the modules that a command has loaded when it ends."""
    code = f"import sys; from mirelo_ergo.__main__ import main; main({list(arguments)}); print(*sys.modules, sep=',')"
    return set(start(cwd=tmp_path, python=("-c", code)).end().out.splitlines()[-1].split(","))


def test_the_version_comes_before_anything_is_loaded(tmp_path: Path) -> None:
    modules = loaded(tmp_path, "--version")
    assert not modules & {"click", "rich", "attrs", "typing", "json"}
    assert {name for name in modules if name.startswith("mirelo_ergo.")} <= {
        "mirelo_ergo.__main__",
        "mirelo_ergo._version",
    }


def test_the_models_come_without_what_only_a_request_needs(tmp_path: Path) -> None:
    modules = loaded(tmp_path, "models")
    assert not modules & {"click", "rich"}
    assert not modules & {"av", "asyncio", "mirelo_ergo.mirelo.blocking", "mirelo_ergo._runtime.http.blocking"}
    assert not modules & {
        "mirelo_ergo.cli.generate",
        "mirelo_ergo.cli.failures",
        "mirelo_ergo._runtime.transfer.inputs",
    }


def test_the_models_are_the_same_with_and_without_click(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == main(["models", "-q"]) == 0
    shown = capfd.readouterr().out
    assert shown[: len(shown) // 2] == shown[len(shown) // 2 :]
    assert "text-to-sfx v1.5, the default" in shown


def test_a_stdout_that_takes_nothing_is_told_by_the_models_too(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("needs /dev/full")
    command = f"{sys.executable} -m mirelo_ergo models > /dev/full"
    ran = subprocess.run(["bash", "-c", command], cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "stdout cannot be written" in ran.stderr


def test_a_taken_port_ends_serve(served: Served, tmp_path: Path) -> None:
    ran = start("serve", "--port", served.url.rsplit(":", 1)[1], cwd=tmp_path).end()
    assert ran.code == 2
    assert "Traceback" not in ran.err
