"""The emulator has no import cycles, annotations included."""

from __future__ import annotations

import grimp

EMULATOR = "mirelo_ergo.emulator"


def test_no_circle_of_files() -> None:
    graph = grimp.build_graph("mirelo_ergo", cache_dir=None)
    own = {module for module in graph.modules if module.startswith(f"{EMULATOR}.")}
    imports = [(module, found) for module in own for found in graph.find_modules_directly_imported_by(module) & own]
    assert len(imports) > 200
    circles = [(a, b) for a, b in imports if graph.find_shortest_chain(importer=b, imported=a) is not None]
    assert circles == []
