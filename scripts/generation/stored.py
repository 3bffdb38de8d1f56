"""Update a stored spec to a vendor's new file. Unchanged parts keep their lines and comments.

The stored spec may share parts as components where the vendor's file has everything inlined, so the new document is
first brought into the stored one's form: parts that a component of the stored spec says become references to it, and
shapes that the overlay names become components. What changed is then written entry by entry, by sorted key, so that
the text depends on the stored text and on what the new file says, not on how that is laid out.
"""

import json
from collections import defaultdict
from typing import Any, TypeGuard

import attrs
import yaml

from scripts.generation.checks import odd_character
from scripts.generation.documents import GenerationError, SafeLoader, canonical, dump, find, join, map_subschemas, parse
from scripts.generation.normalise import inline, inline_component, names_in

_KINDS = ("schemas", "responses", "parameters", "requestBodies")
"""What is shared as components."""
_WIDTH = 120


def merge(text: str, new: dict[str, Any], names: dict[str, str]) -> str:
    """Return the stored text updated to `new`; unchanged if both are equal.

    `names` are the overlay's, by JSON pointer; the new file's own components name shapes too.
    """
    old, inlined = parse(text.encode(), "the stored spec"), json.loads(canonical(inline(new)))
    if _meaning(inline(old)) == _meaning(inlined):
        return text
    own = names_in(new)
    wanted = in_form_of(old, inlined, own | names if own or names_in(old) else {})  # else all is inlined in both
    unicode, top = odd_character(canonical(inlined)) is None, yaml.compose(text, SafeLoader)
    lines = text.removesuffix("\n").split("\n")
    if _is_block(top):
        lines = _Layout(lines, unicode).mapping(top, (0, len(lines)), old, wanted)
    written = "\n".join([*lines, ""])
    # what is not laid out in lines, and what has anchors, is written as a whole
    return written if _says(written, inlined) else dump(wanted, unicode)


