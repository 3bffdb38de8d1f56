"""Families and models: which one a call gets, what is refused, and that what leaves is what the spec describes."""

from __future__ import annotations

import ast
import asyncio
import inspect
import io
import json
import re
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import attrs
import httpx
import jsonschema
import pytest
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from mirelo_ergo import (
    AsyncMireloClient,
    Audio,
    AudioError,
    ConfigurationError,
    InsufficientCreditsError,
    InvalidRequestError,
    JobFailedError,
    MireloClient,
    ModelInfo,
    Video,
    VideoError,
)
from mirelo_ergo.mirelo import families
from tests.support import specs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SPEC: Final[dict[str, Any]] = specs.spec()
KEY: Final = "sk-test-7f3a91c0"
JOB_ID: Final = "0d4e9a52-6b0f-4c58-9f5d-2f6f3f0a7c11"
CLIP_URL: Final = "https://clips.example.com/a.mp4"
SOUND_URL: Final = "https://sounds.example.com/a.wav"
MP4: Final = b"\x00\x00\x00\x14ftypisom" + bytes(64)
WAV: Final = b"RIFF\x48\x00\x00\x00WAVEfmt " + bytes(64)
PAIRS: Final = [
    ("text-to-sfx", "v1.5"),
    ("text-to-sfx", "v1.6"),
    ("video-to-sfx", "v1.5"),
    ("video-to-sfx", "v1.6"),
    ("extend-audio", "v1.6"),
    ("extend-audio/with_video", "v1.6"),
    ("inpaint-audio", "v1.6"),
    ("inpaint-audio/with_video", "v1.6"),
]
MUSIC: Final = [("text-to-music", "v1.0"), ("video-to-music", "v1.0"), ("audio-to-midi", "v1.0")]
OF_V3: Final = [
    (family, model)
    for family in ("text-to-sfx", "video-to-sfx", "extend-audio", "inpaint-audio")
    for model in ("sfx-1.6", "sfx-2.0")
]
NEEDED: Final[Mapping[str, Mapping[str, Any]]] = {
    "text-to-sfx": {"prompt": "rain"},
    "video-to-sfx": {"video": CLIP_URL, "duration_ms": 5000},
    "extend-audio": {"audio": SOUND_URL, "append_duration_ms": 5000},
    "inpaint-audio": {"audio": SOUND_URL, "segment": (2000, 5000)},
}
CHOSEN: Final[Mapping[str, Any]] = {
    "duration_ms": 3000,
    "num_samples": 3,
    "loop": True,
    "prompt": "waves \N{EM DASH} far off",
    "start_offset_ms": 1500,
    "output": "video",
    "append_duration_ms": 2000,
    "segment": (1000, 9000),
}
"""Another value than the default for every field that a request can have beside its sources."""
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
pairs = pytest.mark.parametrize(("family", "model"), PAIRS)


def generation(client: Any, family: str, model: str | None = None, **fields: Any) -> Any:
    """Make a request of a family as a user does; works on both faces."""
    name, _, beside = family.partition("/")
    given = {**NEEDED[name], **({"video": CLIP_URL} if beside else {}), **fields}
    method = getattr(client, name.replace("-", "_"))
    return method(given.pop(next(iter(NEEDED[name]))), model=model, **given)


@attrs.define
class Wire:
    """A service that takes everything, and the requests that came; `refuse` gives the error of a body it does not."""

    refuse: Callable[[dict[str, Any]], tuple[int, str] | None] = lambda body: None
    seen: list[httpx.Request] = attrs.field(factory=list)
    assets: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        if request.method == "PUT":
            return httpx.Response(200)
        last = request.url.path.rsplit("/", 1)[1]
        if last == "assets":
            self.assets += 1
            url = f"https://uploads.example.com/{self.assets}?signature=abc"
            return httpx.Response(201, json={"asset_id": f"ast_{self.assets}", "upload_url": url})
        if last == "preflight":
            return httpx.Response(200, json={"credits": 50, "estimated_ms": 1000})
        urls = [f"https://results.example.com/{number}.wav?signature=abc" for number in range(4)]
        if last == JOB_ID:
            return httpx.Response(200, json={"status": "succeeded", "result": {"result_urls": urls}})
        refusal = self.refuse(json.loads(request.content))
        if refusal is not None:
            status, code = refusal
            error = {"code": code, "message": "made by the test", "http_status": status}
            return httpx.Response(status, json={"error": error})
        if last == "sync":
            return httpx.Response(200, json={"result_urls": urls})
        first = not any(each.url.path.endswith("/jobs") for each in self.seen[:-1])
        return httpx.Response(202, json={"job_id": JOB_ID if first else f"job-{len(self.seen)}", "estimated_ms": 1000})

    def client(self, **options: Any) -> MireloClient:
        return MireloClient(KEY, transport=httpx.MockTransport(self), **options)

    def twin(self, **options: Any) -> AsyncMireloClient:
        return AsyncMireloClient(KEY, transport=httpx.MockTransport(self), **options)

    def paths(self) -> list[str]:
        return [request.url.path for request in self.seen]

    def bodies(self) -> list[dict[str, Any]]:
        """Return the bodies of the submits."""
        sent = [request for request in self.seen if request.url.path.endswith(("/jobs", "/sync"))]
        return [json.loads(request.content) for request in sent]


