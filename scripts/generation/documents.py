"""Reading YAML as plain JSON values, and JSON pointers into them."""

import functools
import json
import re
from collections.abc import Callable, Hashable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

CONDITIONS = "x-limits-when"  # on an object: bounds that depend on other fields (see openapi/)
ONE_OF = "x-one-of-fields"  # on an object: fields of which exactly one has to be there
METHODS = ("delete", "get", "head", "options", "patch", "post", "put", "trace")
_SINGLE_SUBSCHEMAS = ("items", "not", "additionalProperties")
_DEEPEST = 100
_MOST_VALUES = 1_000_000  # ten times as many as a big spec has
_LISTED_SUBSCHEMAS = ("oneOf", "anyOf", "allOf")


class GenerationError(Exception):
    """Raised when a spec, an overlay or the tools do not allow the clients to be generated."""


if TYPE_CHECKING:
    from yaml import SafeDumper as SafeDumper
    from yaml import SafeLoader as SafeLoader
else:  # ten times as fast, but not in every build
    SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    SafeDumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _JsonLoader(SafeLoader):
    """Loads only JSON values from YAML, because YAML readers differ about an unquoted date, `no` or `1_000`."""

    def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict[Hashable, Any]:
        """Read every key as a string (a status need not be quoted), and refuse duplicate keys."""
        mapping: dict[Hashable, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise GenerationError(f"a key that is not plain text{key.start_mark}")
            if key.value == "<<" and not key.style:
                raise GenerationError(f"the merge key <<{key.start_mark}; write its fields out")
            if key.value in mapping:
                raise GenerationError(f"the key {key.value!r} stands twice in one mapping{key.start_mark}; keep one")
            mapping[key.value] = self.construct_object(value, deep=True)
        return mapping


class _JsonDumper(SafeDumper):
    """Quotes every text that this loader or another YAML reader would read differently."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write every value without aliases."""
        return True


_JsonLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", ("n", "~", "")),
    ("int", r"-?(0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", "-0123456789"),
):
    for _class in (_JsonLoader, _JsonDumper):  # the dumper keeps YAML 1.1's own resolvers beside these
        _class.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), list(_first))


def load(path: Path) -> dict[str, Any]:
    """Read a YAML or JSON file with a mapping at the top."""
    return parse(path.read_bytes(), path.name)


def parse(content: bytes, name: str) -> dict[str, Any]:
    """Read YAML or JSON with a mapping at the top. `name` is for messages.

    What begins with a brace is read as JSON first, which YAML readers do not read all of. Aliases stand for what they
    name, up to a bound: a few of them can stand for a document without end.
    """
    try:
        document = json.loads(_as_json(content, name.endswith(".json")))  # no two places hold one object
    except (yaml.YAMLError, GenerationError, TypeError, ValueError) as problem:
        raise GenerationError(f"{name}: {problem}") from problem
    if not isinstance(document, dict):
        raise GenerationError(f"{name}: the top of the file has to be a mapping")
    return document


@functools.lru_cache(maxsize=16)  # taking a spec in reads the same few texts again and again
def _as_json(content: bytes, surely_json: bool) -> str:
    document = None
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        document = _parse_json(content, surely_json)
    return json.dumps(_parse_yaml(content) if document is None else document, allow_nan=False)


def _parse_json(content: bytes, surely: bool) -> Any:
    """Read JSON; return None if it is not JSON but may be YAML that begins with a brace."""
    try:
        document = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_no_key_twice, parse_constant=_no_constant)
    except json.JSONDecodeError:
        if surely:
            raise
        return None
    except RecursionError:
        raise GenerationError(f"more than {_DEEPEST} levels; a spec has about 30") from None
    level, depth = [document], 0
    while level := [inner for node in level if isinstance(node, dict | list) for inner in _inside(node)]:
        depth += 1
        if depth > _DEEPEST:
            raise GenerationError(f"more than {_DEEPEST} levels; a spec has about 30")
    return document


