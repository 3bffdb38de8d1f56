"""Reads the rows of a YAML manifest one at a time, without loading the whole list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.events import DocumentStartEvent, SequenceEndEvent, SequenceStartEvent, StreamEndEvent, StreamStartEvent
from yaml.nodes import MappingNode, ScalarNode, SequenceNode
from yaml.resolver import Resolver

from .checking import Mistakes

_TEXT: Final = "tag:yaml.org,2002:str"
_NULL: Final = "tag:yaml.org,2002:null"
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def yaml_rows(file: BinaryIO, mistakes: Mistakes) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the mappings in a YAML list, with the lines on which they begin."""
    rows = _Rows(yaml.parse(file, Loader=_PARSER))
    try:
        for line, fields, twice in rows.each():
            if twice is not None:
                mistakes.add(line, f"{twice[:60]!r} is in it twice")
            elif isinstance(fields, dict):
                yield line, {str(name): value for name, value in fields.items()}
            else:
                mistakes.add(line, f"it is {type(fields).__name__}, not a mapping such as id: …")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
        mistakes.add(None if mark is None else mark.line + 1, f"it is not YAML: {problem}; the rest was not read")


class _Rows(Composer, SafeConstructor, Resolver):
    """Constructs one entry after the other from a stream of events."""

    def __init__(self, events: Iterator[Any]) -> None:
        Composer.__init__(self)
        SafeConstructor.__init__(self)
        Resolver.__init__(self)
        self._events = events
        self._next: Any = None

    def peek_event(self) -> Any:
        if self._next is None:
            self._next = next(self._events)
        return self._next

    def get_event(self) -> Any:
        event, self._next = self.peek_event(), None
        return event

    def check_event(self, *kinds: Any) -> bool:
        return isinstance(self.peek_event(), kinds)

    def each(self) -> Iterator[tuple[int, Any, str | None]]:
        """Yield each entry of the list with its line, and with a name that a mapping in it has twice."""
        while self.check_event(StreamStartEvent, DocumentStartEvent):
            self.get_event()
        if self.check_event(StreamEndEvent):
            return
        if not self.check_event(SequenceStartEvent):
            raise yaml.MarkedYAMLError(problem="it is not a list of items", problem_mark=self.peek_event().start_mark)
        self.get_event()
        while not self.check_event(SequenceEndEvent):
            node: Any = self.compose_node(None, None)  # type: ignore[arg-type]
            _keep_text(node)
            twice = _twice(node)  # before construction, which merges mappings
            yield node.start_mark.line + 1, self.construct_document(node), twice
        self.get_event()
        self.get_event()
        if not self.check_event(StreamEndEvent):
            raise yaml.MarkedYAMLError(
                problem="it has a second document, and one list holds all items",
                problem_mark=self.peek_event().start_mark,
            )


def _twice(entry: Any) -> str | None:
    """Return a name that a mapping in an entry has twice, None if there is none. YAML would take its last value."""
    todo, seen = [entry], set[int]()
    while todo:
        node = todo.pop()
        if id(node) in seen:  # an alias of what is there already
            continue
        seen.add(id(node))
        if isinstance(node, MappingNode):
            names: list[str] = [key.value for key, _ in node.value if isinstance(key, ScalarNode)]
            if len(set(names)) < len(names):
                return next(name for name in names if names.count(name) > 1)
            todo += [each for pair in node.value for each in pair]
        elif isinstance(node, SequenceNode):
            todo += node.value
    return None


def _keep_text(node: Any) -> None:
    """Read an entry's id and file name as they are written: as YAML's numbers 007 would be 7, and 1:30 would be 90."""
    for key, value in node.value if isinstance(node, MappingNode) else ():
        if key.value in ("id", "out") and isinstance(value, ScalarNode) and value.tag != _NULL:
            value.tag = _TEXT