def sent(call: Callable[[Any], Any], **options: Any) -> list[httpx.Request]:
    """Make one call with each client; what leaves is the same, byte for byte."""
    plain, awaited = Wire(), Wire()
    with plain.client(**options) as client:
        call(client)

    async def twin() -> None:
        async with awaited.twin(**options) as client:
            await call(client)

    asyncio.run(twin())
    assert list(map(raw, plain.seen)) == list(map(raw, awaited.seen))
    return plain.seen


def raw(request: httpx.Request) -> tuple[str, str, list[tuple[bytes, bytes]], bytes]:
    return request.method, str(request.url), request.headers.raw, request.content


def refused(family: str, model: str | None = None, *, options: Mapping[str, Any] = NOTHING, **fields: Any) -> str:
    """Return why a request is refused, by both faces, before anything leaves; without what all messages end with."""
    wire = Wire()
    with wire.client(**options) as client, pytest.raises(InvalidRequestError) as caught:
        generation(client, family, model, **fields)
    with pytest.raises(InvalidRequestError, match=re.escape(str(caught.value))) as other:
        generation(wire.twin(**options), family, model, **fields)
    assert other.value.field == caught.value.field
    assert wire.seen == []
    assert caught.value.message.endswith("; nothing was sent")
    return f"{caught.value.field}: {caught.value.message.removesuffix('; nothing was sent')}"


# --- the spec, read by itself --------------------------------------------------------------------------------------

REGISTRY: Final[Registry[Any]] = Registry().with_resource("urn:spec", DRAFT202012.create_resource(SPEC))


def follow(node: Any) -> Any:
    """Return what a reference names."""
    while "$ref" in node:
        target: Any = SPEC
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def operation(family: str, model: str, action: str) -> Any:
    """Return the spec's only operation under a path."""
    (found,) = SPEC["paths"][f"/v2/{family}/{model}/{action}"].values()
    return found


def schema_of(family: str, model: str) -> dict[str, Any]:
    """Return the schema of a family's request."""
    body = follow(operation(family, model, "jobs")["requestBody"])
    schema: dict[str, Any] = body["content"]["application/json"]["schema"]
    return schema


def fits(schema: dict[str, Any], value: object) -> None:
    reference = {"$ref": f"urn:spec{schema['$ref']}"} if "$ref" in schema else schema
    jsonschema.Draft202012Validator(reference, registry=REGISTRY).validate(value)


def test_these_are_the_specs_families() -> None:
    found = re.findall(r"^/v2/(\S+)/(v[0-9.]+)/jobs$", "\n".join(SPEC["paths"]), re.MULTILINE)
    assert set(found) == {*PAIRS, *MUSIC} == set(families.FAMILIES)


# --- what leaves ---------------------------------------------------------------------------------------------------


def everything(family: str, model: str) -> dict[str, Any]:
    """Return a value for each field that the spec has beside the sources; loops are short enough to be loops."""
    names = follow(schema_of(family, model))["properties"].keys() - {"audio", "video"}
    return {name: CHOSEN[name] for name in names}


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("uploaded", [False, True])
@pytest.mark.parametrize("action", ["jobs", "sync"])
@pairs
def test_every_body_is_what_the_spec_describes(
    family: str, model: str, action: str, uploaded: bool, full: bool
) -> None:
    schema = schema_of(family, model)
    properties = follow(schema)["properties"]
    fields = everything(family, model) if full else {}

    def call(client: Any) -> Any:
        sources = {"audio": Audio.from_bytes(WAV), "video": Video.from_bytes(MP4)} if uploaded else {}
        sources = {name: source for name, source in sources.items() if name in properties}
        request = generation(client, family, model, **fields, **sources)
        return request.submit_job() if action == "jobs" else request.sync_i_accept_http_timeout_risk("key-1")

    *before, submit = sent(call)
    assert (submit.method, submit.url.path) == ("POST", f"/v2/{family}/{model}/{action}")
    assert submit.headers.get("idempotency-key") == ("key-1" if action == "sync" else None)
    assert submit.headers["authorization"] == f"Bearer {KEY}"
    body = json.loads(submit.content)
    fits(schema, body)
    assert body.keys() <= properties.keys()
    if full:
        assert body.keys() == properties.keys()
        start_ms, end_ms = CHOSEN["segment"]
        expected = {**fields, **({"segment": {"start_ms": start_ms, "end_ms": end_ms}} if "segment" in fields else {})}
        assert {name: body[name] for name in fields} == expected
    types = {"audio": "audio/wav", "video": "video/mp4"}
    wanted = [types[name] for name in ("audio", "video") if name in properties and uploaded]
    assert [each.headers["content-type"] for each in before if each.method == "PUT"] == wanted
    assert len(before) == 2 * len(wanted)


