"""The emulator against its own specs, by schemathesis: every check is on, for every operation, over real sockets.

`MIRELO_SCHEMATHESIS=100` plays a hundred random requests for each operation instead of a few, and leaves nothing out.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import attrs
import httpx
import jsonschema
import numpy as np
import pytest
from schemathesis.checks import CHECKS, load_all_checks

from mirelo_ergo.emulator import Emulator, running
from mirelo_ergo.emulator.media import clips, encoding
from mirelo_ergo.emulator.services.mirelo.service import Mirelo
from mirelo_ergo.emulator.spec.formats import FORMATS
from mirelo_ergo.emulator.spec.spec import check, load
from tests.emulator import sounds, v3
from tests.emulator.conformance import OPENAPI, PHASES, Excuse, Service, loopback_only, run, write_auth
from tests.emulator.support import Api, answering, encode_clip, put, sending
from tests.support.specs import read_yaml, vendored

EXAMPLES = int(os.environ.get("MIRELO_SCHEMATHESIS", "0")) or None
CREDITS = 10**9
NOBODY = "https://127.0.0.1:1/"  # may be called back, but nobody listens
CLIP_MS, SOUND_MS = 95_000, 6_000  # long enough for the specs' own examples

TEXT, EXTEND, INPAINT, VIDEO = sounds.TEXT, sounds.EXTEND, sounds.INPAINT, sounds.VIDEO
SEGMENT = {"start_ms": 1000, "end_ms": 3000}
SOUND, CLIP = {"type": "asset", "asset_id": "ast_c40d17"}, {"type": "asset", "asset_id": "ast_3b91f0"}
UNBOUNDED = "a preflight's query has no bounds in the contract, and nothing can be told of this"
MIRELO = (
    Excuse(
        400,
        "invalid_request",
        "with loop true$",
        "x-limits-when: a bound that JSON Schema does not say here",
        f"{TEXT}/jobs",
        body={"prompt": "rain", "duration_ms": 2000, "loop": True},
    ),
    Excuse(
        400,
        "invalid_request",
        r"^segment\.end_ms - segment\.start_ms is",
        "x-limits-when: the width of a segment",
        f"{INPAINT}/jobs",
        body={"audio": SOUND, "segment": {"start_ms": 1000, "end_ms": 1500}},
    ),
    Excuse(
        400,
        "invalid_request",
        "with loop true and an audio of",
        "a loop has a minute at most together with its sound, which the request does not tell",
        f"{EXTEND}/jobs",
        body={"audio": {"type": "asset", "asset_id": "ast_long"}, "append_duration_ms": 30_000, "loop": True},
    ),
    Excuse(
        400,
        "invalid_request",
        "^(append_)?duration_ms is .*: it has to be 1 or more$",
        UNBOUNDED,
        f"{TEXT}/preflight",
        query={"duration_ms": 0},
    ),
    Excuse(
        400,
        "invalid_request",
        "^num_samples is .*: it has to be 1 or more$",
        UNBOUNDED,
        f"{TEXT}/preflight",
        query={"num_samples": -1},
    ),
    Excuse(
        400,
        "invalid_request",
        "^start_ms is .*: it has to be 0 or more$",
        UNBOUNDED,
        f"{INPAINT}/preflight",
        query={"start_ms": -1, "end_ms": 1},
    ),
    Excuse(
        400,
        "invalid_request",
        "^end_ms is .*: it has to be more than start_ms",
        UNBOUNDED,
        f"{INPAINT}/preflight",
        query={"start_ms": 2, "end_ms": 2},
    ),
    Excuse(
        400,
        "invalid_request",
        r"it may have 18 digits$",
        UNBOUNDED,
        f"{TEXT}/preflight",
        query={"duration_ms": 10**18},
    ),
    Excuse(
        400,
        "invalid_request",
        r"^(video|audio)\.\w+ is .*: (it has to be an http or https URL|Port)",
        "the format is that of any URI",
        f"{VIDEO}/jobs",
        body={"video": {"type": "url", "video_url": "mailto:foley@example.com"}, "duration_ms": 1000},
    ),
    Excuse(
        400,
        "video_url_unreachable",
        "^the video at .* cannot be read: ",
        "nothing answers there, or with no clip",
        f"{VIDEO}/jobs",
        body={"video": {"type": "url", "video_url": "http://192.0.2.1/clip.mp4"}, "duration_ms": 1000},
    ),
    Excuse(
        400,
        "audio_url_unreachable",
        "^the audio at .* cannot be read: ",
        "nothing answers there, or with no sound",
        f"{EXTEND}/jobs",
        body={"audio": {"type": "url", "audio_url": "https://sounds.example.com/"}, "append_duration_ms": 1000},
    ),
    Excuse(
        400,
        "video_format_unsupported",
        "^the clip (is|begins with) ",
        "what is there is no clip",
        f"{VIDEO}/jobs",
        body={"video": SOUND, "duration_ms": 1000},
    ),
    Excuse(
        400,
        "audio_format_unsupported",
        "^the audio (is|begins with) ",
        "what is there is no sound",
        f"{EXTEND}/jobs",
        body={"audio": {"type": "asset", "asset_id": "ast_text"}, "append_duration_ms": 1000},
    ),
    Excuse(
        400,
        "video_too_short",
        "^the clip has .* ms, asked for were ",
        "the request does not tell how long the clip is",
        f"{VIDEO}/jobs",
        body={"video": CLIP, "duration_ms": 1000, "start_offset_ms": CLIP_MS},
    ),
    Excuse(
        400,
        "audio_too_short",
        "^the audio has .* ms, ",
        "the request does not tell how long the sound is",
        f"{INPAINT}/jobs",
        body={"audio": SOUND, "segment": {"start_ms": SOUND_MS, "end_ms": SOUND_MS + 1000}},
    ),
    Excuse(
        422,
        "invalid_audio",
        "it has no sound stream$",
        "the clip that is sent as a sound is silent",
        f"{EXTEND}/jobs",
        body={"audio": CLIP, "append_duration_ms": 1000},
    ),
    Excuse(
        422,
        "invalid_asset",
        "^(there is no asset|nothing has been uploaded)",
        "no schema can tell which assets there are",
        f"{VIDEO}/jobs",
        body={"video": {"type": "asset", "asset_id": "ast_none"}, "duration_ms": 1000},
    ),
)

MUSIC, MIDI = "/v2/text-to-music/v1.0", "/v2/audio-to-midi/v1.0"
MADE_OTHERWISE = (
    Excuse(
        400,
        "invalid_request",
        "^time_signature is .*, which is none$",
        "which numerator goes with which denominator is told in words",
        f"{MIDI}/jobs",
        body={"audio": SOUND, "time_signature": {"numerator": 3, "denominator": 8}},
    ),
    Excuse(
        400,
        "invalid_request",
        "^instruments has to have entries, each once$",
        "that each is there once is told in words",
        f"{MIDI}/jobs",
        body={"audio": SOUND, "instruments": []},
    ),
    Excuse(
        400,
        "invalid_request",
        "^format is .*: it has to be one of wav",
        "which formats there are is not published",
        f"{MUSIC}/jobs",
        body={"prompt": "a waltz", "duration_ms": 1000, "format": "mid"},
    ),
    Excuse(
        400,
        "invalid_request",
        "^(duration_ms|num_samples) is .*: this emulator makes .* at most$",
        "music has no bounds in the contract, the emulator has some",
        f"{MUSIC}/jobs",
        body={"prompt": "a waltz", "duration_ms": 3_600_001},
    ),
)

V3_TEXT, V3_VIDEO = v3.TEXT, v3.VIDEO
AUDIO, PICTURE = {"type": "asset", "id": "ast_c40d17"}, {"type": "asset", "id": "ast_3b91f0"}
RANGES = "the ranges of a model are told by GET /v3/models, not by the spec"
MIRELO_V3 = (
    Excuse(
        400,
        "invalid_request",
        r"^(append_)?duration_ms is \d+: it has to be",
        RANGES,
        f"{V3_TEXT}/preflight",
        body=v3.text(duration_ms=1),
    ),
    Excuse(
        400,
        "invalid_region",
        r"^region_(start|width)_ms is \d+: it has to be",
        RANGES,
        v3.INPAINT,
        body={
            "model": "sfx-1.6",
            "num_variants": 1,
            "input": {"audio": AUDIO},
            "region": {"start_ms": 1, "end_ms": 2000},
        },
    ),
    Excuse(
        400,
        "invalid_region",
        r"^region\.end_ms is .*: it has to be more than start_ms$",
        "that a region ends after its beginning is not said in the spec",
        v3.INPAINT,
        body={"model": "sfx-1.6", "num_variants": 1, "input": {"audio": AUDIO}, "region": {"start_ms": 9, "end_ms": 9}},
    ),
    Excuse(
        400,
        "invalid_request",
        r"^input\.prompt has .* characters: ",
        RANGES,
        V3_TEXT,
        body=v3.text(input={"prompt": "x" * 2001}),
    ),
    Excuse(
        422,
        "capability_unsupported",
        r"^(sfx-2\.0 has no|output\.format is) ",
        "what a model lacks is told by GET /v3/models",
        V3_TEXT,
        body=v3.text(output={"format": "ogg"}),
    ),
    Excuse(
        422,
        "invalid_asset",
        r"^input\.(audio|video): there is no asset",
        "no schema can tell which assets there are",
        V3_VIDEO,
        body={
            "model": "sfx-2.0",
            "num_variants": 1,
            "duration_ms": 1000,
            "input": {"video": {"type": "asset", "id": "x"}},
        },
    ),
    Excuse(
        409,
        "asset_not_ready",
        r"^input\.(audio|video): nothing has come in",
        "an asset is opened before its bytes come",
        V3_VIDEO,
        body={
            "model": "sfx-2.0",
            "num_variants": 1,
            "duration_ms": 1000,
            "input": {"video": {"type": "asset", "id": "ast_opened"}},
        },
    ),
    Excuse(
        400,
        "video_too_short",
        "^the clip has .* ms, asked for were ",
        "the request does not tell how long the clip is",
        V3_VIDEO,
        body={
            "model": "sfx-2.0",
            "num_variants": 1,
            "duration_ms": 1000,
            "start_offset_ms": CLIP_MS,
            "input": {"video": PICTURE},
        },
    ),
    Excuse(
        400,
        "video_format_unsupported",
        "^the clip (is|begins with) ",
        "what is there is no clip",
        V3_VIDEO,
        body={"model": "sfx-2.0", "num_variants": 1, "duration_ms": 1000, "input": {"video": AUDIO}},
    ),
    Excuse(
        422,
        "invalid_audio",
        "it has no sound stream$",
        "the clip that is sent as a sound is silent",
        v3.EXTEND,
        body={"model": "sfx-1.6", "num_variants": 1, "append_duration_ms": 1000, "input": {"audio": PICTURE}},
    ),
    Excuse(
        400,
        "audio_too_short",
        "^the audio has .* ms, ",
        "the request does not tell how long the sound is",
        v3.INPAINT,
        body={
            "model": "sfx-1.6",
            "num_variants": 1,
            "input": {"audio": AUDIO},
            "region": {"start_ms": SOUND_MS, "end_ms": SOUND_MS + 1000},
        },
    ),
    Excuse(
        400,
        "invalid_request",
        r"^start_offset_ms is the start within input\.video",
        "an offset belongs to a video, which the spec says in words",
        v3.EXTEND,
        body={
            "model": "sfx-1.6",
            "num_variants": 1,
            "append_duration_ms": 1000,
            "start_offset_ms": 1,
            "input": {"audio": AUDIO},
        },
    ),
)

QUEUE = "/mirelo-sfx-video-to-audio/v1/mirelo-sfx-video-to-audio-request"
PIXAZO = (
    Excuse(
        400,
        "Bad Request",
        "^X-Webhook-URL is .*: it has to be an https URL$",
        "the contract rejects plain http, the format is that of any URI",
        QUEUE,
        body={"video_url": NOBODY},
        headers={"X-Webhook-URL": "http://127.0.0.1/"},
    ),
    Excuse(
        400,
        "Bad Request",
        "^X-Webhook-URL leads to .*: this emulator calls this machine only",
        "an emulator calls no stranger back",
        QUEUE,
        body={"video_url": NOBODY},
        headers={"X-Webhook-URL": "https://hooks.example.com/"},
    ),
    Excuse(
        400,
        "Bad Request",
        "^num_samples is .*: it has to be 1 or more$",
        "the older model's number has no bounds in the contract",
        QUEUE,
        body={"video_url": NOBODY, "num_samples": 0},
    ),
    Excuse(
        400,
        "Bad Request",
        "^the video at .* cannot be read: ",
        "nothing answers there, or with no clip",
        QUEUE,
        body={"video_url": NOBODY},
    ),
    Excuse(
        400,
        "Bad Request",
        r"^video(\.video)?_url is .*: (it has to be an http or https URL|Port)",
        "the format is that of any URI",
        QUEUE,
        body={"video_url": "mailto:foley@example.com"},
    ),
    Excuse(
        400,
        "Bad Request",
        "^the clip (is|begins with) ",
        "what is there is no clip",
        QUEUE,
        body={"video_url": "MEDIA/rain.wav"},
    ),
    Excuse(
        400,
        "Bad Request",
        "^duration is .*: this emulator makes 3600 s at most$",
        "the older model's duration has no bound in the contract, the emulator has one",
        QUEUE,
        body={"video_url": NOBODY, "duration": 3601},
    ),
)

RUN = {"app": "infsh/mmaudio", "input": {"prompt": "rain"}}
INFERENCE_SH = (
    Excuse(
        400,
        "invalid_request",
        "^app is missing",
        "an app is named by one of two fields",
        "/apps/run",
        body={"input": {"prompt": "rain"}},
    ),
    Excuse(
        404,
        "not_found",
        "^there is no app ",
        "no schema can tell which apps there are",
        "/apps/run",
        body={**RUN, "app": "no/app"},
    ),
    Excuse(
        404,
        "SESSION_NOT_FOUND",
        "^there is no session ",
        "no schema can tell which sessions there are",
        "/apps/run",
        body={**RUN, "session": "ses_none"},
    ),
    Excuse(
        400,
        "invalid_request",
        "^session_timeout is .*: it goes with session 'new' only$",
        "documented, and not in the schema",
        "/apps/run",
        body={**RUN, "session_timeout": 5},
    ),
    Excuse(
        400,
        "invalid_request",
        "^webhook (is .*: (it has to be an https URL|.+)|leads to .*)$",
        "an emulator calls back over TLS, and no stranger",
        "/apps/run",
        body={**RUN, "webhook": "http://127.0.0.1/"},
    ),
    Excuse(
        400,
        "invalid_request",
        "^cursor is ",
        "a cursor is what an answer has told",
        "/tasks/list",
        body={"cursor": "none"},
    ),
)

SERVICES = (
    Service("mirelo-v2.yaml", "mirelo", "Authorization", "Bearer {}", (*MIRELO, *MADE_OTHERWISE)),
    Service("mirelo-v3.yaml", "mirelo_v3", "Authorization", "Bearer {}", MIRELO_V3),
    Service("pixazo.yaml", "pixazo", "Ocp-Apim-Subscription-Key", "{}", PIXAZO),
    Service("inference-sh.yaml", "inference_sh", "Authorization", "Bearer {}", INFERENCE_SH),
)


@attrs.frozen
class Stage:
    """A running emulator, and what stands in for the media that the specs' examples name."""

    emulator: Emulator
    api: Api
    names: dict[str, str]
    media: str

    def spec(self, name: str) -> dict[str, Any]:
        """Read a spec with examples that exist: its assets are uploaded ones, its URLs are answered."""
        text = (OPENAPI / name).read_text()
        for example, real in self.names.items():
            text = text.replace(example, real)
        text = text.replace("https://hooks.example.com/", NOBODY)
        # A key that comes with another body is a conflict, and the run sends one example's key with every body.
        text = re.sub(r'\n +- \{\$ref: "#/components/parameters/IdempotencyKey"\}', "", text)
        document: dict[str, Any] = read_yaml(re.sub(r"https://\w+\.example\.com/", f"{self.media}/", text))
        return document

    def fill(self, body: Any) -> Any:
        """Put the uploaded assets and the media's address into a request too."""
        if isinstance(body, dict):
            return {name: self.fill(value) for name, value in body.items()}
        return self.names.get(body, body.replace("MEDIA", self.media)) if isinstance(body, str) else body


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Jobs take no time and there is no end of credits; nothing but this process can be reached."""
    path = tmp_path_factory.mktemp("stage") / "clip.mp4"
    encode_clip(path, codec="libx264", container="mp4", milliseconds=CLIP_MS, fps=1)
    clip = path.read_bytes()
    sound = sounds.wav_bytes(np.zeros((SOUND_MS * 8, 1), np.int16), rate=8000)
    long = sounds.wav_bytes(np.zeros((59_000 * 8, 1), np.int16), rate=8000)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        sending(clip if ".mp4" in handler.path else sound)(handler)

    with (
        loopback_only(),
        first_seconds_only(),
        answering(answer) as media,
        running(speed=1e6, credits=CREDITS) as emulator,
        Api(emulator) as api,
    ):
        uploads = {"ast_3b91f0": clip, "ast_c40d17": sound, "ast_long": long, "ast_text": b"Some words, no sound."}
        emulator.service(Mirelo).detections_a_day = 10**6
        names = {name: _upload(api, data) for name, data in uploads.items()}
        yield Stage(emulator, api, {**names, "ast_opened": api.open_upload()[0]}, media)


@contextmanager
def first_seconds_only() -> Iterator[None]:
    """Let coders have only the first second of a sound: most of the time would go there, and nothing here listens."""
    whole = encoding.add_second

    def add_second(output: Any, stream: Any, made: Any, index: int) -> None:
        if index == 0:
            whole(output, stream, made, index)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "add_second", add_second)
        patch.setattr(clips, "add_second", add_second)
        yield


def _upload(api: Api, data: bytes) -> str:
    asset_id, url = api.open_upload()
    assert put(url, data).status_code == 200
    return asset_id


@pytest.mark.no_cover  # tracing doubles its time, and the other tests run the same lines
@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.spec)
def test_schemathesis_finds_nothing(stage: Stage, service: Service, tmp_path: Path) -> None:
    spec, url = stage.spec(service.spec), service.url(stage.emulator)
    key = stage.emulator.keys[service.name]
    keys = key, f"{key}-stranger"
    auth = write_auth(tmp_path / "auth.yaml", service, keys)
    report = run(service, spec, url, auth, EXAMPLES)
    assert not report.failures, "\n\n".join(report.failures[:20])
    load_all_checks()
    assert {name for _, name in report.checks} == set(CHECKS.get_all_names())
    assert {phase for phase, _ in report.checks} == set(PHASES)
    succeeded = {operation for operation, status in report.statuses if 200 <= status < 300}
    assert succeeded == {f"{method.upper()} {path}" for path, item in spec["paths"].items() for method in item}
    strangers = [each for each in stage.emulator.requests if keys[1] in each.headers.get(service.header.lower(), "")]
    assert strangers, "nobody tried to read another's job"


@pytest.mark.parametrize(
    ("service", "excuse"),
    [(service, excuse) for service in SERVICES for excuse in service.excuses],
    ids=lambda value: value.spec if isinstance(value, Service) else f"{value.code}: {value.reason}",
)
def test_every_excuse_is_needed(stage: Stage, service: Service, excuse: Excuse) -> None:
    """A request that fits the schema meets this refusal, and no other excuse is made for it."""
    method = "POST" if excuse.query is None else "GET"
    (operation,) = (each for each in load(service.spec) if (each.method, each.path) == (method, excuse.path))
    body = stage.fill(excuse.body)
    if excuse.query is None:
        components = vendored(service.spec.removesuffix(".yaml"))["components"]
        schema = {**operation.bodies["application/json"].content, "components": components}
        jsonschema.Draft202012Validator(schema, format_checker=FORMATS).validate(body)
    for name, value in (excuse.query or {}).items():
        (parameter,) = (each for each in operation.query if each.name == name)
        check(parameter.schema, value, name)
    answer = httpx.request(
        method,
        service.url(stage.emulator) + excuse.path,
        params=excuse.query,
        json=body,
        headers={service.header: service.value.format(stage.emulator.keys[service.name]), **excuse.headers},
    )
    assert [each for each in service.excuses if each.covers(answer.status_code, answer.text)] == [excuse], answer.text


def test_nothing_outside_is_ever_asked(stage: Stage) -> None:
    for host in ("192.0.2.1", "example.com", "2001:db8::1"):
        with pytest.raises(OSError, match="is not this machine"):
            socket.create_connection((host, 80), timeout=1)
    assert httpx.get(f"{stage.media}/clip.mp4").status_code == 200
