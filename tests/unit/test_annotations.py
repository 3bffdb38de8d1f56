"""Annotations of the public names exist at run time: agents' tools, pydantic, cattrs and FastAPI ask for them."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
import typing
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import attrs
import pytest

import mirelo_ergo
from mirelo_ergo import Job, JobResult, JobSucceeded, MireloClient, ResultFile


def annotated(module: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield each public function and class, and the functions of the classes, properties and __init__ included."""
    for name in module.__all__:
        value = getattr(module, name)
        if callable(value) and (module is mirelo_ergo or typing.get_origin(value) is None):
            yield name, value
        if isinstance(value, type):
            for key, member in inspect.getmembers(value):
                function = member.fget if isinstance(member, property) else member
                if inspect.isroutine(function) and (not key.startswith("_") or key == "__init__"):
                    yield f"{name}.{key}", function


ANNOTATED = dict(annotated(mirelo_ergo))


def test_they_are_found() -> None:
    assert {"MireloClient.__init__", "MireloClient.low_level", "Job.wait", "Video.from_path", "parse_webhook"} <= {
        *ANNOTATED
    }


@pytest.mark.parametrize("name", sorted(ANNOTATED))
def test_they_resolve(name: str) -> None:
    typing.get_type_hints(ANNOTATED[name])


@pytest.mark.parametrize("module", ["batch", "emulator", "inference_sh", "sync_so"])
def test_those_of_the_other_public_modules_resolve(module: str) -> None:
    found = dict(annotated(importlib.import_module(f"mirelo_ergo.{module}")))
    assert len(found) > 10
    for function in found.values():
        typing.get_type_hints(function)


@pytest.mark.parametrize("name", [name for name in mirelo_ergo.__all__ if attrs.has(getattr(mirelo_ergo, name))])
def test_a_values_fields_resolve(name: str) -> None:
    for field in attrs.fields(attrs.resolve_types(getattr(mirelo_ergo, name))):
        assert not isinstance(field.type, str), field.name


def test_they_are_the_types_themselves() -> None:
    import httpx

    assert typing.get_type_hints(MireloClient.__init__)["transport"] == httpx.BaseTransport | None
    assert typing.get_type_hints(MireloClient.video_to_sfx)["output"] == typing.Literal["audio", "video"]
    assert (
        typing.get_type_hints(MireloClient.text_to_sfx)["model"]
        == typing.Literal["v1.0", "v1.5", "v1.6", "sfx-1.6", "sfx-2.0"] | None
    )
    assert typing.get_type_hints(Job.wait)["return"] is JobResult
    assert typing.get_type_hints(JobSucceeded)["files"] == tuple[ResultFile, ...]


def test_they_cost_a_client_nothing() -> None:
    """httpx, a TLS library or a database are imported when they are used, or asked for."""
    script = (
        "import sys, mirelo_ergo; mirelo_ergo.MireloClient, mirelo_ergo.AsyncMireloClient, mirelo_ergo.WebhookInbox"
    )
    script += "\nprint({'httpx', 'httpcore', 'ssl', 'sqlite3', 'asyncio', 'mirelo_ergo_api'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=240)
    assert done.stdout == "set()\n"