# --- which model ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", sorted({family for family, _ in PAIRS}))
@pytest.mark.parametrize("preferred", [None, "v1.5", "v1.6"])
@pytest.mark.parametrize("asked", [None, "v1.5", "v1.6"])
def test_the_call_comes_before_the_client_and_the_default_last(
    family: str, preferred: str | None, asked: str | None
) -> None:
    default = "v1.5" if (family, "v1.5") in PAIRS else "v1.6"
    expected = asked or preferred or default
    if (family, expected) in PAIRS:
        (request,) = sent(lambda client: generation(client, family, asked).submit_job(), model=preferred)
        assert request.url.path == f"/v2/{family}/{expected}/jobs"
    else:
        said = refused(family, asked, options={"model": preferred})
        assert said == f"model: model='v1.5' has no {family}: {family} is in v1.6, sfx-1.6 and sfx-2.0"


@pytest.mark.parametrize("model", ["v1.7", "1.6", "V1.6", "", 1.6, ["v1.6"]])
def test_a_model_that_is_none_is_refused_with_those_there_are(model: Any) -> None:
    known = f"model={model!r} is not a model this version knows"
    assert refused("text-to-sfx", model) == f"model: {known}: text-to-sfx is in v1.5, v1.6, sfx-1.6 and sfx-2.0"
    assert refused("extend-audio", model) == f"model: {known}: extend-audio is in v1.6, sfx-1.6 and sfx-2.0"
    for cls in (MireloClient, AsyncMireloClient):
        with pytest.raises(ConfigurationError, match=r"is not one of v1\.0, v1\.5, v1\.6, sfx-1\.6, sfx-2\.0$"):
            cls(KEY, model=model)


def test_the_length_of_a_text_is_the_same_in_both_models() -> None:
    """The vendor's SDK makes 10 s; the spec's own default of v1.6 would cost six times as much."""
    for preferred in ("v1.5", "v1.6"):
        (request,) = sent(lambda client: generation(client, "text-to-sfx").submit_job(), model=preferred)
        assert json.loads(request.content)["duration_ms"] == 10_000


@pairs
def test_without_the_checks_everything_is_left_to_the_service(family: str, model: str) -> None:
    wire = Wire()
    odd = {"num_samples": "2", "loop": None, "append_duration_ms": "5000", "segment": (0, "x")}
    names = follow(schema_of(family, model))["properties"].keys() & odd.keys()
    with wire.client(check_limits=False) as client:
        request = generation(client, family, model, **{name: odd[name] for name in names})
        assert request.preflight().credits == 50
        assert len(request.run().result_urls) == len(request.sync_i_accept_http_timeout_risk().result_urls) == 4
    for body in wire.bodies():
        assert {name: body[name] for name in names - {"segment"}} == {name: odd[name] for name in names - {"segment"}}


# --- fields that a family lacks, and bounds that depend on others --------------------------------------------------


@pytest.mark.parametrize("check_limits", [True, False])
@pytest.mark.parametrize(
    ("family", "model", "fields", "said"),
    [
        ("text-to-sfx", None, {"loop": True}, "loop: text-to-sfx v1.5 has no loop; text-to-sfx v1.6 has"),
        ("video-to-sfx", "v1.5", {"prompt": "x"}, "prompt: video-to-sfx v1.5 has no prompt; video-to-sfx v1.6 has"),
        ("video-to-sfx", None, {"prompt": ""}, "prompt: video-to-sfx v1.5 has no prompt; video-to-sfx v1.6 has"),
        (
            "extend-audio",
            None,
            {"start_offset_ms": 1},
            "start_offset_ms: extend-audio v1.6 has no start_offset_ms; extend-audio/with_video v1.6 has",
        ),
        (
            "extend-audio/with_video",
            None,
            {"loop": True},
            "loop: extend-audio/with_video v1.6 has no loop; extend-audio v1.6 has",
        ),
    ],
)
def test_what_a_family_lacks_is_refused_and_who_has_it_is_named(
    family: str, model: str | None, fields: dict[str, Any], said: str, check_limits: bool
) -> None:
    assert refused(family, model, options={"check_limits": check_limits}, **fields) == said


