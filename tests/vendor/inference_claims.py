"""Run one scenario with the SDK `inferencesh`: `inference_claims.py NAME JSON-ARGUMENTS`, the outcome as JSON.

Runs in the environment of `.bench/vendor`, which has nothing of ours; standard library and the SDK only.
"""

from __future__ import annotations

import importlib
import json
import pathlib
import sys
import threading
import tracemalloc
from typing import Any

sdk: Any = importlib.import_module("inferencesh")  # not in the environment that the type checkers see

APP = "infsh/mmaudio"


def _client(given: dict[str, Any]) -> Any:
    return sdk.inference(api_key=given["key"], base_url=given["url"])


def _run(given: dict[str, Any], values: dict[str, Any], **options: Any) -> Any:
    return _client(given).run({"app": APP, "input": {"prompt": "rain", "duration": 1, **values}}, **options)


def run(**given: Any) -> Any:
    """Run with these values, and return the finished task."""
    return _run(given, given["values"])


def start(**given: Any) -> Any:
    return _run(given, given["values"], wait=False)["id"]


def start_with(**given: Any) -> Any:
    """Start a run whose clip is given as a path or as bytes."""
    path = pathlib.Path(given["path"])
    return _run(given, {"video_input": path if given["kind"] == "path" else path.read_bytes()}, wait=False)["id"]


def stream(**given: Any) -> Any:
    stream = _run(given, {}, stream=True, auto_reconnect=False)
    return {"updates": list(stream), "result": stream.result}


def upload(**given: Any) -> Any:
    return _client(given).files.upload(given["source"]).uri


def upload_peak(**given: Any) -> int:
    """Upload a file, and return the peak of Python's memory for it."""
    client = _client(given)
    tracemalloc.start()
    client.files.upload(given["path"])
    return tracemalloc.get_traced_memory()[1]


def wait(**given: Any) -> Any:
    """Wait with a time-out of half a second, and tell whether that had an end within three."""
    client, task_id = _client(given), _run(given, {}, wait=False)["id"]
    ended = threading.Event()

    def work() -> None:
        try:
            client.wait_for_completion(task_id, timeout=0.5)
        except TimeoutError:
            ended.set()

    threading.Thread(target=work, daemon=True).start()
    return ended.wait(3)


def main() -> None:
    name, arguments = sys.argv[1], json.loads(sys.argv[2])
    try:
        outcome: dict[str, Any] = {"result": globals()[name](**arguments)}
    except Exception as error:
        names = [attribute for attribute in ("job", "task", "task_id", "job_token") if getattr(error, attribute, None)]
        outcome = {"raised": type(error).__name__, "text": str(error), "leads_to": names}
    print(json.dumps(outcome))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
