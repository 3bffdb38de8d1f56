"""What an import costs: in a process of its own, because this one has everything loaded."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from typing import Any

import certifi
import pytest

from mirelo_ergo import AsyncMireloClient, MireloClient
from mirelo_ergo._runtime.http import tls
from mirelo_ergo._runtime.http.tls import tls_context
from tests.support.virtual import KEY


def loaded(code: str) -> set[str]:
    """Run code in a fresh interpreter and return the modules it has then."""
    script = f"{code}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=240)
    return set(json.loads(done.stdout.splitlines()[-1]))


HEAVY = {"httpx", "httpcore", "asyncio", "ssl", "mirelo_ergo_api", "attrs", "attr", "dateutil"}


def test_importing_the_package_loads_nothing() -> None:
    modules = loaded("import mirelo_ergo\nmirelo_ergo.__all__\ndir(mirelo_ergo)")
    assert not modules & HEAVY
    assert {name for name in modules if name.startswith("mirelo_ergo")} == {"mirelo_ergo", "mirelo_ergo._version"}


@pytest.mark.parametrize(
    "name",
    [
        "MireloClient",
        "AsyncMireloClient",
        "Video",
        "MireloError",
        "JobStatus",
        "Job",
        "PixazoClient",
        "capabilities",
        "WebhookInbox",
        "parse_webhook",
    ],
)
def test_no_name_loads_httpx_or_a_generated_module(name: str) -> None:
    modules = loaded(f"from mirelo_ergo import {name}")
    assert not modules & {"httpx", "httpcore", "asyncio"}
    assert not any(module.startswith("mirelo_ergo_api") for module in modules)


OURS_ONLY = {"httpx", "httpcore", "ssl", "asyncio", "certifi"}


def test_a_client_loads_neither_httpx_nor_tls() -> None:
    modules = loaded("from mirelo_ergo import MireloClient\nMireloClient('sk-test')")
    assert not modules & OURS_ONLY
    assert not any(module.startswith("mirelo_ergo_api.mirelo_v2.api") for module in modules)
    modules = loaded("from mirelo_ergo import PixazoClient\nPixazoClient('sk-test')")
    assert not any(
        module.startswith(("mirelo_ergo_api.pixazo.api", "mirelo_ergo.mirelo", "dateutil")) for module in modules
    )
    assert not modules & {*OURS_ONLY, "sqlite3"}


JOBS = {
    *("mirelo_ergo._runtime.jobs", "mirelo_ergo._runtime.webhooks"),
    *("mirelo_ergo.mirelo.flows", "mirelo_ergo.mirelo.families", "mirelo_ergo.mirelo.v3", "mirelo_ergo.mirelo.service"),
}


@pytest.mark.parametrize("colour", ["", "Async"])
def test_what_makes_jobs_comes_with_the_first_request_for_one(colour: str) -> None:
    code = f"""
import socket, threading
from mirelo_ergo import {colour}MireloClient

def answer():
    with listening.accept()[0] as connection:
        connection.recv(10_000)
        account = b'{{"id": "u", "credits_available": 7}}'
        connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n%b" % (len(account), account))

listening = socket.create_server(("127.0.0.1", 0))
thread = threading.Thread(target=answer)
thread.start()
client = {colour}MireloClient("sk-test", base_url=f"http://127.0.0.1:{{listening.getsockname()[1]}}")
asked = {"__import__('asyncio').run(client.me())" if colour else "client.me()"}
assert asked.credits_available == 7
thread.join()
listening.close()
"""
    assert not loaded(code) & JOBS
    assert loaded(f"{code}\nclient.text_to_sfx('rain')") >= JOBS


@pytest.mark.parametrize("colour", ["", "Async"])
def test_a_request_of_ours_loads_no_httpx_and_only_https_loads_tls(colour: str) -> None:
    code = f"""
from mirelo_ergo import {colour}MireloClient
from mirelo_ergo._runtime.io.deadline import Deadline
from mirelo_ergo._runtime.io.protocol import Request, TransportFailure
from mirelo_ergo._runtime.io.sent import SentTracker

async def ask():
    io = {colour}MireloClient("sk-test", base_url="http://127.0.0.1:9")._io
    try:
        await io.request(Request("GET", "/v2/me"), Deadline(io.now, 5.0), SentTracker())
    except TransportFailure:
        print("it was refused")

{"import asyncio; asyncio.run(ask())" if colour else "from mirelo_ergo._runtime.io.protocol import run; run(ask())"}
"""
    modules = loaded(code)
    assert not modules & {"httpx", "httpcore", "certifi", *(() if colour else ("ssl", "asyncio"))}


@pytest.mark.parametrize(
    "given",
    [
        "MireloClient('sk-test').low_level",
        "MireloClient('sk-test', transport=__import__('httpx').HTTPTransport())",
    ],
)
def test_httpx_comes_with_the_low_level_client_and_with_a_transport(given: str) -> None:
    assert "httpx" in loaded(f"from mirelo_ergo import MireloClient\n{given}")


def test_asking_what_there_is_loads_no_client() -> None:
    modules = loaded("import mirelo_ergo\nmirelo_ergo.capabilities()")
    assert not modules & {"httpx", "httpcore", "asyncio"}
    assert not any(module.startswith("mirelo_ergo_api") for module in modules)


def test_the_version_is_the_packages() -> None:
    script = "import mirelo_ergo, importlib.metadata as m; print(mirelo_ergo.__version__ == m.version('mirelo-ergo'))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=240)
    assert done.stdout == "True\n"


def test_a_second_client_makes_no_second_tls_context_and_none_before_it_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[object] = []
    real = ssl.create_default_context

    def counting(**options: Any) -> ssl.SSLContext:
        made.append(options)
        return real(**options)

    monkeypatch.setattr(ssl, "create_default_context", counting)
    monkeypatch.setattr(tls, "_contexts", {})
    faces: list[Any] = [MireloClient, AsyncMireloClient, MireloClient]
    clients = [face(KEY) for face in faces]
    assert not made
    contexts = [client._io.http._dialer.context() for client in clients for _ in range(2)]
    assert len(made) == len({id(context) for context in contexts}) == 1


def test_each_way_of_verifying_has_its_own_context(monkeypatch: pytest.MonkeyPatch) -> None:
    strict = tls_context(True)
    assert tls_context(True) is strict
    assert tls_context(False) is not strict
    assert tls_context(strict) is strict
    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())
    assert tls_context(True) is not strict