@pytest.mark.parametrize(
    ("family", "model", "fields"),
    [
        ("text-to-sfx", "v1.5", {"loop": False}),
        ("video-to-sfx", "v1.5", {"prompt": None}),
        ("extend-audio", None, {"start_offset_ms": 0}),
        ("extend-audio/with_video", None, {"loop": False}),
    ],
)
def test_a_default_is_no_wish(family: str, model: str | None, fields: dict[str, Any]) -> None:
    (request,) = sent(lambda client: generation(client, family, model, **fields).submit_job())
    assert not fields.keys() & json.loads(request.content).keys()


@pytest.mark.parametrize(
    ("family", "fields", "said"),
    [
        (
            "text-to-sfx",
            {"duration_ms": 2999, "loop": True},
            "duration_ms: text-to-sfx v1.6: duration_ms=2999 is below the minimum of 3000 (allowed: 3000 to 60000) "
            "when loop=True",
        ),
        (
            "extend-audio",
            {"append_duration_ms": 1999, "loop": True},
            "append_duration_ms: extend-audio v1.6: append_duration_ms=1999 is below the minimum of 2000 "
            "(allowed: 2000 to 30000) when loop=True",
        ),
    ],
)
def test_a_bound_that_depends_is_told_with_what_it_depends_on(family: str, fields: dict[str, Any], said: str) -> None:
    assert refused(family, "v1.6", **fields) == said


@pytest.mark.parametrize("prompt", ["", " ", "\n\t", "\u200b", "\u3000", "\u2060\u00a0"])
@pytest.mark.parametrize(
    ("family", "model"),
    [
        ("text-to-sfx", "v1.5"),
        ("text-to-sfx", "v1.6"),
        ("video-to-sfx", "v1.6"),
        ("extend-audio", "v1.6"),
        ("extend-audio/with_video", "v1.6"),
        ("inpaint-audio", "v1.6"),
        ("inpaint-audio/with_video", "v1.6"),
    ],
)
def test_a_prompt_in_which_nothing_is_to_be_seen_is_refused(family: str, model: str, prompt: str) -> None:
    assert f"prompt={prompt!r} is blank: say what is to be heard" in refused(family, model, prompt=prompt)


def test_a_bound_that_another_model_does_not_have_names_it() -> None:
    said = refused("text-to-sfx", duration_ms=20_000)
    assert said.endswith("is above the maximum of 10000 (allowed: 1000 to 10000); text-to-sfx v1.6 takes it")
    assert "takes it" not in refused("text-to-sfx", duration_ms=90_000)
    assert "takes it" not in refused("text-to-sfx", "v1.6", duration_ms=2999, loop=True), "v1.5 has no loops"


@pytest.mark.parametrize("family", ["inpaint-audio", "inpaint-audio/with_video"])
@pytest.mark.parametrize(
    ("segment", "said"),
    [
        ((999, 5000), "segment.start_ms: {}: segment.start_ms=999 is below the minimum of 1000"),
        ((-1, 5000), "segment.start_ms: {}: segment.start_ms=-1 is below the minimum of 1000"),
        (
            (1000, 1999),
            "segment: {}: segment.end_ms - segment.start_ms=999 is below the minimum of 1000 (allowed: 1000 to 8000)",
        ),
        (
            (1000, 9001),
            "segment: {}: segment.end_ms - segment.start_ms=8001 is above the maximum of 8000 (allowed: 1000 to 8000)",
        ),
        (
            (5000, 2000),
            "segment: {}: segment.end_ms - segment.start_ms=-3000 is below the minimum of 1000 (allowed: 1000 to 8000)",
        ),
        (("2000", 5000), "segment.start_ms: {}: segment.start_ms='2000' is str, not a whole number (int)"),
        ((2000, 5000.0), "segment.end_ms: {}: segment.end_ms=5000.0 is float, not a whole number (int)"),
        ((2000, None), "segment.end_ms: {}: segment.end_ms=None is NoneType, not a whole number (int)"),
        ((2000,), "segment: segment=(2000,) is not a pair (start_ms, end_ms)"),
        ((1, 2, 3), "segment: segment=(1, 2, 3) is not a pair (start_ms, end_ms)"),
        (5000, "segment: segment=5000 is not a pair (start_ms, end_ms)"),
        ("25", "segment: segment='25' is not a pair (start_ms, end_ms)"),
        ({"start_ms": 2000, "end_ms": 5000}, "segment: segment={{'start_ms': 2000, 'end_ms': 5000}} is not a pair "),
    ],
)
def test_a_segment_that_is_none_is_refused(family: str, segment: Any, said: str) -> None:
    assert refused(family, segment=segment).startswith(said.format(f"{family} v1.6"))


