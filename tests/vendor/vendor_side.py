"""Run one scenario with the vendor's SDK: `vendor_side.py NAME JSON-ARGUMENTS`, the outcome as JSON on stdout.

Runs in the environment of `.bench/vendor`, which has nothing of ours; standard library and the SDK only.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

mirelo: Any = importlib.import_module("mirelo")  # not in the environment that the type checkers see

KEY = "sk-comparison"


def _client(url: str, **options: Any) -> Any:
    return mirelo.MireloClient(KEY, base_url=url, **{"backoff_ms": 1, **options})


def submit(url: str, prompt: str = "rain", duration_ms: Any = 2000, **options: Any) -> str:
    with _client(url, **options) as client:
        job_id: str = client.text_to_sfx(prompt, duration_ms=duration_ms).submit_job().job_id
        return job_id


def wait(url: str, **options: Any) -> list[str]:
    with _client(url, **options) as client:
        urls: list[str] = client.text_to_sfx("rain").submit_job().wait(poll_interval_ms=20).result_urls
        return urls


def me(url: str, **options: Any) -> dict[str, float]:
    began = time.monotonic()
    with _client(url, **options) as client:
        return {"credits": client.me().credits_available, "seconds": time.monotonic() - began}


def upload(url: str, path: str, **options: Any) -> int:
    """Upload a file, which only goes as bytes, and return the peak of Python's memory for it."""
    with _client(url, **options) as client:
        tracemalloc.start()
        client.video_to_sfx(mirelo.Video.from_bytes(Path(path).read_bytes()), duration_ms=5000).submit_job()
        return tracemalloc.get_traced_memory()[1]


def surface() -> dict[str, Any]:
    """Return what the package offers."""
    folder = Path(mirelo.__file__).parent
    exported = [getattr(mirelo, name) for name in mirelo.__all__]
    return {
        "version": importlib.import_module("importlib.metadata").version("mirelo-sdk"),
        "client": sorted(name for name in dir(mirelo.MireloClient) if not name.startswith("_")),
        "result": sorted(name for name in mirelo.SyncResult.__annotations__),
        "sources": sorted(name for name in dir(mirelo.Video) if name.startswith("from_")),
        "errors": sorted(kind.__name__ for kind in exported if isinstance(kind, type) and issubclass(kind, Exception)),
        "py.typed": (folder / "py.typed").exists(),
    }


def main() -> None:
    name, arguments = sys.argv[1], json.loads(sys.argv[2])
    try:
        outcome: dict[str, Any] = {"result": globals()[name](**arguments)}
    except Exception as error:
        outcome = {
            "raised": type(error).__name__,
            "is_mirelo_error": isinstance(error, mirelo.MireloError),
            "code": getattr(error, "code", None),
            "http_status": getattr(error, "http_status", None),
        }
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
