"""Go the way of the vendor's SDK `inferencesh` against an emulator: `inference_side.py blocking|async JSON`.

Prints what it saw as JSON. Runs in the environment of `.bench/vendor`, which has nothing of ours; standard library and
the SDK only. Each step is written once, for both clients: `settled` awaits what has to be awaited.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

sdk: Any = importlib.import_module("inferencesh")  # not in the environment that the type checkers see

CLIENTS = {"blocking": "Inference", "async": "AsyncInference"}
MMAUDIO, CHOIR = "infsh/mmaudio", "emulator/choir"


async def settled(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


async def collected(stream: Any) -> list[dict[str, Any]]:
    """Read a stream of either client to its end."""
    stream = await settled(stream)
    if hasattr(stream, "__aiter__"):
        return [update async for update in stream]
    return list(stream)


async def failure(action: Any) -> dict[str, Any]:
    """Return what the SDK says of a call that has to fail."""
    try:
        await settled(action())
    except Exception as error:
        told = {"type": type(error).__name__, "text": str(error)}
        return {**told, "status": getattr(error, "status_code", None), "code": getattr(error, "code", None)}
    raise AssertionError("it did not fail")


def head(output: Any, name: str) -> str:
    """Fetch a file of an output as anyone would, and return how it begins."""
    file = output[name]
    with urllib.request.urlopen(file if isinstance(file, str) else file["uri"], timeout=30) as answer:
        return bytes(answer.read(8)).hex()


def control(given: dict[str, Any], path: str, body: dict[str, Any]) -> None:
    """Ask something of the emulator itself."""
    data = json.dumps(body).encode()
    asked = urllib.request.Request(f"{given['control']}/_emulator/{path}", data, {"content-type": "application/json"})
    urllib.request.urlopen(asked, timeout=30).close()


async def runs(client: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Run and wait; run and come back later; watch."""
    waited = await settled(client.run({"app": MMAUDIO, "input": {"prompt": "rain", "duration": 1.5}}))
    started = await settled(client.tasks.run({"app": MMAUDIO, "input": {"prompt": "wind", "duration": 1}}, wait=False))
    ended = await settled(client.wait_for_completion(started["id"], timeout=30))
    looked = (await settled(client.get_task(started["id"]))).data
    stream = await settled(client.run({"app": MMAUDIO, "input": {"prompt": "hail", "duration": 60}}, stream=True))
    updates = await collected(stream)
    again = await collected(client.tasks.stream(started["id"]))
    return {
        "waited": head(waited["output"], "audio_output"),
        "started": started["status"],
        "ended": [ended["status"], looked["status"], ended["output"]["sampling_rate"]],
        "statuses": [update["status"] for update in updates],
        "result": head(stream.result["output"], "audio_output"),
        "again": again[-1]["status"],
    }


async def uploads(client: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Upload in each of its ways, by itself and within an input."""
    path = given["clip"]
    by_path = await settled(client.files.upload(path))
    options = sdk.UploadFileOptions(filename="a.mp4", content_type="video/mp4", public=True)
    by_bytes = await settled(client.upload_file(Path(path).read_bytes(), options))
    by_uri = await settled(client.files.upload("data:text/plain;base64,bGEgbGEgbGE="))
    made = [
        await settled(client.run({"app": MMAUDIO, "input": {"prompt": "hits", "video_input": video, "duration": 6}}))
        for video in (by_path["uri"], path)
    ]
    sung = await settled(client.run({"app": CHOIR, "input": {"lines": ["la"], "score": by_uri["uri"]}}))
    return {
        "uris": [each["uri"] for each in (by_path, by_bytes, by_uri)],
        "heads": [[head(each["output"], name) for name in ("audio_output", "video_output")] for each in made],
        "durations": [each["output"]["duration"] for each in made],
        "received": sung["output"]["received"],
    }


async def tasks(client: Any, given: dict[str, Any]) -> dict[str, Any]:
    """List the files of a task, and delete them and it."""
    done = await settled(client.run({"app": MMAUDIO, "input": {"prompt": "hits", "video_input": given["clip"]}}))
    listed = (await settled(client.tasks.files(done["id"]))).data
    made = (await settled(client.tasks.files(done["id"], role="output"))).data
    deleted = (await settled(client.tasks.delete_files(done["id"], role="output"))).data
    await settled(client.tasks.delete(done["id"], files=True))
    control(given, "faults", {"operation": "runApp", "fault": {"kind": "stuck_job"}, "times": 1})
    stuck = await settled(client.run({"app": MMAUDIO, "input": {"prompt": "x"}}, wait=False))
    await settled(client.tasks.cancel(stuck["id"]))
    cancelled = (await settled(client.tasks.get(stuck["id"]))).data
    return {
        "roles": [each["role"] for each in listed],
        "made": len(made),
        "deleted": len(deleted["deleted"]),
        "gone": await failure(lambda: client.get_task(done["id"])),
        "cancelled": cancelled["status"],
        "waited": await failure(lambda: client.wait_for_completion(stuck["id"])),
    }


async def failures(client: Any, given: dict[str, Any]) -> dict[str, Any]:
    broken = {"app": MMAUDIO, "input": {"prompt": "a [generation_failed] drum"}}
    fault = {"kind": "status", "status": 412, "message": "a token is missing"}
    control(given, "faults", {"operation": "runApp", "fault": fault, "times": 1})
    needs = await failure(lambda: client.run({"app": MMAUDIO, "input": {"prompt": "x"}}))
    control(given, "services/inference_sh", {"unpaid": "rejected"})
    rejected = await failure(lambda: client.run({"app": MMAUDIO, "input": {"prompt": "x", "duration": 3000}}))
    control(given, "services/inference_sh", {"unpaid": "refused"})
    paid = await failure(lambda: client.run({"app": MMAUDIO, "input": {"prompt": "x", "duration": 3000}}))
    stranger = getattr(sdk, type(client).__name__)(api_key="no-key", base_url=given["url"])
    return {
        "failed": await failure(lambda: client.run(broken)),
        "needs": needs,
        "rejected": rejected,
        "paid": paid,
        "app": await failure(lambda: client.run({"app": "no/app", "input": {}})),
        "key": await failure(lambda: stranger.run(broken)),
        "file": await failure(lambda: client.files.upload("neither a path nor data")),
    }


async def sessions(client: Any, given: dict[str, Any]) -> dict[str, Any]:
    first = await settled(client.run({"app": MMAUDIO, "input": {"prompt": "x", "duration": 1}, "session": "new"}))
    again = {"app": MMAUDIO, "input": {"prompt": "x", "duration": 1}, "session": first["session_id"]}
    second = await settled(client.run(again))
    return {"same": first["session_id"] == second["session_id"] is not None}


STEPS = (runs, uploads, tasks, failures, sessions)


async def go(colour: str, given: dict[str, Any]) -> dict[str, Any]:
    """Go all steps with one client."""
    client = getattr(sdk, CLIENTS[colour])(api_key=given["key"], base_url=given["url"])
    seen: dict[str, Any] = {step.__name__: await step(client, given) for step in STEPS}
    parts = {"client": client, "tasks": client.tasks, "files": client.files}
    seen["surface"] = {name: [each for each in dir(part) if not each.startswith("_")] for name, part in parts.items()}
    seen["version"] = sdk.__version__
    return seen


if __name__ == "__main__":
    print(json.dumps(asyncio.run(go(sys.argv[1], json.loads(sys.argv[2])))))