@pytest.mark.parametrize("segment", [[1000, 2000], (1000, 9000)])
def test_a_list_is_a_pair_too(segment: Any) -> None:
    (request,) = sent(lambda client: generation(client, "inpaint-audio", segment=segment).submit_job())
    assert json.loads(request.content)["segment"] == {"start_ms": segment[0], "end_ms": segment[1]}


@pytest.mark.parametrize(
    ("family", "fields", "said"),
    [
        (
            "extend-audio",
            {"audio": Video.from_url(CLIP_URL)},
            "audio: audio is mirelo_ergo.Video: give a path, a URL, or mirelo_ergo.Audio.",
        ),
        ("inpaint-audio", {"audio": None}, "audio: audio is NoneType: give a path, a URL, or mirelo_ergo.Audio."),
        (
            "inpaint-audio",
            {"video": Audio.from_url(SOUND_URL)},
            "video: video is mirelo_ergo.Audio: give a path, a URL, or mirelo_ergo.Video.",
        ),
        (
            "video-to-sfx",
            {"video": Audio.from_url(SOUND_URL)},
            "video: video is mirelo_ergo.Audio: give a path, a URL, or mirelo_ergo.Video.",
        ),
    ],
)
def test_a_source_of_the_other_kind_is_refused(family: str, fields: dict[str, Any], said: str) -> None:
    wire = Wire()
    with wire.client() as client, pytest.raises(InvalidRequestError) as caught:
        generation(client, family, **fields)
    assert f"{caught.value.field}: {caught.value}".startswith(said)
    assert wire.seen == []


# --- uploads -------------------------------------------------------------------------------------------------------


@attrs.define
class Forgetful(Wire):
    """A service that knows only the assets it has not dropped."""

    gone: set[str] = attrs.field(factory=set)

    def __attrs_post_init__(self) -> None:
        self.refuse = lambda body: (422, "invalid_asset") if self.gone & set(self.used(body)) else None

    @staticmethod
    def used(body: dict[str, Any]) -> list[str]:
        return [body[name]["asset_id"] for name in ("audio", "video") if "asset_id" in body.get(name, {})]


