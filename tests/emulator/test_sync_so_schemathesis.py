"""The emulated sync.so against its spec, by schemathesis: every check is on, for every operation, over real sockets."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml
from schemathesis.checks import CHECKS, load_all_checks

from mirelo_ergo.emulator import Emulator, running
from mirelo_ergo.emulator.services.sync_so.service import SyncSo
from tests.emulator.conformance import OPENAPI, PHASES, Excuse, Service, loopback_only, run, write_auth
from tests.emulator.sounds import wav_bytes
from tests.emulator.support import answering, encode_clip, sending, tone
from tests.emulator.sync_so import SyncApi, batch_file, spoken
from tests.emulator.test_schemathesis import EXAMPLES, NOBODY
from tests.support.specs import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

UNKNOWN = "3b2e7a54-5c3b-4a1d-9d8e-2f1c6b7a8d90"
GENERATE, BATCH, ANY = "/v2/generate", "/v2/batch", "/v2/generate/{id}"
FILM = {"type": "video", "url": "https://clips.example.com/talk.mp4"}
PAIR = [FILM, spoken()]
COUNTED = "x-limits-when: how many inputs of a kind there may be"


def excused(message: str, reason: str, path: str = GENERATE, status: int = 400, **given: Any) -> Excuse:
    phrase = {400: "Bad Request", 422: "Unprocessable Entity", 402: "Payment Required"}[status]
    return Excuse(status, phrase, message, reason, path, **given)


def creating(message: str, reason: str, status: int = 400, **body: Any) -> Excuse:
    return excused(message, reason, status=status, body={"model": "lipsync-2", "input": PAIR, **body})


EXCUSES = (
    excused(
        "^(input|options) is .*, which is not JSON$",
        "a form's texts are JSON",
        status=422,
        body={"form": {"model": "lipsync-2", "options": ""}},
    ),
    excused("^input has to be a file whose name", "a form's schema knows no names of files", BATCH, body={}),
    excused(
        "^cursor is .*, which is not (a cursor|an item) of this",
        "it is of an answer",
        "/v2/assets",
        query={"cursor": "c"},
    ),
    excused("^cursor needs limit$", "one parameter needs another", "/v2/generations", query={"cursor": "c"}),
    excused("^include and wait cannot", "of two only one", ANY, query={"include": "progress", "wait": "true"}),
    excused("^include is .*: only progress is known$", "the spec leaves it open", ANY, query={"include": "smell"}),
    excused(
        "^url is .*: (nothing was uploaded to it|it has to be an http)",
        "a URL leads to something",
        "/v2/assets",
        body={"url": "u", "type": "VIDEO"},
    ),
    creating("^the number of .* in input is", COUNTED, input=[FILM]),
    creating("needs exactly one of url, assetId$", "x-one-of-fields", input=[{"type": "video"}, spoken()]),
    creating(r"^options\.\w+ is .*: it has to be left out", "x-limits-when", options={"prompt": "happy"}),
    creating("^model is .*: it has to be one of", "the spec leaves the models open", model="lipsync-9"),
    creating("^segments is empty", "a list of nothing says nothing", input=[FILM, spoken(refId="a")], segments=[]),
    creating("needs a refId of its own$", "one item asks for a field of another", segments=[]),
    creating(
        r"^segments\.\d+(\.audioInput)? goes from .* to .*: it has to begin at 0 or later",
        "one field is the bound of another",
        input=[FILM, spoken(refId="a")],
        segments=[{"startTime": 2, "endTime": 1, "audioInput": {"refId": "a"}}],
    ),
    creating(
        r"^segments\.\d+\.audioInput\.refId is .*, which no input has$",
        "one item names another",
        input=[FILM, spoken(refId="a")],
        segments=[{"startTime": 0, "endTime": 1, "audioInput": {"refId": "b"}}],
    ),
    creating(
        "it needs both or none$",
        "two fields come together",
        input=[FILM, spoken(refId="a")],
        segments=[{"startTime": 0, "endTime": 1, "audioInput": {"refId": "a", "startTime": 0}}],
    ),
    creating(
        "^webhookUrl is .*: (it has to be an https URL|Port|.* IPv6)",
        "the contract rejects plain http",
        webhookUrl="http://127.0.0.1/",
    ),
    creating("^webhookUrl leads to ", "an emulator calls no stranger back", webhookUrl="https://hooks.example.org/"),
    *(
        excused(
            f"^there is no {what} ",
            "no schema can tell which there are",
            "/v2/analyze/cost",
            body={"model": "lipsync-2", "input": PAIR, **body},
        )
        for what, body in (
            ("asset", {"input": [{"type": "video", "assetId": "a"}, spoken()]}),
            ("project", {"projectId": UNKNOWN}),
            ("dialogue edit", {"dialogueEdit": {"id": UNKNOWN}}),
        )
    ),
    creating("^there is no asset ", "which there are", 422, input=[{"type": "video", "assetId": "a"}, spoken()]),
    creating("^there is no project ", "which there are", 422, projectId=UNKNOWN),
    creating("^there is no dialogue edit ", "which there are", 422, dialogueEdit={"id": UNKNOWN}),
    excused(
        "^(the (clip|video|image|audio|sound|picture) .*|(video|image|audio)\\..*)",
        "what a URL leads to is not in the request",
        "/v2/analyze/cost",
        body={"model": "lipsync-2", "input": [{"type": "video", "url": "mailto:x@example.com"}, spoken()]},
    ),
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Emulator, str]]:
    """Jobs take no time; nothing but this process can be reached."""
    path = tmp_path_factory.mktemp("stage") / "clip.mp4"
    encode_clip(path, codec="libx264", container="mp4", milliseconds=300)
    clip, sound = path.read_bytes(), wav_bytes(tone(440, 200))

    def answer(handler: BaseHTTPRequestHandler) -> None:
        sending(clip if ".mp4" in handler.path else sound)(handler)

    with loopback_only(), answering(answer) as media, running(speed=1e6, credits=10**9) as emulator:
        emulator.service(SyncSo).plan = "enterprise"
        yield emulator, media


def document(emulator: Emulator, media: str) -> dict[str, Any]:
    """Read the spec with examples of what is there."""
    text = (OPENAPI / "sync-so.yaml").read_text()
    for host in ("clips", "files", "uploads"):
        text = text.replace(f"https://{host}.example.com/", f"{media}/")
    spec: dict[str, Any] = read_yaml(text.replace("https://hooks.example.com/", NOBODY))
    with SyncApi(emulator) as api:
        film = api.upload(httpx.get(f"{media}/clip.mp4").content)
        project = api.http.post("/v2/projects", json={"name": "Talks"}).json()
        body = {"model": "lipsync-2", "input": [{"type": "video", "assetId": film["id"]}, spoken("A.")]}
        made = api.http.post(GENERATE, json=body).json()
        lines = {"input": ("lines.jsonl", batch_file(body))}
        batch = api.http.post(BATCH, files=lines).json()
        assert api.http.post(BATCH, files=lines, data={"dry_run": "true"}).json() == {"status": "VALIDATED"}
    for name, found in {"Generation": made, "Asset": film, "Project": project, "Batch": batch}.items():
        spec["components"]["parameters"][f"{name}Id"]["example"] = found["id"]
    create = spec["paths"][GENERATE]["post"]
    del create["parameters"]  # a key that comes again with another request is refused: see test_sync_so.py
    inside = spec["paths"]["/v2/projects/{id}/assets"]["post"]["requestBody"]["content"]["application/json"]
    inside["example"] = {"assetId": film["id"]}
    out = spec["paths"]["/v2/projects/{id}/assets/{assetId}"]["delete"]["parameters"][1]
    out["example"] = film["id"]
    return spec


@pytest.mark.no_cover  # tracing doubles its time, and the other tests run the same lines
def test_schemathesis_finds_nothing(stage: tuple[Emulator, str], tmp_path: Path) -> None:
    emulator, media = stage
    spec = document(emulator, media)
    statuses = ("400", "401", "404", "405", "422")
    service = Service("sync-so.yaml", "sync_so", "x-api-key", "{}", EXCUSES, statuses)
    keys = emulator.keys["sync_so"], f"{emulator.keys['sync_so']}-stranger"
    auth = write_auth(tmp_path / "auth.yaml", service, keys)
    report = run(service, copy.deepcopy(spec), service.url(emulator), auth, EXAMPLES)
    assert not report.failures, "\n\n".join(report.failures[:20])
    load_all_checks()
    assert {name for _, name in report.checks} == set(CHECKS.get_all_names())
    assert {phase for phase, _ in report.checks} == set(PHASES)
    succeeded = {operation for operation, status in report.statuses if 200 <= status < 300}
    operations = {f"{method.upper()} {path}" for path, item in spec["paths"].items() for method in item}
    assert operations - succeeded == {f"POST {BATCH}"}, "twenty lines that are in order are not made at random"


@pytest.mark.parametrize("excuse", EXCUSES, ids=lambda excuse: excuse.message)
def test_every_excuse_is_needed(stage: tuple[Emulator, str], excuse: Excuse) -> None:
    emulator, media = stage
    body = yaml.safe_load(yaml.safe_dump(excuse.body).replace("https://clips.example.com", media))
    with SyncApi(emulator) as api:
        if excuse.query is not None:
            made = api.create(*yaml.safe_load(yaml.safe_dump(PAIR).replace("https://clips.example.com", media))).json()
            answer = api.get(excuse.path.replace("{id}", made["id"]), **excuse.query)
        elif "form" in body:
            answer = api.http.post(excuse.path, data=body["form"], files={"video": ("a.mp4", b"abc")})
        elif excuse.path == BATCH:
            answer = api.http.post(BATCH, files={"input": ("input", b"abc")})
        else:
            answer = api.http.post(excuse.path, json=body)
    assert excuse in [each for each in EXCUSES if each.covers(answer.status_code, answer.text)], answer.text
