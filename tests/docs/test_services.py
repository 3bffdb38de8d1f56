"""The README's table of services is what the package says of itself."""

from __future__ import annotations

import re
from pathlib import Path

import mirelo_ergo
from mirelo_ergo.inference_sh.service import INFERENCE_SH
from mirelo_ergo.mirelo.service import MIRELO
from mirelo_ergo.pixazo.service import PIXAZO
from mirelo_ergo.sync_so.service import SYNC_SO

README = (Path(__file__).parents[2] / "README.md").read_text()
ROW = re.compile(r"^\| `(\w+)` \| `(\w+)`, `(\w+)` \| `(\w+)` \| (.+) \|$", re.MULTILINE)


def test_the_table_of_services() -> None:
    keys = {service.name: service.key_variable for service in (MIRELO, PIXAZO, SYNC_SO, INFERENCE_SH)}
    rows = {name: (key, frozenset(re.findall(r"`(\w+)`", makes))) for name, _, _, key, makes in ROW.findall(README)}
    assert rows == {name: (keys[name], makes) for name, makes in mirelo_ergo.capabilities().items()}


def test_each_client_makes_what_its_row_says() -> None:
    rows = ROW.findall(README)
    assert rows
    for _, plain, awaited, _, makes in rows:
        assert awaited == f"Async{plain}"
        for name in re.findall(r"`(\w+)`", makes):
            assert callable(getattr(getattr(mirelo_ergo, plain), name))
            assert callable(getattr(getattr(mirelo_ergo, awaited), name))