def test_one_upload_of_a_sound_serves_many_calls(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(WAV)
    wire = Forgetful()
    with wire.client() as client:
        for family in ("extend-audio", "inpaint-audio", "extend-audio"):
            generation(client, family, audio=tmp_path / "a.wav").submit_job()
        generation(client, "extend-audio/with_video", audio=str(tmp_path / "a.wav")).submit_job()
    assert [wire.used(body) for body in wire.bodies()] == [["ast_1"]] * 4
    (upload,) = [request for request in wire.seen if request.method == "PUT"]
    assert (upload.content, upload.headers["content-type"]) == (WAV, "audio/wav")
    assert "authorization" not in upload.headers


def test_the_same_file_as_sound_and_as_picture_is_uploaded_as_both(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(MP4)
    wire = Forgetful()
    with wire.client() as client:
        path = tmp_path / "a.mp4"
        generation(client, "inpaint-audio/with_video", audio=path, video=path).submit_job()
    uploads = [request.headers["content-type"] for request in wire.seen if request.method == "PUT"]
    assert uploads == ["audio/mp4", "video/mp4"]
    assert wire.used(wire.bodies()[0]) == ["ast_1", "ast_2"]


@pytest.mark.parametrize("gone", ["ast_1", "ast_2"])
def test_two_kept_assets_one_of_them_gone_are_uploaded_once_more(gone: str) -> None:
    """The service does not say which one it is, so both are."""
    sound, clip = Audio.from_bytes(WAV), Video.from_bytes(MP4)
    wire = Forgetful()
    with wire.client() as client:
        request = generation(client, "extend-audio/with_video", audio=sound, video=clip)
        request.submit_job()
        wire.gone = {gone}
        request.submit_job()
        request.submit_job()
    kept, renewed = ["ast_1", "ast_2"], ["ast_3", "ast_4"]
    assert [wire.used(body) for body in wire.bodies()] == [kept, kept, renewed, renewed]


def test_only_what_was_kept_is_uploaded_once_more() -> None:
    sound = Audio.from_bytes(WAV)
    wire = Forgetful()
    with wire.client() as client:
        generation(client, "extend-audio", audio=sound).submit_job()
        wire.gone = {"ast_1"}
        generation(client, "extend-audio/with_video", audio=sound, video=Video.from_bytes(MP4)).submit_job()
    assert [wire.used(body) for body in wire.bodies()] == [["ast_1"], ["ast_1", "ast_2"], ["ast_3", "ast_2"]]


def test_an_asset_that_stays_gone_ends_it() -> None:
    sound = Audio.from_bytes(WAV)
    wire = Forgetful()
    with wire.client() as client:
        request = generation(client, "inpaint-audio", audio=sound)
        request.submit_job()
        wire.gone = {"ast_1", "ast_2"}
        with pytest.raises(VideoError) as caught:
            request.submit_job()
    assert caught.value.code == "invalid_asset"
    assert len(wire.bodies()) == 3


@pytest.mark.parametrize("family", ["extend-audio", "inpaint-audio", "inpaint-audio/with_video"])
@pytest.mark.parametrize("action", ["jobs", "sync"])
def test_a_result_is_the_next_calls_sound_without_an_upload(family: str, action: str) -> None:
    wire = Wire()
    with wire.client() as client:
        first = generation(client, "text-to-sfx", num_samples=4)
        result = first.run() if action == "jobs" else first.sync_i_accept_http_timeout_risk()
        assert [sound.url for sound in result.audio] == result.result_urls
        generation(client, family, audio=result.audio[3]).submit_job()
    assert wire.assets == 0
    assert wire.bodies()[-1]["audio"] == {"type": "url", "audio_url": result.result_urls[3]}
    assert "signature" not in repr(result.audio)


# --- what a sound is -----------------------------------------------------------------------------------------------

SOUNDS: Final = [
    ("a.wav", WAV, "audio/wav"),
    ("a.bin", b"RF64\xff\xff\xff\xffWAVEds64" + bytes(40), "audio/wav"),
    ("a.mp3", b"ID3\x04" + bytes(40), "audio/mpeg"),
    ("a", b"\xff\xfb\x90\x64" + bytes(40), "audio/mpeg"),
    ("a.bin", b"fLaC\x00\x00\x00\x22" + bytes(40), "audio/flac"),
    ("a.oga", b"OggS\x00\x02" + bytes(40), "audio/ogg"),
    ("a.aac", b"\xff\xf1\x50\x80" + bytes(40), "audio/aac"),
    ("a.m4a", b"\x00\x00\x00\x1cftypM4A " + bytes(40), "audio/mp4"),
    ("a.m4a", b"\x00\x00\x00\x1cftypisom" + bytes(40), "audio/mp4"),
    ("a.mp4", b"\x00\x00\x00\x1cftypmp42" + bytes(40), "audio/mp4"),
]


@pytest.mark.parametrize(("name", "data", "expected"), SOUNDS)
def test_a_sounds_type_is_told_from_its_bytes(tmp_path: Path, name: str, data: bytes, expected: str) -> None:
    (tmp_path / name).write_bytes(data)
    for sound in (Audio.from_path(tmp_path / name), Audio.from_bytes(data), Audio.from_file(io.BytesIO(data))):
        assert sound.current()[1] == expected
    for said in (Audio.from_bytes(data, "audio/x-own"), Audio.from_path(tmp_path / name, content_type="audio/x-own")):
        assert said.current()[1] == "audio/x-own"


@pytest.mark.parametrize(
    ("suffix", "expected"),
    [(".mp3", "audio/mpeg"), (".M4A", "audio/mp4"), (".mp4", "audio/mp4"), (".wav", "audio/wav")],
)
def test_else_from_its_name(tmp_path: Path, suffix: str, expected: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(bytes(40))
    assert Audio.from_path(path).current()[1] == expected


def test_a_clip_is_not_taken_for_a_sound() -> None:
    isom = b"\x00\x00\x00\x1cftypisom" + bytes(40)
    assert Video.from_file(io.BytesIO(isom)).current()[1] == "video/mp4"
    assert Audio.from_file(io.BytesIO(isom)).current()[1] == "audio/mp4"


@pytest.mark.parametrize(
    ("make", "given", "said"),
    [
        (Audio.from_bytes, bytes(40), "audio: neither the first bytes .*, for example 'audio/mp4'"),
        (Audio.from_bytes, b"", "audio: data is empty"),
        (Audio.from_bytes, "a.wav", "audio: data is str, not bytes; for a file use from_path"),
        (Audio.from_path, "no/such.wav", "audio: the file no/such.wav does not exist"),
        (Audio.from_path, 5, "audio: 5 is not a path"),
        (Audio.from_url, "ftp://x/a.wav", "audio: .* is not a URL that can be fetched"),
        (Audio.from_file, io.StringIO("x"), "audio: the file object is open in text mode"),
    ],
)
def test_what_is_no_sound_is_refused_by_that_name(make: Callable[[Any], Audio], given: Any, said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said) as caught:
        make(given)
    assert caught.value.field == "audio"


def test_a_source_is_made_by_name_and_shows_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"make Audio with Audio\.from_path, from_url, from_bytes or from_file"):
        Audio()
    (tmp_path / "a.wav").write_bytes(WAV)
    assert repr(Audio.from_path(tmp_path / "a.wav")) == f"Audio.from_path('{tmp_path}/a.wav')"
    assert repr(Audio.from_bytes(WAV)) == f"<Audio of {len(WAV)} bytes, audio/wav>"
    assert repr(Audio.from_url(f"{SOUND_URL}?signature=abc")).startswith(f"Audio.from_url('{SOUND_URL}")
    assert "abc" not in repr(Audio.from_url(f"{SOUND_URL}?signature=abc"))


# --- errors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "cls"),
    [
        (400, "audio_url_unreachable", AudioError),
        (400, "audio_format_unsupported", AudioError),
        (400, "audio_too_short", AudioError),
        (400, "audio_too_long", AudioError),
        (422, "invalid_audio", AudioError),
        (400, "video_too_short", VideoError),
        (422, "invalid_video", VideoError),
        (402, "no_active_subscription", InsufficientCreditsError),
    ],
)
@pytest.mark.parametrize("action", ["jobs", "sync"])
def test_the_services_codes_have_their_classes(status: int, code: str, cls: type[Exception], action: str) -> None:
    def call(client: Any) -> Any:
        request = generation(client, "extend-audio/with_video")
        return request.submit_job() if action == "jobs" else request.sync_i_accept_http_timeout_risk()

    wire = Wire(lambda body: (status, code))
    with wire.client() as client, pytest.raises(cls) as caught:
        call(client)

    async def twin() -> None:
        async with wire.twin() as client:
            await call(client)

    with pytest.raises(cls) as other:
        asyncio.run(twin())
    for error in (caught.value, other.value):
        assert type(error) is cls
        assert (getattr(error, "code", ""), getattr(error, "http_status", 0)) == (code, status)
    assert len(wire.seen) == 2


def test_a_job_that_ends_over_its_sound_says_so() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(202, json={"job_id": JOB_ID, "estimated_ms": 1})
        error = {"code": "audio_too_short", "message": "the audio has 2400 ms", "http_status": 400}
        return httpx.Response(200, json={"status": "errored", "error": error})

    with MireloClient(KEY, transport=httpx.MockTransport(answer)) as client:
        with pytest.raises(JobFailedError, match="the audio has 2400 ms") as caught:
            generation(client, "extend-audio").run()
        token = caught.value.job_token
    assert caught.value.code == "audio_too_short"
    assert token is not None
    assert token.startswith("mirelo2:extend-audio:v1.6:")


# --- tokens --------------------------------------------------------------------------------------------------------


@pairs
def test_a_token_leads_back_to_its_family_and_model(family: str, model: str) -> None:
    wire = Wire()
    with wire.client() as client:
        token = generation(client, family, model).submit_job().token
    assert token.startswith(f"mirelo2:{family}:{model}:{JOB_ID}:")
    path = f"/v2/{family}/{model}/jobs/{JOB_ID}"

    def call(client: Any) -> Any:
        job = client.job(token)
        assert (job.token, job.job_url) == (token, path)
        return job.wait()

    (poll,) = sent(call, model="v1.5")  # the client's model is for new requests
    assert (poll.method, poll.url.path) == ("GET", path)


@pytest.mark.parametrize("family", ["extend-audio:v1.5", "text-to-sfx/with_video:v1.6", "extend-audio/:v1.6"])
def test_a_token_of_what_is_not_there_is_refused(family: str) -> None:
    with Wire().client() as client, pytest.raises(InvalidRequestError, match="this version knows no family") as caught:
        client.job(f"mirelo1:{family}:{JOB_ID}:1700000000:1000")
    assert caught.value.field == "token"


# --- models() ------------------------------------------------------------------------------------------------------

WORDS: Final = {"minLength": "min_length", "maxLength": "max_length"}
TOLD: Final = ("type", "default", "minimum", "maximum", "minLength", "maxLength", "enum")


def described(node: Any, name: str) -> dict[str, dict[str, Any]]:
    """Return what models() has to say of an object's fields, from the YAML."""
    found = {}
    for field, each in node["properties"].items():
        inner = follow(each)
        told = {WORDS.get(word, word): inner[word] for word in TOLD if word in inner}
        told = {"type": "object", **told, "required": field in node.get("required", ())}
        found[name + field] = {word: tuple(value) if word == "enum" else value for word, value in told.items()}
        if "properties" in inner:
            found |= described(inner, f"{name}{field}.")
    return found


def in_words(rule: dict[str, Any]) -> str:
    what = "{width_of}.{to} - {width_of}.{from}".format(**rule) if "width_of" in rule else rule["field"]
    ends = [f"at {word} {rule[name]}" for word, name in (("least", "minimum"), ("most", "maximum")) if name in rule]
    when = " and ".join(f"{name}={value!r}" for name, value in rule.get("when", {}).items())
    return f"{what} is {' and '.join(ends)}" + (f" when {when}" if when else "")


@pytest.mark.parametrize("preferred", [None, "v1.5", "v1.6"])
def test_models_says_what_the_spec_says(preferred: str | None) -> None:
    wire = Wire()
    with wire.client(model=preferred) as client:
        listed = client.models()

    async def twin() -> list[ModelInfo]:
        async with wire.twin(model=preferred) as client:
            return await client.models()

    assert asyncio.run(twin()) == listed
    assert wire.seen == []
    assert [(info.family, info.model) for info in listed] == [*PAIRS, *MUSIC, *OF_V3]
    for info in listed[: len(PAIRS)]:
        schema = follow(schema_of(info.family, info.model))
        assert isinstance(info, ModelInfo)
        assert info.limits == described(schema, "")
        assert list(info.conditions) == list(map(in_words, schema.get("x-limits-when", ())))


@pytest.mark.parametrize("preferred", [None, "v1.5", "v1.6"])
def test_the_default_is_the_one_that_a_call_gets(preferred: str | None) -> None:
    wire = Wire()
    with wire.client(model=preferred) as client:
        defaults = {info.family: info.model for info in client.models() if info.is_default}
        assert [pair for pair in MUSIC if defaults.pop(pair[0]) == pair[1]] == MUSIC, "whatever the client's model is"
        for family in {family for family, _ in PAIRS} - defaults.keys():
            assert "has no" in refused(family, options={"model": preferred})
        for family, model in defaults.items():
            generation(client, family).submit_job()
            assert wire.paths()[-1] == f"/v2/{family}/{model}/jobs"
    assert set(defaults) == {family for family, model in PAIRS if preferred in (None, model)}


# --- how small a family is -----------------------------------------------------------------------------------------


def test_a_family_costs_a_row_and_a_call() -> None:
    """Under 30 lines: the row, and its share of the call, without the docstring."""
    (rows,) = [
        node.value
        for node in ast.parse(inspect.getsource(families)).body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "_ROWS"
    ]
    assert isinstance(rows, ast.Tuple)
    longest = max((row.end_lineno or 0) - row.lineno + 1 for row in rows.elts)
    assert longest <= 4
    for name in {family.split("/")[0] for family, _ in PAIRS}:
        source = inspect.getsource(getattr(MireloClient, name.replace("-", "_")))
        doc = source[source.index('"""') : source.rindex('"""')]
        served = sum(family.split("/")[0] == name for family, _ in PAIRS)
        assert longest + (source.count("\n") - doc.count("\n")) / served < 30, name


def test_no_body_takes_over_all_fields_of_another() -> None:
    """An optional field that the spec gives to one of two models would else be a type error in our own code."""
    found = []
    for module in sorted(Path(families.__file__).parents[1].rglob("*.py")):
        source = module.read_text(encoding="utf-8")
        functions = [each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.FunctionDef)]
        for function in functions if ".bodies import" in source else []:
            typed = [node for node in ast.walk(function) if isinstance(node, ast.AnnAssign)]
            types = {ast.unparse(node.target): ast.unparse(node.annotation) for node in typed}
            for node in typed:
                if isinstance(node.value, ast.Dict):
                    entries = zip(node.value.keys, map(ast.unparse, node.value.values), strict=True)
                    spread = {types.get(value) for key, value in entries if key is None}
                    found += [ast.unparse(node)] if spread - {ast.unparse(node.annotation)} else []
    assert found == []


def test_a_request_says_what_it_would_send(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"\0\0\0\x18ftypmp42")
    head = {"service": "mirelo", "family": "video-to-sfx", "model": "v1.5"}
    rest = {"duration_ms": 1000, "start_offset_ms": 0, "num_samples": 1, "output": "audio"}
    sources: dict[Video | str | Path, dict[str, object]] = {
        "https://example.com/a.mp4?key=1": {"url": "https://example.com/a.mp4?key=1"},
        tmp_path / "clip.mp4": {"file": str(tmp_path / "clip.mp4")},
        Video.from_bytes(b"clip"): {"bytes": 4},
    }
    wire = Wire()
    with wire.client() as client:
        for source, told in sources.items():
            assert client.video_to_sfx(source, duration_ms=1000).describe() == {**head, "video": told, **rest}
    assert wire.seen == []
