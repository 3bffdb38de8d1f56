"""Rows 62 to 64 of the fault matrix (docs/reliability.md): URLs, addresses and names that somebody else gave us."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo import AsyncMireloClient, JobSucceeded
from mirelo_ergo._runtime.jobs.asynchronous import AsyncJobResult
from mirelo_ergo._runtime.jobs.blocking import JobResult
from mirelo_ergo._runtime.redact import SignedUrl
from tests.faults import mirelo
from tests.faults.harness import SIGNATURE
from tests.faults.server import FaultServer, Routes
from tests.faults.tls import trust
from tests.faults.transfer import (
    POLL,
    SUBMIT,
    check_error,
    check_nothing_saved,
    finished,
    sha256,
    sockets_opened,
    wav,
    whole,
    wire,
)

if TYPE_CHECKING:
    from tests.faults.harness import Face

PUBLIC = "https://93.184.216.34"
"""A public literal to be the API's address: nothing is ever sent there."""


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/hostname?{signature}",
        "ftp://127.0.0.1/1.wav?{signature}",
        "data:audio/wav;base64,UklGRg==?{signature}",
        "https://user:hunter2@127.0.0.1:{port}/1.wav?{signature}",
        "http://user:hunter2@127.0.0.1:{port}/1.wav?{signature}",
        "http://127.0.0.1:{port}@example.com/1.wav?{signature}",
        "http://example.com/1.wav?{signature}",
        "//127.0.0.1:{port}/1.wav?{signature}",
        "http://127.0.0.1:{port}\\@example.com/1.wav?{signature}",
        "http:///1.wav?{signature}",
    ],
)
def test_fault_62(face: Face, tmp_path: Path, url: str) -> None:
    """`file://`, `ftp://`, `data:`, user info and the like: refused, no socket opened."""
    with FaultServer() as host:
        shown = url.format(port=host.port, signature=SIGNATURE)
        api = FaultServer(Routes({"POST *": [mirelo.accepted()], "GET *": [mirelo.succeeded(shown)]}))
        with api, face.promise(1.0):
            result = finished(face, api)
            with sockets_opened() as heard:
                error = face.failing(result.download, tmp_path)
        assert heard == []
        check_error(error, "DownloadError")
        assert "refused" in str(error)
        assert "hunter2" not in str(error)
        assert not error.retryable
        assert wire(api) == [SUBMIT, POLL]
        assert host.accepted == 0
        check_nothing_saved(tmp_path)


def result_of(face: Face, url: str, **options: Any) -> Any:
    """Return a result with this URL, of a client whose API has a public address: nothing is ever sent there."""
    client = face.open(PUBLIC, **options)
    cls: Any = AsyncJobResult if isinstance(client, AsyncMireloClient) else JobResult
    return cls(client._core, JobSucceeded([SignedUrl(url)]), None, None)


OURS = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "167772161",
    "[fd00::1]",
    "[::ffff:10.0.0.1]",
    "[64:ff9b::10.0.0.1]",
    "[2002:a00:1::]",
]
"""Loopback and private addresses in many spellings: what `allow_private_hosts` allows."""
NOBODYS = [
    "169.254.169.254",
    "[fe80::1]",
    "[::ffff:169.254.169.254]",
    "0.0.0.0",
    "[::]",
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
]
"""Link-local ones (cloud metadata), multicast and the like: never."""


@pytest.mark.parametrize(("host", "allow"), [*((h, False) for h in OURS + NOBODYS), *((h, True) for h in NOBODYS)])
def test_fault_63(face: Face, tmp_path: Path, host: str, allow: bool) -> None:
    """Private, mapped and decimal hosts, really resolved: refused before the connect."""
    result = result_of(face, f"https://{host}:9/1.wav?{SIGNATURE}", allow_private_hosts=allow)
    with face.promise(0.5), sockets_opened() as heard:
        error = face.failing(result.download, tmp_path)
    assert {event for event, _ in heard} == {"getaddrinfo"}
    check_error(error, "DownloadError")
    assert "allow_private_hosts" in str(error)
    assert not error.retryable
    check_nothing_saved(tmp_path)


@pytest.mark.parametrize("host", ["0177.0.0.1", "010.0.0.1", "127.0.0.1%00.example.com", "[fe80::1%25eth0]"])
def test_fault_63_two_ways(face: Face, tmp_path: Path, host: str) -> None:
    """Hosts that one reader takes for another address than the next one: refused, not even resolved."""
    result = result_of(face, f"https://{host}:9/1.wav?{SIGNATURE}", allow_private_hosts=True)
    with face.promise(0.5), sockets_opened() as heard:
        error = face.failing(result.download, tmp_path)
    assert heard == []
    check_error(error, "DownloadError")
    check_nothing_saved(tmp_path)


