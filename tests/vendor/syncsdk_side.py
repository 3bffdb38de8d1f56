"""Run one scenario with sync.so's own SDK: `syncsdk_side.py NAME JSON-ARGUMENTS`, the outcome as JSON on stdout.

Runs in the environment of `.bench/vendor`, which has nothing of ours; standard library and the SDK only.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import sys
from typing import Any

KEY = "sk-comparison"
SPACES = ("assets", "generations")
os.environ.pop("SYNC_API_KEY", None)
sync: Any = importlib.import_module("sync")  # not in the environment that the type checkers see
FILM = {"type": "video", "url": "https://clips.example/a.mp4"}
PAIR = [sync.Video(url="https://clips.example/a.mp4"), sync.Audio(url="https://clips.example/a.wav")]


def _client(url: str) -> Any:
    return sync.Sync(base_url=url, api_key=KEY)


def create(url: str, retries: int) -> str:
    options = {"max_retries": retries, "timeout_in_seconds": 5}
    made: str = _client(url).generations.create(model="lipsync-2", input=PAIR, request_options=options).id
    return made


def dry_run(url: str) -> str:
    options = {"max_retries": 3}
    made = _client(url).batch.create(input=("lines.jsonl", b"{}\n"), dry_run=True, request_options=options)
    return type(made).__name__


def files(url: str) -> str:
    options = sync.GenerationOptions(sync_mode="loop")
    made = _client(url).generations.create_with_files(
        model="lipsync-2", video=("a.mp4", b"film"), audio=("a.wav", b"sound"), options=options
    )
    return str(made.id)


def wrong(url: str) -> str:
    options = sync.GenerationOptions(temperature=2)
    return str(_client(url).generations.create(model="lipsync-2", input=PAIR, options=options).id)


def nothing(url: str) -> str:
    made = _client(url).generations.create(model="lipsync-2", input=PAIR, webhook_url=None, output_file_name=None)
    return str(made.id)


def listed(url: str) -> list[str]:
    page = _client(url).assets.list(limit=1)
    return [each.id for each in page.items]


def models(url: str) -> int:
    return len(_client(url).models.list())


def failed(url: str) -> dict[str, Any]:
    found = _client(url).generations.get("g1")
    return {"error_code": found.error_code, "input": [type(each).__name__ for each in found.input]}


def by_id(url: str) -> str:
    return str(_client(url).assets.get("../models").id)


def late_key(url: str) -> str:
    os.environ["SYNC_API_KEY"] = KEY
    sync.Sync(base_url=url)
    return "made"


def surface() -> dict[str, Any]:
    client = _client("http://127.0.0.1:1")
    spaces = {name: [each for each in dir(getattr(client, name)) if each[0] != "_"] for name in SPACES}
    return {
        "version": importlib.import_module("importlib.metadata").version("syncsdk"),
        "client": sorted(name for name in dir(client) if not name.startswith("_")),
        **spaces,
        "create": sorted(inspect.signature(client.generations.create).parameters),
    }


def main(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"result": globals()[name](**arguments)}
    except Exception as error:
        return {"raised": type(error).__name__, "http_status": getattr(error, "status_code", None)}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], json.loads(sys.argv[2]))))
