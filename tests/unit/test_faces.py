"""The sync and async clients have the same names, signatures, docstrings and code, except for async and await."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

import mirelo_ergo
import mirelo_ergo._runtime.client.asynchronous as clients_awaited
import mirelo_ergo._runtime.client.blocking as clients_plain
import mirelo_ergo._runtime.jobs.asynchronous as jobs_awaited
import mirelo_ergo._runtime.jobs.blocking as jobs_plain
import mirelo_ergo.inference_sh.asynchronous as inference_awaited
import mirelo_ergo.inference_sh.blocking as inference_plain
import mirelo_ergo.inference_sh.resources as inference_resources_plain
import mirelo_ergo.inference_sh.resources_async as inference_resources_awaited
import mirelo_ergo.inference_sh.streams as inference_streams_plain
import mirelo_ergo.inference_sh.streams_async as inference_streams_awaited
import mirelo_ergo.mirelo.asynchronous as mirelo_awaited
import mirelo_ergo.mirelo.blocking as mirelo_plain
import mirelo_ergo.mirelo.generation_request as generation_plain
import mirelo_ergo.mirelo.generation_request_async as generation_awaited
import mirelo_ergo.mirelo.transcriptions as midi_plain
import mirelo_ergo.mirelo.transcriptions_async as midi_awaited
import mirelo_ergo.pixazo.asynchronous as pixazo_awaited
import mirelo_ergo.pixazo.blocking as pixazo_plain
import mirelo_ergo.sync_so.asynchronous as sync_so_awaited
import mirelo_ergo.sync_so.blocking as sync_so_plain
import mirelo_ergo.sync_so.resources as sync_so_resources_plain
import mirelo_ergo.sync_so.resources_async as sync_so_resources_awaited
from mirelo_ergo._runtime.api.pages import AsyncPage, AsyncPageItems, Page, PageItems

MODULES = [
    (jobs_plain, jobs_awaited),
    (clients_plain, clients_awaited),
    (mirelo_plain, mirelo_awaited),
    (generation_plain, generation_awaited),
    (midi_plain, midi_awaited),
    (pixazo_plain, pixazo_awaited),
    (inference_plain, inference_awaited),
    (inference_resources_plain, inference_resources_awaited),
    (inference_streams_plain, inference_streams_awaited),
    (sync_so_plain, sync_so_awaited),
    (sync_so_resources_plain, sync_so_resources_awaited),
]
PAIRS = [
    (getattr(blocking, name), getattr(asynchronous, f"Async{name}"))
    for blocking, asynchronous in MODULES
    for name in blocking.__all__
]
NAMES = [(plain.__name__, awaited.__name__) for plain, awaited in PAIRS]
PUBLIC = [name for pair in NAMES for name in pair if not name.endswith("ServiceClient")]
CLASSES = {each.__name__: each for pair in PAIRS for each in pair}
PAIRS += [(Page, AsyncPage), (PageItems, AsyncPageItems)]
TWINS = {"__enter__": "__aenter__", "__exit__": "__aexit__", "__iter__": "__aiter__", "__next__": "__anext__"}
TWINS["close"] = "aclose"
NEVER_ASYNC = {
    "__init__",
    "__repr__",
    "_new_io",
    "__aiter__",
    "updates",
    "job",
    "describe",
    "_made_core",
    "_request_of",
    "_midi_request_of",
    "_job",
    "_result",
    "_open",
    "_carry",
    "_instead",
    "stream",
    "stream_task",
}
pairs = pytest.mark.parametrize(("plain", "awaited"), PAIRS, ids=[plain.__name__ for plain, _ in PAIRS])


def same(text: str) -> str:
    """Take the colour out of names."""
    return re.sub(r"\bAsync|(?<=\.)Async|\bBlocking(?=IO\b)", "", text)


def members(cls: type) -> dict[str, Any]:
    return {name: value for name, value in vars(cls).items() if callable(value) or isinstance(value, property)}


def signature(member: Any) -> str:
    function: Any = member.fget if isinstance(member, property) else member
    return str(inspect.signature(function))


@pairs
def test_members_signatures_and_docstrings_are_the_same(plain: type, awaited: type) -> None:
    ours, theirs = members(plain), members(awaited)
    assert {TWINS.get(name, name) for name in ours} == set(theirs)
    assert plain.__doc__ == same(awaited.__doc__ or "")
    assert [same(base.__name__) for base in plain.__mro__] == [same(base.__name__) for base in awaited.__mro__]
    for name, mine in ours.items():
        twin = theirs[TWINS.get(name, name)]
        assert (inspect.getdoc(mine) or "") == same(inspect.getdoc(twin) or ""), name
        assert isinstance(mine, property) == isinstance(twin, property)
        assert same(signature(mine)) == same(signature(twin)), name


@pairs
def test_what_asks_the_service_is_awaited(plain: type, awaited: type) -> None:
    methods = {
        name
        for name, value in vars(awaited).items()
        if inspect.isfunction(value) and not inspect.iscoroutinefunction(value)
    }
    assert methods <= NEVER_ASYNC
    assert not any(inspect.iscoroutinefunction(value) for value in vars(plain).values())


class _Colourless(ast.NodeTransformer):
    """Turn a tree of either colour into one without."""

    def visit_Await(self, node: ast.Await) -> ast.AST:
        self.generic_visit(node)
        return node.value

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        return node.args[0] if isinstance(node.func, ast.Name) and node.func.id in ("run", "drive") else node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        self.generic_visit(node)
        fields = {name: value for name, value in ast.iter_fields(node) if name != "type_comment"}
        return ast.copy_location(ast.FunctionDef(**fields), node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        return None if any(alias.name == "run" for alias in node.names) else node


WORDS = {
    "AsyncPage": "Page",
    **{awaited: plain for plain, awaited in NAMES},
    **{awaited: plain for plain, awaited in TWINS.items()},
    "StopAsyncIteration": "StopIteration",
    "AsyncIO": "BlockingIO",
    "AsyncClient": "Client",
    "AsyncBaseTransport": "BaseTransport",
    "asynchronous": "blocking",
    "resources_async": "resources",
    "streams_async": "streams",
    "generation_request_async": "generation_request",
    "transcriptions_async": "transcriptions",
    "handle_async_request": "handle_request",
    "async_low_level_arguments": "low_level_arguments",
}


def colourless(module: Any) -> str:
    tree = ast.parse(Path(module.__file__).read_text())
    tree.body = [node for node in tree.body if not isinstance(node, ast.Assign)][1:]  # without docstring and __all__
    text = ast.unparse(_Colourless().visit(tree))
    return re.sub(r"\w+", lambda found: WORDS.get(found[0], found[0]), text)


@pytest.mark.parametrize(("blocking", "asynchronous"), MODULES, ids=[plain.__name__ for plain, _ in MODULES])
def test_the_code_is_the_same(blocking: Any, asynchronous: Any) -> None:
    assert colourless(asynchronous) == colourless(blocking)


def test_all_is_exactly_the_public_names() -> None:
    assert sorted(mirelo_ergo.__all__, key=lambda name: (not name.isupper(), name)) == mirelo_ergo.__all__
    for name in mirelo_ergo.__all__:
        assert getattr(mirelo_ergo, name) is not None
    tree = ast.parse(Path(mirelo_ergo.__file__).read_text())
    (checked,) = [node for node in tree.body if isinstance(node, ast.If)]  # what type checkers see
    seen = {
        alias.asname or alias.name
        for node in ast.walk(checked)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    seen |= {
        node.target.id for node in checked.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    assert seen - set(mirelo_ergo.__all__) == set()
    assert set(mirelo_ergo.__all__) - seen <= {"__version__"}
    assert set(mirelo_ergo.__all__) <= set(dir(mirelo_ergo))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'mirelo_ergo' has no attribute 'MireloKlient'"):
        mirelo_ergo.MireloKlient  # noqa: B018  # the mistake that is named


@pytest.mark.parametrize("name", [*PUBLIC, "Video", "MeResult", "PreflightResult"])
def test_every_public_member_says_what_it_does(name: str) -> None:
    cls = CLASSES.get(name) or getattr(mirelo_ergo, name)
    assert cls.__doc__
    for member, value in inspect.getmembers(cls, lambda value: callable(value) or isinstance(value, property)):
        if not member.startswith("_"):
            assert inspect.getdoc(value), member
