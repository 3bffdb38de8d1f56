"""Speak to the emulator's v3 over plain httpx; every JSON answer has to fit the spec's schema for its status."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import httpx
from openapi_schema_validator import OAS30Validator

from tests.support.specs import vendored

if TYPE_CHECKING:
    from mirelo_ergo.emulator import Emulator

SPEC = vendored("mirelo-v3")
TEXT, VIDEO = "/v3/text-to-sfx/generations", "/v3/video-to-sfx/generations"
EXTEND, INPAINT = "/v3/extend/edits", "/v3/inpaint/edits"


class Api:
    """One key's way to speak to v3."""

    def __init__(self, emu: Emulator, key: str | None = None) -> None:
        self.emu = emu
        self.http = httpx.Client(
            base_url=emu.url,
            headers={"authorization": f"Bearer {emu.key if key is None else key}"},
            event_hooks={"response": [_fits_the_spec]},
            timeout=30,
            verify=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def create(self, path: str, body: object, key: str | None = None, **query: int) -> httpx.Response:
        headers = {} if key is None else {"idempotency-key": key}
        return self.http.post(path, json=body, headers=headers, params=query)

    def finish(self, path: str, body: object) -> dict[str, Any]:
        """Create a job, let its time pass on the emulator's clock, and read it."""
        created = self.create(path, body)
        assert created.status_code == 202, created.text
        self.emu.clock.advance(10 * created.json()["estimated_ms"] / 1000)
        job: dict[str, Any] = self.http.get(f"{path}/{created.json()['id']}").json()
        return job

    def open(self, content_type: str = "video/mp4") -> dict[str, Any]:
        answer = self.http.post("/v3/assets", json={"content_type": content_type})
        assert answer.status_code == 201, answer.text
        opened: dict[str, Any] = answer.json()
        return opened

    def upload(self, data: bytes, content_type: str = "video/mp4") -> dict[str, str]:
        opened = self.open(content_type)
        assert post_form(opened, data, content_type).status_code == 204
        return {"type": "asset", "id": opened["id"]}


def post_form(opened: dict[str, Any], data: bytes, content_type: str = "video/mp4") -> httpx.Response:
    """Post an asset's bytes as its form says, without a key."""
    files: list[tuple[str, Any]] = [(name, (None, value)) for name, value in opened["fields"].items()]
    files.append(("file", ("upload", data, content_type)))
    return httpx.post(opened["upload_url"], files=files, verify=False)


def text(**fields: Any) -> dict[str, Any]:
    """Return the body of a sound from a text."""
    return {"model": "sfx-2.0", "num_variants": 1, "duration_ms": 1000, "input": {"prompt": "rain"}, **fields}


def files_of(job: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the files of each variant of a job's first output."""
    result = job["result"]
    output = result["outputs"][0] if "outputs" in result else result["output"]
    return [variant["files"] for variant in output["variants"]]


def error_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def _fits_the_spec(response: httpx.Response) -> None:
    response.read()
    path = urlsplit(str(response.request.url)).path
    templates = sorted(SPEC["paths"], key=lambda template: "{" in template)
    for template in templates:
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            answer = SPEC["paths"][template][response.request.method.lower()]["responses"][str(response.status_code)]
            break
    else:
        raise AssertionError(f"the spec has no {path}")
    while "$ref" in answer:
        answer = SPEC["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    schema = {**answer["content"]["application/json"]["schema"], "components": SPEC["components"]}
    OAS30Validator(schema).validate(response.json())
