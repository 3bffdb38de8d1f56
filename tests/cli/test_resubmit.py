"""A request under a key outlives its command: killed anywhere around its submit, it is one job, which is saved."""

from __future__ import annotations

import json
import os
import shlex
import signal
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import httpx
import pytest

from mirelo_ergo import MireloClient
from mirelo_ergo.cli import journal as module
from mirelo_ergo.cli import options
from mirelo_ergo.emulator import Emulator, faults, running
from tests.cli.support import CLIP, start
from tests.emulator.sounds import wav_bytes
from tests.emulator.support import tone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from click.shell_completion import CompletionItem

    from tests.cli.conftest import Cli

V3 = ("--model", "sfx-2.0", "--duration", "1s")
QUICK = ("text", "rain on a roof", *V3)
KILLED = -signal.SIGKILL
CHILD = """
import os, signal, sys
from mirelo_ergo.cli import journal
append, count, place, number = journal._append, iter(range(99)), sys.argv.pop(1), int(sys.argv.pop(1))
def killing(line):
    this = next(count) == number
    if this and place == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    append(line)
    if this and place == "after":
        os.kill(os.getpid(), signal.SIGKILL)
journal._append = killing
sys.argv[0] = "mirelo-ergo"
from mirelo_ergo.__main__ import main
sys.exit(main(sys.argv[1:]))
"""
"""The real command line, which kills itself before or after it writes a line of its journal."""


@attrs.define
class Relay:
    """Stands before a service, and kills a process when a create arrives, was taken, or was answered."""

    target: str
    point: str
    url: str = ""
    pid: int = 0
    started: threading.Event = attrs.field(factory=threading.Event)
    answering: threading.Event = attrs.field(factory=threading.Event)
    killed: threading.Event = attrs.field(factory=threading.Event)

    def kills(self, path: str, point: str) -> bool:
        if not self.is_at(path, point):
            return False
        assert self.started.wait(60)
        os.kill(self.pid, signal.SIGKILL)
        self.killed.set()
        return True

    def is_at(self, path: str, point: str) -> bool:
        return point == self.point and path.endswith(("/generations", "/v2/generate"))


@contextmanager
def relaying(target: str, point: str) -> Iterator[Relay]:
    relay = Relay(target, point)

    class Handler(BaseHTTPRequestHandler):
        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if relay.answering.is_set():  # the command ends by the kill, and not before
                relay.killed.wait(60)
                return
            if relay.kills(self.path, "arrived"):
                return
            kept = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
            with httpx.Client(trust_env=False, timeout=240) as client:
                answer = client.request(self.command, relay.target + self.path, content=body, headers=kept)
            relay.kills(self.path, "taken")
            if relay.is_at(self.path, "answered"):
                relay.answering.set()
            self.send_response(answer.status_code)
            self.send_header("content-type", answer.headers.get("content-type", ""))
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)
            self.wfile.flush()
            relay.kills(self.path, "answered")

        do_GET = do_POST = do_PUT = _pass_on  # noqa: N815 - the base class looks for these names

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:  # who asked was killed
                return

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        relay.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield relay
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def own() -> Iterator[Emulator]:
    """A service of this test alone, so that its jobs can be counted."""
    with running(speed=1000) as emulator:
        yield emulator


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    path = tmp_path / "voice.wav"
    path.write_bytes(wav_bytes(tone(440, 1000)))
    return path


