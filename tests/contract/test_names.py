"""Results of every service are saved under the names that were asked for, by both clients."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import pytest

from mirelo_ergo import (
    AsyncInferenceClient,
    AsyncMireloClient,
    AsyncPixazoClient,
    AsyncSyncSoClient,
    InferenceClient,
    InvalidRequestError,
    MireloClient,
    PixazoClient,
    SyncSoClient,
)
from mirelo_ergo.emulator import running
from tests.support.hurry import hurried
from tests.support.standins import inference_sh, mirelo_v3, sync_so

CLIP = Path(__file__).parents[2] / "examples" / "clip.mp4"


@attrs.frozen
class Case:
    """A service's results: how they are asked for, and how many there are."""

    name: str
    plain: type[Any]
    awaiting: type[Any]
    ask: Callable[[Any], Any]
    names: tuple[str, ...]
    """What `{stem}-{output}-{variant}-{n}` gives."""
    standin: ModuleType | None = None
    more: dict[str, Any] = attrs.field(factory=dict[str, Any])


CASES = [
    Case(
        "mirelo",
        MireloClient,
        AsyncMireloClient,
        lambda client: client.video_to_sfx("clip.mp4", duration_ms=1000, num_samples=2),
        ("clip-1-1-1.wav", "clip-2-2-2.wav"),
    ),
    Case(
        "mirelo v3",
        MireloClient,
        AsyncMireloClient,
        lambda client: client.text_to_sfx("two doors", duration_ms=4000, num_samples=2),
        (
            "two-doors-0-0-1.flac",
            "two-doors-0-0-1-speech.flac",
            "two-doors-0-1-2.flac",
            "two-doors-0-1-2-speech.flac",
        ),
        mirelo_v3,
        {"model": "sfx-2.0"},
    ),
    Case(
        "pixazo",
        PixazoClient,
        AsyncPixazoClient,
        lambda client: client.text_to_audio("two doors", duration=1, num_samples=2),
        ("two-doors-1-1-1.wav", "two-doors-2-2-2.wav"),
    ),
    Case(
        "sync_so",
        SyncSoClient,
        AsyncSyncSoClient,
        lambda client: client.lipsync("clip.mp4", "https://clips.example/voice.wav"),
        ("clip-1-1-1.mp4",),
        sync_so,
    ),
    Case(
        "inference_sh",
        InferenceClient,
        AsyncInferenceClient,
        lambda client: client.mmaudio("two doors", duration=1),
        ("two-doors-1-1-1.flac",),
        inference_sh,
    ),
]


@contextmanager
def served(case: Case) -> Iterator[dict[str, Any]]:
    """Return the arguments of a client for the service."""
    if case.standin is None:
        with running(speed=100) as emu, hurried(emu):
            yield {"api_key": emu.key, "base_url": emu.urls[case.name]}
        return
    with case.standin.Service() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield {"api_key": "sk-x", "base_url": server.url, "allow_private_hosts": True}
        server.shutdown()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_services_results_have_the_names_asked_for(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(CLIP, tmp_path)
    template = "{stem}-{output}-{variant}-{n}"

    async def awaiting(arguments: dict[str, Any]) -> list[Path]:
        async with case.awaiting(**arguments, **case.more) as client:
            saved: list[Path] = await (await case.ask(client).run()).download("awaited", name=template)
            return saved

    with served(case) as arguments:
        with case.plain(**arguments, **case.more) as client:
            result = case.ask(client).run()
            first = result.download("out", name=template)
            assert result.download("out", name=template) == first, "what is there and whole is kept"
            one = len([file for file in result.files if file.main]) == 1
            if one:
                assert result.save("own/name").with_suffix("") == Path("own/name")
            else:
                with pytest.raises(InvalidRequestError, match="results, not one"):
                    result.save("own/name.wav")
            data, told = result.bytes(), result.to_dict()
        assert asyncio.run(awaiting(arguments)) == [Path("awaited") / name for name in case.names]
    assert first == [Path("out") / name for name in case.names]
    assert [path.read_bytes() for path in first] == data
    assert [each["url"] for each in json.loads(json.dumps(told))["files"]] == [str(file.url) for file in result.files]
