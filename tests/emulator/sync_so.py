"""What the tests of the emulated sync.so share: a client over plain httpx that holds every answer to the spec."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import httpx
import jsonschema

from tests.emulator.gateway import nulls
from tests.emulator.support import put
from tests.support.specs import vendored

if TYPE_CHECKING:
    from mirelo_ergo.emulator import Emulator

SPEC = vendored("sync-so")
RESULT = re.compile(r"/v2/batches/[^/]+/result|/store/.*")
SCRIPT = "Good evening, and welcome."


def spoken(script: str = SCRIPT, **more: Any) -> dict[str, Any]:
    """Return an input of the placeholder voice."""
    return {"type": "text", "provider": {"name": "elevenlabs", "voiceId": "v", "script": script}, **more}


class SyncApi:
    """Speak to an emulator's sync.so; every JSON answer has to fit the spec's schema for its status."""

    def __init__(self, emu: Emulator, key: str | None = None) -> None:
        self.emu = emu
        self.http = httpx.Client(
            base_url=emu.urls["sync_so"],
            headers={"x-api-key": emu.keys["sync_so"] if key is None else key},
            event_hooks={"response": [_fits_the_spec]},
            timeout=30,
            verify=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.http.get(path, params=query)

    def upload(self, data: bytes, kind: str = "VIDEO", name: str = "talk.mp4", **more: Any) -> dict[str, Any]:
        """Upload a file and register it; return the asset."""
        content_type = {"VIDEO": "video/mp4", "AUDIO": "audio/wav", "IMAGE": "image/png"}[kind]
        sent = {"fileName": name, "contentType": content_type, "size": len(data)}
        opened = self.http.post("/v2/assets/upload", json=sent)
        assert opened.status_code == 201, opened.text
        assert put(opened.json()["uploadUrl"], data, content_type=content_type).status_code == 200
        made = self.http.post("/v2/assets", json={"url": opened.json()["url"], "type": kind, **more})
        assert made.status_code == 201, made.text
        asset: dict[str, Any] = made.json()
        return asset

    def create(self, *inputs: dict[str, Any], key: str | None = None, **more: Any) -> httpx.Response:
        headers = {} if key is None else {"idempotency-key": key}
        return self.http.post(
            "/v2/generate", json={"model": "lipsync-2", "input": list(inputs), **more}, headers=headers
        )

    def finish(self, created: httpx.Response) -> dict[str, Any]:
        """Let the generation's time pass on the emulator's clock, and look at it."""
        assert created.status_code == 201, created.text
        self.emu.clock.advance(3600)
        found: dict[str, Any] = self.get(f"/v2/generate/{created.json()['id']}").json()
        return found

    def result(self, created: httpx.Response) -> bytes:
        """Return the file that a generation becomes."""
        done = self.finish(created)
        assert done["status"] == "COMPLETED", done
        return httpx.get(done["outputUrl"], verify=False).content


def batch_file(*payloads: dict[str, Any], count: int = 20) -> bytes:
    """Return the lines of a batch: the payloads, and then the last one again up to the count."""
    lines = [*payloads, *[payloads[-1]] * (count - len(payloads))]
    return b"".join(
        json.dumps({"request_id": f"r{number}", "endpoint": "/v2/generate", "payload": payload}).encode() + b"\n"
        for number, payload in enumerate(lines)
    )


def error_of(response: httpx.Response) -> tuple[int, str | None]:
    return response.status_code, response.json().get("errorCode")


def _fits_the_spec(response: httpx.Response) -> None:
    response.read()
    path = urlsplit(str(response.request.url)).path
    templates = sorted(SPEC["paths"], key=lambda template: "{" in template)
    fitting = [each for each in templates if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", each), path)]
    operations = [SPEC["paths"][each].get(response.request.method.lower()) for each in fitting]
    operation = next(filter(None, operations), None)
    if operation is None:
        assert response.status_code in (302, 404, 405), path
        return
    answer: Any = operation["responses"].get(str(response.status_code))
    if answer is None:
        assert response.status_code == 400, f"{path} answers {response.status_code}, which its operation does not know"
        answer = {"$ref": "#/components/responses/BadRequest"}
    while "$ref" in answer:
        answer = SPEC["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    if "application/json" not in answer.get("content", {}):
        return
    jsonschema.Draft202012Validator(
        nulls({**answer["content"]["application/json"]["schema"], "components": SPEC["components"]}),
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    ).validate(response.json())
    if not response.is_success:
        assert response.json()["statusCode"] == response.status_code