def resolve(monkeypatch: pytest.MonkeyPatch, **names: list[list[str]]) -> list[str]:
    """Let names (`_` for a dot) resolve to one list of addresses after the other; return the list of what is asked for.

    The stand-in answers for the names alone, so that no query leaves this machine; literals are resolved for real.
    """
    real, asked = socket.getaddrinfo, list[str]()
    answers = {name.replace("_", "."): list(lists) for name, lists in names.items()}

    def getaddrinfo(host: str, *args: Any, **options: Any) -> Any:
        asked.append(host)
        if host not in answers:
            return real(host, *args, **options)
        addresses = answers[host].pop(0)
        return [entry for address in addresses for entry in real(address, *args, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("localhost.", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("10.0.0.1.", "10.0.0.1"),
        ("rebind.example", "10.1.2.3"),
        ("rebind.example", "fd00::1"),
        ("rebind.example", "::ffff:10.0.0.1"),
        ("rebind.example", "169.254.169.254"),
        ("rebind.example", "100.100.100.200"),
    ],
)
def test_fault_63_names(face: Face, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, address: str) -> None:
    """Trailing dots, and public names at private addresses: the address decides, whatever the name looks like."""
    asked = resolve(monkeypatch, **{host: [[address, address]]})
    result = result_of(face, f"https://{host}:9/1.wav?{SIGNATURE}")
    with face.promise(0.5), sockets_opened() as heard:
        error = face.failing(result.download, tmp_path)
    assert {event for event, _ in heard} <= {"getaddrinfo"}
    assert asked.count(host) == 1
    check_error(error, "DownloadError")
    assert address in str(error)
    check_nothing_saved(tmp_path)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_fault_63_allowed(face: Face, tmp_path: Path, host: str) -> None:
    """With `allow_private_hosts=True` the same client fetches from this machine, without it no byte arrives there."""
    body = wav(100_000)
    with FaultServer([whole(body)], tls="valid") as server:
        url = f"https://{host}:{server.port}/1.wav?{SIGNATURE}"
        with face.promise(1.0):
            error = face.failing(result_of(face, url, verify=trust()).download, tmp_path)
            check_error(error, "DownloadError")
            assert server.accepted == 0
            allowed = result_of(face, url, verify=trust(), allow_private_hosts=True)
            [path] = face.do(allowed.download(tmp_path))
        assert sha256(path) == sha256(body)
        assert wire(server) == ["GET /1.wav"]
        assert "authorization" not in server.requests[0].headers


def test_fault_63_pinned(face: Face, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One resolution, and the connect goes to that very address; of several only to one that is allowed."""
    body = wav(100_000)
    with FaultServer([whole(body)], tls="valid") as host:
        url = f"https://localhost:{host.port}/1.wav?{SIGNATURE}"
        with FaultServer(Routes({"POST *": [mirelo.accepted()], "GET *": [mirelo.succeeded(url)]})) as api:
            result = finished(face, api, verify=trust())
            asked = resolve(monkeypatch, localhost=[["10.0.0.1", "127.0.0.1"], ["10.0.0.1"]])
            with face.promise(1.0), sockets_opened() as heard:
                [path] = face.do(result.download(tmp_path))
            assert asked.count("localhost") == 1
            assert {where for event, where in heard if event == "connect"} == {("127.0.0.1", host.port)}
            assert host.requests[0].headers["host"] == f"localhost:{host.port}"
            assert sha256(path) == sha256(body)


@pytest.mark.parametrize(
    "job_id",
    [
        "CON",
        "nul.wav",
        "com1",
        "-rf",
        ".hidden",
        "~root",
        "a b;$(x)`y`|z",
        "%2e%2e%2foutside",
        "x" * 200,
    ],
)
def test_fault_64(face: Face, tmp_path: Path, job_id: str) -> None:
    """Traversal in the URL and the headers, reserved names in the job's id: one plain file, in the folder."""
    body = wav(100_000)
    folder = tmp_path / "a" / "b"
    evil = whole(body, Content_Disposition='attachment; filename="../../outside.wav"')
    with FaultServer([evil]) as host:
        url = f"{host.url}/..%2f..%2foutside/../../../outside.exe?{SIGNATURE}"
        answers = {"POST *": [mirelo.accepted(job_id)], "GET *": [mirelo.succeeded(url, job_id=job_id)]}
        with FaultServer(Routes(answers)) as api, face.promise(1.0):
            [path] = face.do(finished(face, api).download(folder))
        assert api.requests[1].path.startswith(f"{mirelo.TEXT_TO_SFX}/jobs/")
        assert not set(api.requests[1].path.removeprefix(f"{mirelo.TEXT_TO_SFX}/jobs/")) & set("/\\?#")
    assert path.parent == folder
    assert path.suffix == ".wav"
    assert len(path.name) <= 120
    assert set(path.name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert path.name[0] not in ".-"
    assert path.name.split(".")[0].upper() not in {"CON", "NUL", "COM1"}
    assert {p for p in tmp_path.rglob("*") if not p.is_dir()} == {path}
    assert sha256(path) == sha256(body)


TRAVERSALS = ["../../outside", "..\\..\\outside", "/etc/outside", "C:\\outside", "....//outside", "..", "/"]


@pytest.mark.parametrize("job_id", [*TRAVERSALS, "a\0b", "x" * 4096, "ü", "line\nbreak", ""])
def test_fault_64_no_name(face: Face, tmp_path: Path, job_id: str) -> None:
    """Traversal, NUL and 4 KiB are no job ids: the submit says that it was taken and that its answer is unusable."""
    with FaultServer(Routes({"POST *": [mirelo.accepted(job_id)]})) as api:
        client = face.open(api.url)
        with face.promise(1.0):
            error = face.failing(client.text_to_sfx("rain").submit_job)
        assert type(error).__name__ == "SubmitOutcomeUnknown"
        assert vars(error)["accepted"] is True
        assert wire(api) == [SUBMIT]
        assert list(tmp_path.iterdir()) == []
