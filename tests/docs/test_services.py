"""The README's table of services matches `capabilities()`."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path

import mirelo_ergo
from mirelo_ergo._runtime.api.service import Api

DOCS = Path(__file__).parents[2] / "docs"
README = (DOCS.parent / "README.md").read_text()
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


def test_the_gateways_page_names_arguments_as_its_calls_do() -> None:
    """A sheet of a batch has a column for each, under the call's own name."""
    rows = re.findall(r"^\| `(\w+)\((\w+)\)` \|", (DOCS / "pixazo.md").read_text(), re.MULTILINE)
    assert {name for name, _ in rows} == mirelo_ergo.capabilities()["pixazo"]
    for name, argument in rows:
        assert list(inspect.signature(getattr(mirelo_ergo.PixazoClient, name)).parameters)[1] == argument