def in_form_of(old: dict[str, Any], new: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """Return an inlined document with the components of a stored one, without unused ones."""
    was, components = inline(old), old.get("components", {})
    kept = {path for path, item in was["paths"].items() if _meaning(item) == _meaning(new["paths"].get(path))}
    held = _used(old, [old["paths"][path] for path in kept])
    sharing = _Sharing(old, new, names, held)
    wanted = {key: value for key, value in new.items() if key != "components"}
    wanted |= {key: old[key] for key in wanted if key in was and _meaning(was[key]) == _meaning(new[key])}
    wanted["paths"] = {
        path: old["paths"][path] if path in kept else sharing.part(item, join("/paths", path))
        for path, item in new["paths"].items()
    }
    gone = _used(old, old["paths"]) - _used(old, [wanted["paths"], sharing.made])
    parts = {
        kind: {name: each for name, each in named.items() if (kind, name) not in gone}
        for kind, named in components.items()
    }
    parts |= new["components"] | ({"schemas": parts.get("schemas", {}) | sharing.made} if sharing.made else {})
    parts = {kind: named for kind, named in parts.items() if named}
    return wanted | ({"components": parts} if parts else {})


class _Sharing:
    """Replaces parts that equal components by references."""

    def __init__(self, old: dict[str, Any], new: dict[str, Any], names: dict[str, str], held: set[tuple[str, str]]):
        self._names = names
        self._known: dict[str, dict[str, list[str]]] = {kind: defaultdict(list) for kind in _KINDS}
        self._named: dict[str, str] = {}  # by name, where the shape is that the overlay names so
        self.made: dict[str, Any] = {}
        """New components of schemas."""
        components = old.get("components", {})
        for pointer, name in names.items():
            value = _at(new, pointer)
            if value is not None and ("schemas", name) not in held and name not in self._named:
                own = components.get("schemas", {}).get(name)
                if own is None or _meaning(inline_component(old, "schemas", name)) != _meaning(value):
                    self._named[name] = pointer
                    self._known["schemas"][_meaning(value)].append(name)
        for kind, name in sorted(_used(old, old["paths"])):
            closed = _used(old, [components[kind][name]]) | {(kind, name)}
            if kind in self._known and not any(("schemas", each) in closed for each in self._named):
                self._known[kind][_meaning(inline_component(old, kind, name))].append(name)

    def part(self, node: Any, pointer: str, kind: str | None = None) -> Any:
        """Return a part of the document, which is no schema, with references."""
        known = None if kind is None else self._reference(kind, node, pointer)
        if known is not None:
            return known
        if isinstance(node, list):
            return [self.part(each, join(pointer, index)) for index, each in enumerate(node)]
        if not isinstance(node, dict):
            return node
        found: dict[str, Any] = {}
        for key, value in node.items():
            at = join(pointer, key)
            if key == "schema" and isinstance(value, dict):
                found[key] = self._schema(value, at)
            elif key in ("example", "examples", "value"):
                found[key] = value
            elif key == "responses":
                found[key] = {status: self.part(each, join(at, status), key) for status, each in value.items()}
            elif key == "parameters":
                found[key] = [self.part(each, join(at, index), key) for index, each in enumerate(value)]
            else:
                found[key] = self.part(value, at, "requestBodies" if key == "requestBody" else None)
        return found

    def _schema(self, schema: dict[str, Any], pointer: str) -> dict[str, Any]:
        known = self._reference("schemas", schema, pointer)
        if known is None:
            return map_subschemas(schema, pointer, self._schema)
        name = known["$ref"].rpartition("/")[2]
        if name in self._named and name not in self.made:
            self.made[name] = map_subschemas(schema, pointer, self._schema)
        return known

    def _reference(self, kind: str, value: Any, pointer: str) -> dict[str, str] | None:
        names = self._known[kind].get(_meaning(value), [])
        told = self._names.get(pointer)
        if told is not None and kind == "schemas":
            names = [name for name in names if name == told]
        return {"$ref": f"#/components/{kind}/{names[0]}"} if len(names) == 1 else None


@attrs.frozen
class _Layout:
    """The lines of a stored spec, with methods that write the changes between them."""

    lines: list[str]
    unicode: bool

    def mapping(
        self, node: yaml.MappingNode, span: tuple[int, int], old: dict[str, Any], wanted: dict[str, Any]
    ) -> list[str]:
        """Return the lines of a block mapping, which stands on the lines of `span`, as what is wanted."""
        column = node.start_mark.column
        written: list[str] = []
        spaced = False
        places, rest = self._places([key.start_mark.line for key, _ in node.value], span, column)
        for (key, value), (lead, first, last) in zip(node.value, places, strict=True):
            spaced = spaced or (bool(written) and "" in lead)
            name = key.value
            if name not in wanted:
                continue
            if _meaning(wanted[name]) == _meaning(old[name]):
                written += [*lead, *self.lines[first:last]]
            elif _is_block(value) and isinstance(wanted[name], dict) and wanted[name]:
                inner = self.mapping(value, (first + 1, last), old[name], wanted[name])
                written += [*lead, self.lines[first], *inner]
            elif _is_block_list(value, self.lines) and isinstance(wanted[name], list) and wanted[name]:
                items = _in_old_order(old[name], wanted[name]) if name == "required" else wanted[name]
                written += [*lead, self.lines[first], *self.sequence(value, (first + 1, last), old[name], items)]
            else:
                written += [*lead, *self._entry(name, wanted[name], column)]
        for name in sorted(wanted.keys() - old.keys()):
            written += [*([""] if spaced else []), *self._entry(name, wanted[name], column)]
        return [*written, *rest]

    def sequence(self, node: yaml.SequenceNode, span: tuple[int, int], old: list[Any], wanted: list[Any]) -> list[str]:
        """Return the lines of a block list, which stands on the lines of `span`, as what is wanted."""
        column = self.lines[node.value[0].start_mark.line].index("-")
        places, rest = self._places([item.start_mark.line for item in node.value], span, column)
        kept = _paired(old, wanted)
        written: list[str] = []
        for item, at in zip(wanted, kept, strict=True):
            if at is None:
                written += self._item(item, column)
                continue
            lead, first, last = places[at]
            inner = node.value[at]
            if _meaning(old[at]) == _meaning(item):
                written += [*lead, *self.lines[first:last]]
            elif _is_block(inner):
                text = self.lines[first]
                lines = [*self.lines[:first], text[:column] + " " + text[column + 1 :], *self.lines[first + 1 :]]
                entries = _Layout(lines, self.unicode).mapping(inner, (first, last), old[at], item)
                begin = next(n for n, line in enumerate(entries) if line.strip() and not line.lstrip().startswith("#"))
                entries[begin] = entries[begin][:column] + "-" + entries[begin][column + 1 :]
                written += [*lead, *entries]
            else:
                written += [*lead, *self._item(item, column)]
        return [*written, *rest]

    def _places(
        self, firsts: list[int], span: tuple[int, int], column: int
    ) -> tuple[list[tuple[list[str], int, int]], list[str]]:
        """Return the lines before each entry, its first line, and the one after it; then the lines after the last."""
        start, end = span
        places = []
        for first, following in zip(firsts, [*firsts[1:], end], strict=True):
            last = next(line for line in range(following, first, -1) if not _between(self.lines[line - 1], column))
            places.append((self.lines[start:first], first, last))
            start = last
        return places, self.lines[start:end]

    def _entry(self, name: str, value: Any, column: int) -> list[str]:
        return _indented(dump({name: value}, self.unicode, _WIDTH - column), column)

    def _item(self, value: Any, column: int) -> list[str]:
        text = dump({"items": [value]}, self.unicode, _WIDTH - column)
        if not text.startswith("items:\n"):  # of scalars only, which would stand on one line
            text = f"items:\n- {text.removeprefix('items: [').removesuffix(']' + chr(10))}\n"
        return _indented(text.partition("\n")[2], column)


def _is_block(node: yaml.Node | None) -> TypeGuard[yaml.MappingNode]:
    return isinstance(node, yaml.MappingNode) and not node.flow_style and bool(node.value)


def _is_block_list(node: yaml.Node, lines: list[str]) -> TypeGuard[yaml.SequenceNode]:
    """Return whether each item of a list begins with its dash, on a line of its own."""
    if not isinstance(node, yaml.SequenceNode) or node.flow_style or not node.value:
        return False
    begins = {lines[item.start_mark.line][: item.start_mark.column].rstrip() for item in node.value}
    return len(begins) == 1 and begins.pop().strip() == "-"


def _paired(old: list[Any], wanted: list[Any]) -> list[int | None]:
    """Return for each wanted item which old one it is: an equal one, else one of the same name, each once."""
    left = dict(enumerate(old))
    found: list[int | None] = [None] * len(wanted)
    for told in (_meaning, _name):
        for index, item in enumerate(wanted):
            at = next((at for at, each in left.items() if told(each) == told(item) != ""), None)
            if found[index] is None and at is not None:
                found[index] = at
                del left[at]
    return found


def _name(item: Any) -> str:
    """Return what an item is known by in its list: parameters and tags have names, servers their address."""
    if not isinstance(item, dict) or not item.keys() & {"name", "url"}:
        return ""
    return canonical([item.get("name"), item.get("in"), item.get("url")])


def _in_old_order(old: list[Any], wanted: list[Any]) -> list[Any]:
    """Return a list whose order says nothing in the order that it had."""
    return [*(item for item in old if item in wanted), *(item for item in wanted if item not in old)]


def _indented(text: str, column: int) -> list[str]:
    return [" " * column + line if line else line for line in text.removesuffix("\n").split("\n")]


def _between(line: str, column: int) -> bool:
    """Return whether a line stands between the entries of a column: a blank one, or a comment not inside of them."""
    said = line.lstrip()
    return not said or (said.startswith("#") and len(line) - len(said) <= column)


def _meaning(value: Any) -> str:
    """Return a canonical text of a value, independent of the order of keys and required fields."""
    return canonical(_in_order(value))


def _in_order(value: Any) -> Any:
    if isinstance(value, list):
        return [_in_order(each) for each in value]
    if not isinstance(value, dict):
        return value
    ordered = {key: _in_order(each) for key, each in value.items()}
    required = ordered.get("required")
    return ordered | {"required": sorted(required, key=str)} if isinstance(required, list) else ordered


def _says(text: str, inlined: dict[str, Any]) -> bool:
    try:
        return _meaning(inline(parse(text.encode(), "the new text"))) == _meaning(inlined)
    except GenerationError:
        return False


def _at(document: dict[str, Any], pointer: str) -> Any:
    """Return the value at a place, None if there is none, which naming reports later."""
    try:
        return find(document, pointer)
    except GenerationError:
        return None


def _used(document: dict[str, Any], parts: Any) -> set[tuple[str, str]]:
    """Return the components that parts of a document refer to, by kind and name."""
    found: set[tuple[str, str]] = set()
    left = [parts]
    while left:
        node = left.pop()
        if isinstance(node, dict) and isinstance(node.get("$ref"), str):
            kind, name = node["$ref"].split("/")[-2:]
            target = document.get("components", {}).get(kind, {}).get(name)
            if (kind, name) not in found and target is not None:
                found.add((kind, name))
                left.append(target)
        elif isinstance(node, dict | list):
            left.extend(node.values() if isinstance(node, dict) else node)
    return found
