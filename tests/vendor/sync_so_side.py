"""Make every call of sync.so's SDK with every parameter: `sync_so_side.py MODULE blocking|async JSON`, as JSON.

MODULE is the vendor's `sync`, in the environment of `.bench/vendor`, or `mirelo_ergo.sync_so`: nothing else differs.
Standard library and that module only. Each step is written once, for both clients: `settled` awaits what has to be.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sdk: Any = importlib.import_module(sys.argv[1])
CLIENTS = {"blocking": "Sync", "async": "AsyncSync"}
NAMESPACES = ("assets", "batch", "generations", "models")
PATIENCE = 60.0


async def settled(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def once() -> dict[str, Any]:
    """Options of one call, as the reference has them."""
    return {
        "timeout_in_seconds": 20,
        "max_retries": 0,
        "additional_headers": {"X-Trace": "7"},
        "additional_query_parameters": {"trace": "8"},
    }


def fetched(url: str) -> str:
    """Fetch a result as anyone would who has its URL; return its first bytes."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        return bytes(answer.read()[:12]).hex()


async def until(look: Any, ends: tuple[str, ...]) -> Any:
    limit = time.monotonic() + PATIENCE
    while (found := await settled(look())).status not in ends:
        assert time.monotonic() < limit, found
        await asyncio.sleep(0.05)
    return found


def items(listed: Any) -> Any:
    """Return the first page of generations: a list of the vendor's, a page with more behind it of ours."""
    return getattr(listed, "items", listed)


def inputs(given: dict[str, Any]) -> list[Any]:
    """Return a video, a sound and a placeholder voice, each as a type of the SDK."""
    voice = sdk.ElevenLabs(voice_id="v", script="Good evening.", stability=0.5, similarity_boost=0.7)
    return [
        sdk.Video(asset_id=given["film"]),
        sdk.Audio(asset_id=given["sound"], ref_id="a"),
        sdk.Tts(provider=voice, ref_id="b"),
    ]


def creation(given: dict[str, Any]) -> dict[str, Any]:
    """Return every argument of `generations.create`."""
    speaker = sdk.ActiveSpeaker(auto_detect=False, frame_number=1, coordinates=[10, 20])
    first = sdk.SegmentAudioInput(ref_id="a", start_time=0.0, end_time=0.3)
    return {
        "model": "react-1",
        "input": inputs(given),
        "options": sdk.GenerationOptions(
            sync_mode="loop",
            model_mode="lips",
            prompt="happy",
            temperature=0.3,
            active_speaker_detection=speaker,
            occlusion_detection_enabled=True,
        ),
        "segments": [
            sdk.GenerationSegment(start_time=0.0, end_time=0.4, audio_input=first),
            sdk.GenerationSegment(start_time=0.5, end_time=1.0, audio_input=sdk.SegmentAudioInput(ref_id="b")),
        ],
        "output_file_name": "take_1",
    }


async def models(client: Any, given: dict[str, Any]) -> dict[str, Any]:
    found = await settled(client.models.list(request_options=once()))
    return {"models": [[each.id, each.name, each.type, each.version, each.description] for each in found]}


async def assets(client: Any, given: dict[str, Any]) -> dict[str, Any]:
    page = await settled(
        client.assets.list(
            project_id=given["project"],
            limit=1,
            search_query="talk",
            sort_by="nameAsc",
            types=["VIDEO", "IMAGE"],
            request_options=once(),
        )
    )
    first = await settled(client.assets.list(limit=1, sort_by="dateAsc"))
    second = await settled(client.assets.list(limit=1, sort_by="dateAsc", cursor=first.next_cursor))
    one = await settled(client.assets.get(given["film"], request_options=once()))
    named = await settled(client.assets.get(id=given["sound"]))
    facts = ("id", "type", "visibility", "name", "size", "format", "input_type", "duration_seconds", "width", "height")
    return {
        "page": [[each.id for each in page.items], page.next_cursor, page.total_count],
        "two": [first.items[0].id, second.items[0].id],
        "one": [getattr(one, name) for name in facts],
        "times": [isinstance(one.created_at, datetime), one.created_at == one.updated_at],
        "named": named.id,
        "fetched": fetched(one.url),
    }


