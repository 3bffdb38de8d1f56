"""The README's table of services matches `capabilities()`."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import mirelo_ergo
from mirelo_ergo._runtime.api.service import Api

README = (Path(__file__).parents[2] / "README.md").read_text()
ROW = re.compile(r"^\| `(\w+)` \| `(\w+)`, `(\w+)` \| `(\w+)` \| (.+) \|$", re.MULTILINE)


def key_variable(service: str) -> str:
    module = import_module(f"mirelo_ergo.{service}.service")
    return next(
        value.key_variable for value in vars(module).values() if isinstance(value, Api) and value.name == service
    )


def test_the_table_of_services() -> None:
    rows = {name: (key, frozenset(re.findall(r"`(\w+)`", makes))) for name, _, _, key, makes in ROW.findall(README)}
    assert rows == {name: (key_variable(name), makes) for name, makes in mirelo_ergo.capabilities().items()}


def test_each_client_makes_what_its_row_says() -> None:
    rows = ROW.findall(README)
    assert rows
    for _, plain, awaited, _, makes in rows:
        assert awaited == f"Async{plain}"
        for name in re.findall(r"`(\w+)`", makes):
            assert callable(getattr(getattr(mirelo_ergo, plain), name))
            assert callable(getattr(getattr(mirelo_ergo, awaited), name))
