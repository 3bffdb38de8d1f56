"""What an import costs: in a process of its own, because this one has everything loaded."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from typing import Any

import httpx
import pytest

from mirelo_ergo import AsyncMireloClient, MireloClient
from mirelo_ergo._runtime.http import transports
from mirelo_ergo._runtime.http.transports import tls_context
from tests.support.virtual import KEY


def loaded(code: str) -> set[str]:
    """Run code in a fresh interpreter and give the modules it has then."""
    script = f"{code}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout))


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


def test_httpx_comes_with_the_first_client_and_an_endpoint_with_its_first_use() -> None:
    modules = loaded("from mirelo_ergo import MireloClient\nMireloClient('sk-test')")
    assert "httpx" in modules
    assert not any(module.startswith("mirelo_ergo_api.mirelo_v2.api") for module in modules)
    assert "asyncio" not in modules
    modules = loaded("from mirelo_ergo import PixazoClient\nPixazoClient('sk-test')")
    assert not any(
        module.startswith(("mirelo_ergo_api.pixazo.api", "mirelo_ergo.mirelo", "dateutil")) for module in modules
    )
    assert not modules & {"asyncio", "sqlite3"}


def test_asking_what_there_is_loads_no_client() -> None:
    modules = loaded("import mirelo_ergo\nmirelo_ergo.capabilities()")
    assert not modules & {"httpx", "httpcore", "asyncio"}
    assert not any(module.startswith("mirelo_ergo_api") for module in modules)


def test_the_version_is_the_packages() -> None:
    script = "import mirelo_ergo, importlib.metadata as m; print(mirelo_ergo.__version__ == m.version('mirelo-ergo'))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "True\n"


def test_a_second_client_makes_no_second_tls_context(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    real = httpx.create_ssl_context

    def counting(**options: Any) -> ssl.SSLContext:
        made.append(options)
        return real(**options)

    monkeypatch.setattr(httpx, "create_ssl_context", counting)
    monkeypatch.setattr(transports, "_contexts", {})
    faces: list[Any] = [MireloClient, AsyncMireloClient, MireloClient]
    for face in faces:
        http = face(KEY)._io._http
        for purpose in ("main", "submit", "external"):
            http.pool(purpose, http.base)
    assert len(made) == 1


def test_each_way_of_verifying_has_its_own_context(monkeypatch: pytest.MonkeyPatch) -> None:
    strict = tls_context(True)
    assert tls_context(True) is strict
    assert tls_context(False) is not strict
    assert tls_context(strict) is strict
    monkeypatch.setenv("SSL_CERT_DIR", "/nowhere/in/particular")
    assert tls_context(True) is not strict
