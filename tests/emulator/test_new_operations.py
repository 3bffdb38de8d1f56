"""An operation that the spec has gained and the emulator does not play: it is refused by name, and all others work."""

from __future__ import annotations

import attrs
import httpx
import pytest

from mirelo_ergo.emulator import running
from mirelo_ergo.emulator.services import registry


@pytest.mark.parametrize("name", sorted(registry.SERVICES))
def test_a_new_operation_is_refused_by_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service = registry.SERVICES[name]
    known = service.operations()
    path = {"mirelo": "/v2/usage", "mirelo_v3": "/v3/usage"}.get(name, "/usage")
    new = attrs.evolve(known[0], id="getUsage", method="GET", path=path, query=(), headers=(), bodies={})
    monkeypatch.setattr(service, "operations", classmethod(lambda _: (*known, new)))
    monkeypatch.setattr(registry, "_lookup", registry._lookup.__wrapped__)  # what it found before is kept
    with running() as emulator:
        key = {service.key_header: f"{service.key_scheme} {service.written_key(emulator.key)}".strip()}
        refused = httpx.get(emulator.urls[name] + path, headers=key)
        assert refused.status_code in (500, 501), "some services' errors have few statuses"
        assert f"the emulator does not play getUsage (GET {path}) yet" in refused.text
        assert httpx.get(emulator.urls[name] + path).status_code == 401
