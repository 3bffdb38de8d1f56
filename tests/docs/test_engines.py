"""The recipes for engines that are not installed, played with stand-ins that call a task at once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from mirelo_ergo.batch import Batch, Item
from mirelo_ergo.emulator import running
from tests.docs.test_snippets import BLOCK, ENGINES, ROOT

RAIN = {"prompt": "rain", "duration_ms": 1000}


def recipe(title: str) -> str:
    (found,) = (match[3] for match in BLOCK.finditer((ROOT / "docs" / "batch.md").read_text()) if match[2] == title)
    return found


def celery() -> ModuleType:
    def task(**options: Any) -> Callable[[Callable[..., object]], object]:
        assert options == {"bind": True, "acks_late": True, "reject_on_worker_lost": True, "max_retries": None}
        return lambda function: SimpleNamespace(delay=lambda item: function(SimpleNamespace(), item))

    module = ModuleType("celery")
    module.Celery = lambda name, broker: SimpleNamespace(task=task)  # type: ignore[attr-defined]
    return module


def ray() -> ModuleType:
    module = ModuleType("ray")
    module.remote = lambda max_retries: lambda function: SimpleNamespace(remote=function)  # type: ignore[attr-defined]
    module.get = list  # type: ignore[attr-defined]
    return module


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_a_recipe_makes_what_is_planned(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, engine.lower(), {"Celery": celery, "Ray": ray}[engine]())
    monkeypatch.setenv("LEDGER", str(tmp_path / "sfx.db"))
    with running(speed=1000) as emulator, Batch.open(tmp_path / "sfx.db", "sounds") as batch:
        monkeypatch.setenv("MIRELO_API_KEY", emulator.key)
        monkeypatch.setenv("MIRELO_BASE_URL", emulator.url)
        batch.add([Item("a", "text_to_sfx", RAIN), Item("b", "text_to_sfx", RAIN)])
        names: dict[str, Any] = {}
        exec(compile(recipe(engine), engine, "exec"), names)
        names["start"]()
        assert batch.summary().done
    assert {path.name for path in Path("sounds").iterdir()} == {"a.wav", "b.wav"}


def test_each_recipe_is_about_ten_lines() -> None:
    for engine in (*ENGINES, "Dask"):
        lines = [line for line in recipe(engine).splitlines() if line and not line.startswith(("import", "from"))]
        assert len(lines) <= 14, engine