def commands(voice: Path) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return commands whose submits have a key, by name, with the service that each speaks to."""
    return {
        "text": ("mirelo", QUICK),
        "video": ("mirelo", ("video", str(CLIP), *V3)),
        "lipsync": ("sync_so", ("sync-so", "lipsync", str(CLIP), str(voice))),
    }


# --- crashes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", ["arrived", "taken", "answered"])
@pytest.mark.parametrize("command", ["text", "video", "lipsync"])
def test_a_kill_while_a_create_is_on_its_way_costs_no_second_job(
    bare: Cli, monkeypatch: pytest.MonkeyPatch, own: Emulator, voice: Path, tmp_path: Path, command: str, point: str
) -> None:
    name, arguments = commands(voice)[command]
    word = "SYNC" if name == "sync_so" else "MIRELO"
    key = {f"{word}_API_KEY": own.keys[name]}
    with relaying(own.urls[name], point) as relay:
        child = start(*arguments, cwd=tmp_path, variables={**key, f"{word}_BASE_URL": relay.url})
        relay.pid = child.process.pid
        relay.started.set()
        assert child.end().code == KILLED
    for variable, value in {**key, f"{word}_BASE_URL": own.urls[name]}.items():
        monkeypatch.setenv(variable, value)
    goes_on(bare, own, tmp_path, known=False if point != "answered" else None)


@pytest.mark.parametrize(
    ("place", "number", "known"),
    [("after", 0, False), ("before", 1, False), ("after", 1, True)],
    ids=["the request was written down", "the job was there", "the job was written down"],
)
@pytest.mark.parametrize("command", ["text", "video"])
def test_a_kill_beside_a_line_of_the_journal_costs_no_second_job(
    bare: Cli,
    monkeypatch: pytest.MonkeyPatch,
    own: Emulator,
    voice: Path,
    tmp_path: Path,
    command: str,
    place: str,
    number: int,
    known: bool,
) -> None:
    variables = {"MIRELO_API_KEY": own.key, "MIRELO_BASE_URL": own.url}
    python = ("-c", CHILD, place, str(number))
    assert start(*commands(voice)[command][1], cwd=tmp_path, python=python, variables=variables).end().code == KILLED
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    goes_on(bare, own, tmp_path, known=known)


def goes_on(bare: Cli, own: Emulator, folder: Path, *, known: bool | None) -> None:
    """Go on from what the journal has, as a person would: one job comes of it, however often it is sent again."""
    (entry,) = bare("jobs", "--json").object["jobs"]
    sent = entry["state"] == module.SENT
    assert known is None or sent is not known
    if sent:
        assert "  sent, outcome not known  request-" in bare("jobs").out
    ran = bare("job", "resubmit" if sent else "download", "--last", "-o", f"{folder}/out/")
    assert ran.code == 0, ran.err
    assert len(ran.paths) == 1
    (job,) = own.jobs
    assert len(own.charges) == 1
    (entry_after,) = bare("jobs", "--json").object["jobs"]
    assert (entry_after["state"], entry_after["job_id"]) == ("saved", job.id)
    if sent:
        again = bare("job", "resubmit", entry["token"], "-o", f"{folder}/again/", "--json")
        assert again.code == 0, again.err
        assert again.object["job_id"] == job.id
        assert len(own.jobs) == len(own.charges) == 1


def test_a_kill_before_the_first_line_leaves_nothing_to_go_on_with(bare: Cli, own: Emulator, tmp_path: Path) -> None:
    """And nothing was sent: the same command may run again."""
    variables = {"MIRELO_API_KEY": own.key, "MIRELO_BASE_URL": own.url}
    ran = start(*QUICK, cwd=tmp_path, python=("-c", CHILD, "before", "0"), variables=variables).end()
    assert ran.code == KILLED
    assert bare("jobs").out == ""
    assert own.jobs == []


# --- what is written -----------------------------------------------------------------------------------------------


def events(journal: Path) -> list[str]:
    return [json.loads(line)["event"] for line in journal.read_text().splitlines()]


def test_a_request_with_a_key_is_written_down_before_it_leaves(cli: Cli, emu: Emulator, journal: Path) -> None:
    assert cli(*QUICK).code == 0
    assert events(journal) == ["sent", "submitted", "saved"]
    first, second, _ = map(json.loads, journal.read_text().splitlines())
    assert first["job_id"] == second["request"] == module.name_of(first["token"])
    assert emu.key not in journal.read_text()
    (entry,) = cli("jobs", "--json").object["jobs"]
    assert entry["state"] == "saved"


@pytest.mark.parametrize(
    "arguments",
    [
        ("text", "rain", "--duration", "1s"),
        ("music", "a waltz", "--duration", "1s"),
        ("midi", "voice.wav"),
        (*QUICK, "--emulator"),
    ],
    ids=["v1.5", "music", "midi", "emulator"],
)
def test_a_request_without_a_key_is_not(cli: Cli, voice: Path, journal: Path, arguments: tuple[str, ...]) -> None:
    """Sent again, it could make a second job; an embedded emulator takes its keys with it."""
    assert cli(*arguments).code == 0
    assert events(journal) == ["submitted", "saved"]


def test_no_journal_leaves_it_out(cli: Cli, journal: Path) -> None:
    assert cli(*QUICK, "--no-journal").code == 0
    assert not journal.exists()


def test_what_was_certainly_not_taken_is_not_listed(cli: Cli, emu: Emulator, journal: Path) -> None:
    emu.fail_next("submit", faults.Status(402), times=1)
    ran = cli(*QUICK)
    assert ran.code == 4
    assert "resubmit" not in ran.err
    assert events(journal) == ["sent", "not taken"]
    assert cli("jobs").out == ""


def test_a_request_too_long_for_the_journal_is_sent_all_the_same(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, journal: Path
) -> None:
    monkeypatch.setattr(module, "_LONGEST_REQUEST", 10)
    ran = cli(*QUICK)
    assert ran.code == 0
    assert "the job journal cannot be written before the request leaves: the request is too long for it" in ran.err
    assert events(journal) == ["submitted", "saved"]


# --- how it is said and gone on with -------------------------------------------------------------------------------


LOST = faults.Status(500, when="after", retry_after=3600)
"""The job is there, and no answer says so: it would have to be waited for too long."""


def test_an_unknown_outcome_says_how_to_go_on(cli: Cli, emu: Emulator, tmp_path: Path) -> None:
    before = len(emu.jobs)
    emu.fail_next("submit", LOST, times=1)
    ran = cli(*QUICK, "-o", "my sounds/", "--json")
    assert ran.code == 8
    assert ran.error["code"] == "server_error"
    resume = ran.error["resume"]
    assert " job resubmit mirelo-request1:" in resume
    assert resume.endswith(" --out 'my sounds/'")
    assert "Send it again with mirelo-ergo job resubmit: the command that made it may charge twice" in ran.err + ran.out
    assert "idempotency_key=" not in ran.error["message"]
    done = cli(*shlex.split(resume.partition("mirelo-ergo ")[2]))
    assert done.code == 0, done.err
    assert done.paths[0].parent.name == "my sounds"
    assert len(emu.jobs) == before + 1


def test_people_are_told_the_line_to_paste(cli: Cli, emu: Emulator) -> None:
    emu.fail_next("submit", LOST, times=1)
    ran = cli(*QUICK)
    assert ran.code == 8
    assert "send it again, which makes no second job: mirelo-ergo job resubmit mirelo-request1:" in ran.err
    assert "sent, outcome not known" in cli("jobs").out


def test_a_request_is_named_by_its_name_too_and_the_last_one_is_no_job(cli: Cli, emu: Emulator) -> None:
    assert cli(*QUICK, "-q", "-o", "first/").code == 0
    emu.fail_next("submit", LOST, times=1)
    cli(*QUICK, "-q")
    entry = cli("jobs", "--json").object["jobs"][0]
    for arguments in (("download", "--last"), ("wait", entry["job_id"])):
        ran = cli("job", *arguments)
        assert ran.code == 2
        assert f"is a request whose outcome is not known: mirelo-ergo job resubmit {entry['job_id']}" in ran.err
    assert cli("job", "resubmit", entry["job_id"], "-o", "again/").code == 0
    assert cli("job", "wait", "--last").out == "succeeded, 1 result\n"


def test_a_resubmit_that_fails_can_be_sent_again(cli: Cli, emu: Emulator, journal: Path) -> None:
    before = len(emu.jobs)
    emu.fail_next("submit", LOST, times=2)
    assert cli(*QUICK).code == 8
    ran = cli("job", "resubmit", "--last", "--json")
    assert ran.code == 8
    assert " job resubmit mirelo-request1:" in ran.error["resume"]
    emu.fail_next("submit", faults.Status(402), times=1)
    assert cli("job", "resubmit", "--last").code == 4, "which says nothing of what left before"
    assert cli("jobs", "--json").object["jobs"][0]["state"] == "sent"
    assert cli("job", "resubmit", "--last").code == 0
    assert len(emu.jobs) == before + 1
    assert events(journal) == ["sent", "submitted", "saved"]


def test_a_resubmit_saves_as_asked_and_tells_it_in_json(cli: Cli, emu: Emulator) -> None:
    emu.fail_next("submit", LOST, times=1)
    assert cli(*QUICK).code == 8
    assert cli("job", "resubmit", "--last", "-o", "rain.wav", "--json").object["status"] == "succeeded"


def test_a_token_from_elsewhere_is_sent_without_the_journal(cli: Cli, emu: Emulator, journal: Path) -> None:
    with MireloClient(emu.key, base_url=emu.url) as client:
        token = client.text_to_sfx("wind", model="sfx-2.0", duration_ms=1000).prepare()
    assert cli("job", "resubmit", token).code == 0
    assert not journal.exists()
    journal.mkdir(parents=True)
    assert cli("job", "resubmit", token, "-o", "again/").code == 0
    ran = cli("job", "resubmit", "--last")
    assert (ran.code, "the job journal cannot be read" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("resubmit",), "which request? Give its token, its name in the job journal, or --last"),
        (("resubmit", "request-1", "--last"), "give a request or --last, not both"),
        (("resubmit", "--last"), "the job journal has no request whose outcome is not known"),
        (("resubmit", "request-0"), "the job journal has no request request-0 whose outcome is not known"),
        (("resubmit", "mirelo2:text-to-sfx:v1.5:a:1:1:1"), "the job journal has no request mirelo2:"),
        (("resubmit", "mirelo-request1:xx"), "token: it is damaged"),
        (("wait", "mirelo-request1:xx"), "this is the token of a request, not of a job: mirelo-ergo job resubmit"),
    ],
)
def test_what_leads_to_no_request_is_refused(cli: Cli, arguments: tuple[str, ...], says: str) -> None:
    ran = cli("job", *arguments)
    assert ran.code == 2
    assert says in ran.err


def test_requests_are_completed_beside_jobs(journal: Path) -> None:
    module.sending("mirelo-request1:a", "rain", base_url=None)
    module.add("mirelo2:a:b:0123-4:1:1:1", "0123-4", "wind", base_url=None, emulator=False)
    complete: dict[str, Callable[..., list[CompletionItem]]] = {
        name: getattr(options, name) for name in ("_complete_job", "_complete_request")
    }
    found = {name: [item.value for item in each(None, None, "")] for name, each in complete.items()}
    assert found == {"_complete_job": ["0123-4"], "_complete_request": [module.name_of("mirelo-request1:a")]}