async def generations(client: Any, given: dict[str, Any]) -> dict[str, Any]:
    arguments = {**creation(given), "request_options": once()}
    estimate = await settled(client.generations.estimate_cost(**arguments))
    made = await settled(client.generations.create(**arguments, webhook_url=given["hook"]))
    done = await until(lambda: client.generations.get(made.id), ("COMPLETED", "FAILED"))
    plain = await settled(
        client.generations.create(
            model="lipsync-2",
            input=[{"type": "video", "assetId": given["film"]}, {"type": "audio", "assetId": given["sound"]}],
        )
    )
    ended = await until(lambda: client.generations.get(id=plain.id, request_options=once()), ("COMPLETED", "FAILED"))
    listed = await settled(
        client.generations.list(
            status=["COMPLETED", "FAILED"], ids=[made.id, plain.id, "another"], request_options=once()
        )
    )
    return {
        "estimate": [[each.estimated_frame_count, each.estimated_generation_cost] for each in estimate],
        "made": [made.status, made.model, len(made.input), made.webhook_url == given["hook"]],
        "done": [done.status, done.output_duration, done.error, done.error_code, fetched(done.output_url)],
        "plain": [ended.status, ended.output_duration],
        "listed": [each.id for each in items(listed)] == [made.id, plain.id],
    }


async def files(client: Any, given: dict[str, Any]) -> dict[str, Any]:
    film, sound = (Path(given[name]).read_bytes() for name in ("film_path", "sound_path"))
    made = await settled(
        client.generations.create_with_files(
            model="lipsync-2",
            video=("talk.mp4", film, "video/mp4"),
            audio=("voice.wav", sound),
            request_options=once(),
        )
    )
    done = await until(lambda: client.generations.get(made.id), ("COMPLETED", "FAILED"))
    with Path(given["film_path"]).open("rb") as opened:  # noqa: ASYNC230 - as a user of the SDK would
        other = await settled(client.generations.create_with_files(model="lipsync-2", video=opened, audio=sound))
    ended = await until(lambda: client.generations.get(other.id), ("COMPLETED", "FAILED"))
    return {"made": made.status, "done": [done.status, fetched(done.output_url)], "other": ended.status}


async def batches(client: Any, given: dict[str, Any]) -> dict[str, Any]:
    lines = given["lines"].encode()
    checked = await settled(client.batch.create(input=("lines.jsonl", lines), dry_run=True, request_options=once()))
    made = await settled(client.batch.create(input=("lines.jsonl", lines), webhook_url=given["hook"]))
    done = await until(lambda: client.batch.get(made.id, request_options=once()), ("COMPLETED", "FAILED"))
    now = datetime.now(UTC)
    listed = await settled(
        client.batch.list(
            status="COMPLETED",
            created_after=now - timedelta(hours=1),
            created_before=now + timedelta(hours=1),
            request_options=once(),
        )
    )
    older = await settled(client.batch.list(created_before=now - timedelta(hours=1)))
    counts = done.metrics
    return {
        "checked": checked.status,
        "made": [made.status, made.output_url],
        "done": [done.status, counts.total_generations, counts.success_count, counts.failed_count],
        "output": bool(done.output_url),
        "listed": [each.id == made.id for each in listed],
        "older": older,
    }


STEPS = (models, assets, generations, files, batches)


async def go(colour: str, given: dict[str, Any]) -> dict[str, Any]:
    client = getattr(sdk, CLIENTS[colour])(base_url=given["url"], api_key=given["key"])
    seen: dict[str, Any] = {"surface": surface(client)}
    for step in STEPS:
        seen[step.__name__] = await step(client, given)
    return seen


def surface(client: Any) -> dict[str, dict[str, list[str]]]:
    """Tell what there is to call, and with which parameters."""
    return {
        name: {
            call: sorted(inspect.signature(getattr(namespace, call)).parameters)
            for call in dir(namespace)
            if not call.startswith(("_", "with_raw_response"))
        }
        for name, namespace in ((name, getattr(client, name)) for name in NAMESPACES)
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(go(sys.argv[2], json.loads(sys.argv[3])))))