def _inside(node: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return node.values() if isinstance(node, dict) else node


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise GenerationError(f"the key {key!r} stands twice in one mapping, beside {[*found][:3]}; keep one")
        found[key] = value
    return found


def _no_constant(text: str) -> Any:
    raise GenerationError(f"{text} is no JSON value; leave it out")


def _parse_yaml(content: bytes) -> Any:
    depth = 0
    for event in yaml.parse(content, _JsonLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:  # reading it would exhaust the stack
            raise GenerationError(f"more than {_DEEPEST} levels{event.start_mark}; a spec has about 30")
    loader = _JsonLoader(content)  # a SafeLoader that takes even less
    try:
        top = loader.get_single_node()
        _bound_aliases(top)
        return None if top is None else loader.construct_document(top)
    finally:
        loader.dispose()


def _bound_aliases(top: yaml.Node | None) -> None:
    """Refuse a document that would be too big, too deep or endless with its aliases expanded."""
    sizes: dict[int, tuple[int, int]] = {}  # by node: how many values it is and how deep, written out
    open_nodes: set[int] = set()

    def measure(node: yaml.Node) -> tuple[int, int]:
        if id(node) in open_nodes:
            raise GenerationError(f"a YAML anchor that contains itself{node.start_mark}; write a $ref to a component")
        if id(node) not in sizes:
            open_nodes.add(id(node))
            inside = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else []
            inside = [*node.value] if isinstance(node, yaml.SequenceNode) else inside
            measured = [measure(part) for part in inside]
            size, depth = 1 + sum(part[0] for part in measured), 1 + max((part[1] for part in measured), default=0)
            if size > _MOST_VALUES or depth > _DEEPEST + 1:
                raise GenerationError(
                    f"with its aliases written out, this has more than {_MOST_VALUES} values or {_DEEPEST} levels"
                    f"{node.start_mark}; use a $ref for what is shared"
                )
            open_nodes.discard(id(node))
            sizes[id(node)] = size, depth
        return sizes[id(node)]

    if top is not None:
        measure(top)


def dump(document: dict[str, Any], unicode: bool, width: int = 120) -> str:
    """Write a document as YAML that all readers read alike, or refuse it. The keys keep their order.

    A mapping or list within it that has no other one inside stands on one line where it fits.
    """
    flow = None if any(isinstance(value, dict | list) for value in document.values()) else False
    text = yaml.dump(
        document, Dumper=_JsonDumper, sort_keys=False, allow_unicode=unicode, width=width, default_flow_style=flow
    )
    as_others_read = yaml.load(text, SafeLoader)  # noqa: S506  # both are the safe ones
    if not canonical(parse(text.encode(), "this")) == canonical(as_others_read) == canonical(document):
        raise GenerationError("this document cannot be written so that every reader of YAML reads the same")
    return text


def join(pointer: str, *tokens: str | int) -> str:
    """Extend a JSON pointer."""
    return pointer + "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def split(pointer: str) -> list[str]:
    """Split a JSON pointer."""
    if not pointer.startswith("/"):
        raise GenerationError(f"{pointer!r} is no JSON pointer: it has to begin with /")
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer[1:].split("/")]


def follow(document: Any, pointer: str) -> Any:
    """Return the value at a JSON pointer, following references; None if there is none."""
    here = document
    for token in [*split(pointer), None]:
        while isinstance(here, dict) and "$ref" in here:
            here = find(document, here["$ref"][1:])
        if token is not None:
            here = here.get(token) if isinstance(here, dict) else None
    return here


def find(document: Any, pointer: str) -> Any:
    """Return the value at a JSON pointer."""
    here = document
    for token in split(pointer):
        if isinstance(here, dict) and token in here:
            here = here[token]
        elif isinstance(here, list) and token.isdecimal() and int(token) < len(here):
            here = here[int(token)]
        else:
            raise GenerationError(f"nothing is at {pointer}: {token!r} is missing")
    return here


def resolve(document: dict[str, Any], schema: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the target of a reference (or a union of one), merged with its siblings, and its component's name."""
    beside: dict[str, Any] = {}
    name = ""
    while True:
        variants = schema.get("oneOf") or schema.get("anyOf") or []
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            schema = find(document, schema["$ref"][1:])
        elif len(variants) == 1:
            beside = {key: value for key, value in schema.items() if key not in ("oneOf", "anyOf")} | beside
            schema = variants[0]
        else:
            return schema | beside, name


def canonical(value: Any) -> str:
    """Return a canonical text of a JSON value, independent of the order of keys."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


Visit = Callable[[dict[str, Any], str], dict[str, Any]]


def map_subschemas(schema: dict[str, Any], pointer: str, visit: Visit) -> dict[str, Any]:
    """Return the schema with `visit` applied to each schema directly inside it, by sorted key."""
    mapped: dict[str, Any] = {}
    for key in sorted(schema):
        value, at = schema[key], join(pointer, key)
        if key == "properties":
            mapped[key] = {name: visit(value[name], join(at, name)) for name in sorted(value)}
        elif key in _LISTED_SUBSCHEMAS:
            mapped[key] = [visit(item, join(at, index)) for index, item in enumerate(value)]
        elif key in _SINGLE_SUBSCHEMAS and isinstance(value, dict):
            mapped[key] = visit(value, at)
        else:
            mapped[key] = value
    return mapped


def map_schemas(node: Any, pointer: str, visit: Visit, follow: Visit | None = None) -> Any:
    """Return a part of a document other than a schema, with `visit` applied to its outermost schemas.

    `follow` is given what has a `$ref` instead; the values of examples are data and stay as they are.
    """
    if isinstance(node, list):
        return [map_schemas(item, join(pointer, index), visit, follow) for index, item in enumerate(node)]
    if not isinstance(node, dict):
        return node
    if "$ref" in node and follow is not None:
        return follow(node, pointer)
    mapped = {}
    for key in sorted(node):
        at = join(pointer, key)
        if key == "schema" and isinstance(node[key], dict):
            mapped[key] = visit(node[key], at)
        elif key in ("example", "value"):
            mapped[key] = node[key]
        else:
            mapped[key] = map_schemas(node[key], at, visit, follow)
    return mapped


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each operation of a document without path references, with its pointer."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield join("/paths", path, method), item[method]


def schemas(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return each schema of a normalised document, nested ones included, with its pointer."""
    found: list[tuple[str, dict[str, Any]]] = []

    def visit(schema: dict[str, Any], pointer: str) -> dict[str, Any]:
        found.append((pointer, schema))
        return map_subschemas(schema, pointer, visit)

    map_schemas(document["paths"], "/paths", visit)
    for name, schema in document["components"]["schemas"].items():
        visit(schema, join("/components/schemas", name))
    return found
