"""limits.py carries every constraint of a request, and a constraint that it cannot carry is an error."""

import importlib
import tomllib
from pathlib import Path
from typing import Any

import pytest

from scripts import generate
from scripts.generation.documents import GenerationError
from scripts.generation.limits import collect_limits, render_limits
from scripts.generation.normalise import load_overlay, normalise
from tests.generation.specs import ANSWER, BODY, CUT, changed, inlined_spec, prepared, with_cut, write

LENGTH = BODY + "/properties/length"
PARAMETER = "/paths/~1v1~1sounds/post/parameters/0"
ROOT = Path(__file__).parents[2]


def test_every_object_in_reach_and_every_parameter_is_carried(tmp_path: Path) -> None:
    assert collect_limits(prepared(tmp_path, inlined_spec())) == {
        "makeSound": {"dry_run": ["'dry_run'", "'boolean'", "required=False", "default=False"]},
        "SoundRequest": {
            "length": ["'length'", "'integer'", "required=False", "default=3", "minimum=1", "maximum=9"],
            "loop": ["'loop'", "'boolean'", "required=False", "default=False"],
            "source": [
                "'source'",
                "'object'",
                "required=True",
                "tag='type'",
                "variants=(('text', 'SourceText'), ('url', 'SourceUrl'))",
            ],
        },
        "SourceUrl": {
            "type": ["'type'", "'string'", "required=True", "enum=('url',)"],
            "url": ["'url'", "'string'", "required=True", "max_length=80"],
        },
        "SourceText": {
            "text": ["'text'", "'string'", "required=True", "max_length=80"],
            "type": ["'type'", "'string'", "required=True", "enum=('text',)"],
        },
    }


def test_the_rendered_module_holds_the_same_values(tmp_path: Path) -> None:
    namespace: dict[str, Any] = {}
    exec(render_limits(prepared(tmp_path, inlined_spec()), "abc", "tool 1"), namespace)
    limit = namespace["Limit"]
    assert namespace["LIMITS"]["SoundRequest"]["length"] == limit("length", "integer", False, 3, 1, 9)
    assert namespace["LIMITS"]["SourceUrl"]["url"] == limit("url", "string", True, max_length=80)
    assert (namespace["SPEC_SHA256"], namespace["GENERATOR"]) == ("abc", "tool 1")


def test_a_list_is_carried_and_the_objects_in_it_are_reached(tmp_path: Path) -> None:
    item = {"type": "object", "properties": {"at": {"type": "number", "minimum": 0.5}}}
    names = {"names": load_overlay(write(tmp_path, {})[1]).names | {LENGTH + "/items": "Cut"}}
    limits = collect_limits(prepared(tmp_path, changed(LENGTH, {"type": "array", "items": item}), names))
    assert limits["SoundRequest"]["length"] == [
        "'length'",
        "'array'",
        "required=False",
        "items=Limit('', 'object', required=True, schema='Cut')",
    ]
    assert limits["Cut"] == {"at": ["'at'", "'number'", "required=False", "minimum=0.5"]}


def test_an_excluded_minimum_is_carried_as_a_bound_of_its_own(tmp_path: Path) -> None:
    for excluded, carried in ((True, "exclusive_minimum=0"), (False, "minimum=0")):
        schema = {"type": "number", "minimum": 0, "exclusiveMinimum": excluded, "default": 1}
        limits = collect_limits(prepared(tmp_path, changed(LENGTH, schema)))
        assert limits["SoundRequest"]["length"] == ["'length'", "'number'", "required=False", "default=1", carried]


def test_an_exclusion_without_its_minimum_is_an_error(tmp_path: Path) -> None:
    spec = changed(LENGTH, {"type": "number", "exclusiveMinimum": True})
    with pytest.raises(GenerationError, match="length/exclusiveMinimum: it excludes nothing without a minimum"):
        collect_limits(prepared(tmp_path, spec))


def test_a_parameter_with_a_named_enum_is_carried(tmp_path: Path) -> None:
    names = {"names": load_overlay(write(tmp_path, {})[1]).names | {PARAMETER + "/schema": "DryRun"}}
    spec = changed(PARAMETER + "/schema", {"type": "string", "enum": ["dry", "wet"]})
    limits = collect_limits(prepared(tmp_path, spec, names))
    assert limits["makeSound"]["dry_run"] == ["'dry_run'", "'string'", "required=False", "enum=('dry', 'wet')"]


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("multipleOf", 10),
        ("uniqueItems", True),
        ("minProperties", 1),
        ("maxProperties", 1),
        ("not", {"type": "string"}),
        ("const", 3),
        ("somethingNew", 1),
        ("x-limits", []),
        ("x-limit-when", []),
    ],
)
@pytest.mark.parametrize(
    "pointer",
    [
        LENGTH,
        BODY,
        BODY + "/properties/source",
        BODY + "/properties/source/oneOf/0/properties/url",
        PARAMETER + "/schema",
    ],
)
def test_a_constraint_that_is_not_carried_is_an_error(tmp_path: Path, pointer: str, keyword: str, value: Any) -> None:
    """The same keyword in an answer is nobody's concern: answers are not checked."""
    document = normalise(changed(f"{pointer}/{keyword}", value), load_overlay(write(tmp_path, {})[1]))
    with pytest.raises(
        GenerationError, match=rf"/.*/{keyword}: limits.py does not carry '{keyword}', nothing would check it"
    ):
        collect_limits(document)


@pytest.mark.parametrize("keyword", ["pattern", "minItems", "maxItems"])
@pytest.mark.parametrize("pointer", [LENGTH, BODY, BODY + "/properties/source", PARAMETER + "/schema"])
def test_a_constraint_of_another_type_is_an_error(tmp_path: Path, pointer: str, keyword: str) -> None:
    document = normalise(changed(f"{pointer}/{keyword}", 1), load_overlay(write(tmp_path, {})[1]))
    with pytest.raises(GenerationError, match=rf"/.*/{keyword}: limits.py does not carry '{keyword}'"):
        collect_limits(document)


def test_a_body_that_may_be_null_is_an_error(tmp_path: Path) -> None:
    document = normalise(changed(f"{BODY}/nullable", True), load_overlay(write(tmp_path, {})[1]))
    with pytest.raises(GenerationError, match="/nullable: a body is an object"):
        collect_limits(document)


def test_a_form_and_a_null_are_carried(tmp_path: Path) -> None:
    spec = changed(LENGTH, {"type": "string", "pattern": "^a$", "nullable": True})
    limits = collect_limits(prepared(tmp_path, spec))
    assert limits["SoundRequest"]["length"][3:] == ["pattern='^a$'", "nullable=True"]


def test_a_list_is_carried_with_its_bounds_and_its_items(tmp_path: Path) -> None:
    items = {"type": "array", "nullable": True, "items": {"type": "string", "maxLength": 3}}
    spec = changed(LENGTH, {"type": "array", "minItems": 1, "maxItems": 2, "items": items})
    limits = collect_limits(prepared(tmp_path, spec))
    inner = "items=Limit('', 'string', required=True, max_length=3)"
    assert limits["SoundRequest"]["length"][3:] == [
        "min_items=1",
        "max_items=2",
        f"items=Limit('', 'array', required=True, nullable=True, {inner})",
    ]


def test_constraints_of_answers_are_not_carried(tmp_path: Path) -> None:
    spec = changed(ANSWER + "/properties/id", {"type": "string", "pattern": "^a", "maxLength": 3})
    assert "Sound" not in collect_limits(prepared(tmp_path, spec))


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "integer", "enum": [1, 2]}, "enums of strings only"),
        ({"type": "array", "items": {"enum": [1, "a"]}}, "items/type: .* the type None|is not of type None"),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, "unions of objects only"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "anyOf: .*unions of objects only"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "does not carry 'additionalProperties'"),
    ],
)  # fmt: skip
def test_a_shape_that_is_not_carried_is_an_error(tmp_path: Path, schema: dict[str, Any], message: str) -> None:
    names = load_overlay(write(tmp_path, {})[1]).names | ({LENGTH: "Length"} if schema.get("type") == "object" else {})
    with pytest.raises(GenerationError, match=message):
        collect_limits(prepared(tmp_path, changed(LENGTH, schema), {"names": names}))


@pytest.mark.parametrize(
    "parameter",
    [
        {"name": "ids", "in": "header", "schema": {"type": "array", "items": {"type": "string"}}},
        {"name": "session", "in": "cookie", "schema": {"type": "string"}},
        {"name": "filter", "in": "query", "content": {"text/plain": {"schema": {"type": "string"}}}},
    ],
)
def test_a_parameter_that_is_not_carried_is_an_error(tmp_path: Path, parameter: dict[str, Any]) -> None:
    with pytest.raises(
        GenerationError, match=r"a parameter has a scalar schema, or a list.*name of its own, and is no cookie"
    ):
        collect_limits(prepared(tmp_path, changed(PARAMETER, parameter)))


def test_a_list_in_the_query_is_carried(tmp_path: Path) -> None:
    ids = {"name": "ids", "in": "query", "schema": {"type": "array", "items": {"type": "string"}, "maxItems": 3}}
    limits = collect_limits(prepared(tmp_path, changed(PARAMETER, ids)))
    items = "items=Limit('', 'string', required=True)"
    assert limits["makeSound"]["ids"] == ["'ids'", "'array'", "required=False", "max_items=3", items]


def test_a_union_of_one_is_what_is_in_it_with_what_is_beside_it(tmp_path: Path) -> None:
    spec = changed(LENGTH, {"oneOf": [{"type": "integer", "minimum": 1}], "nullable": True, "default": 3})
    expected = ["default=3", "minimum=1", "nullable=True"]
    assert collect_limits(prepared(tmp_path, spec))["SoundRequest"]["length"][3:] == expected


def test_a_field_of_any_type_is_carried_without_a_check(tmp_path: Path) -> None:
    limits = collect_limits(prepared(tmp_path, changed(LENGTH, {"description": "Anything."})))
    assert limits["SoundRequest"]["length"] == ["'length'", "'any'", "required=False"]


def test_an_exclusive_maximum_is_carried_as_the_bound_itself(tmp_path: Path) -> None:
    spec = changed(LENGTH, {"type": "integer", "maximum": 9, "exclusiveMaximum": True})
    assert collect_limits(prepared(tmp_path, spec))["SoundRequest"]["length"][3:] == ["exclusive_maximum=9"]


def test_a_union_with_bounds_of_its_own_is_an_error(tmp_path: Path) -> None:
    spec = changed(BODY + "/properties/source/properties", {"more": {"type": "integer", "minimum": 1}})
    with pytest.raises(GenerationError, match="unions of objects only"):
        collect_limits(prepared(tmp_path, spec))


def test_an_object_without_a_name_is_an_error(tmp_path: Path) -> None:
    document = prepared(tmp_path, inlined_spec())
    document["components"]["schemas"]["SoundRequest"]["properties"]["loop"] = {"type": "object"}  # as a patch could
    with pytest.raises(GenerationError, match="an object in a request without a component's name"):
        collect_limits(document)


def test_an_object_field_is_carried_with_its_own_limits(tmp_path: Path) -> None:
    document = prepared(tmp_path, *with_cut())
    limits = collect_limits(document)
    assert limits["SoundRequest"]["cut"] == ["'cut'", "'object'", "required=False", "schema='Cut'"]
    assert limits["Cut"]["start"] == ["'start'", "'integer'", "required=False", "minimum=1"]


def test_an_object_in_an_object_field_is_carried_too(tmp_path: Path) -> None:
    spec, overlay = with_cut()
    spec = changed(f"{CUT}/properties/deep", {"type": "object", "properties": {"x": {"type": "integer"}}}, spec)
    overlay = {"names": overlay["names"] | {f"{CUT}/properties/deep": "Deep"}}
    limits = collect_limits(prepared(tmp_path, spec, overlay))
    assert limits["Cut"]["deep"] == ["'deep'", "'object'", "required=False", "schema='Deep'"]
    assert limits["Deep"]["x"] == ["'x'", "'integer'", "required=False"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (["start"], "no list of two"),
        ("start", "no list of two"),
        (["start", "gone"], "no list of two"),
        (None, "no list"),
    ],
)
def test_alternatives_are_fields_of_the_object(tmp_path: Path, fields: Any, message: str) -> None:
    spec, overlay = with_cut()
    document = prepared(tmp_path, changed(f"{CUT}/x-one-of-fields", fields, spec), overlay)
    with pytest.raises(GenerationError, match=message):
        render_limits(document, "abc", "tool 1")


def test_alternatives_reach_the_module(tmp_path: Path) -> None:
    spec, overlay = with_cut()
    document = prepared(tmp_path, changed(f"{CUT}/x-one-of-fields", ["start", "end"], spec), overlay)
    namespace: dict[str, Any] = {}
    exec(render_limits(document, "abc", "tool 1"), namespace)
    assert namespace["ONE_OF"] == {"Cut": ("start", "end")}


def test_alternatives_where_nothing_checks_them_are_an_error(tmp_path: Path) -> None:
    document = prepared(tmp_path, changed(f"{ANSWER}/x-one-of-fields", ["id", "at"]))
    with pytest.raises(GenerationError, match="only an object in a request"):
        render_limits(document, "abc", "tool 1")


WEBHOOK = ("terminal", "sync")
V15 = ("textToSfx", "videoToSfx")
OTHERS = ("textToMusic", "videoToMusic", "audioToMidi")
V16 = (
    "textToSfxV16",
    "videoToSfxV16",
    "extendAudioV16",
    "extendAudioWithVideoV16",
    "inpaintAudioV16",
    "inpaintAudioWithVideoV16",
)


def test_the_committed_limits_say_what_the_contract_says() -> None:
    limits = importlib.import_module("mirelo_ergo_api.mirelo_v2.limits")
    limit = limits.Limit
    samples = limit("num_samples", "integer", False, 1, 1, 4)
    loop = limit("loop", "boolean", False, False)
    prompt = limit("prompt", "string", False)
    audio, video = (
        limit(
            name.lower(),
            "object",
            True,
            tag="type",
            variants=(("asset", f"{name}SourceAsset"), ("url", f"{name}SourceUrl")),
        )
        for name in ("Audio", "Video")
    )
    stretch = limit("segment", "object", True, schema="Segment")
    output = limit("output", "string", False, "audio", enum=("audio", "video"))
    priced = limit("num_samples", "integer", False, 1)
    appended = limit("append_duration_ms", "integer", True)
    job = {"job_id": limit("job_id", "string", True)}
    asset = {"type": limit("type", "string", True, enum=("asset",)), "asset_id": limit("asset_id", "string", True)}
    url = limit("type", "string", True, enum=("url",))

    def append(highest: int) -> Any:
        return limit("append_duration_ms", "integer", True, None, 1000, highest)

    def fields(*of: Any) -> dict[str, Any]:
        return {each.name: each for each in of}

    def stored(kind: str) -> Any:
        return limit(kind, "object", True, schema=f"{kind.capitalize()}SourceAsset")

    music = (
        limit("duration_ms", "integer", True, None, 1),
        limit("format", "string", False),
        limit("num_samples", "integer", False, 1, 1),
    )
    instrument = limits.LIMITS["AudioToMidiRequest"]["instruments"].items
    assert {"acoustic_piano", "violin", "drums"} < {*instrument.enum}
    subdivisions = ("automatic", "straight_sixteenths", "eighth_triplets", "sixteenth_triplets", "swing_eighths")
    segment = [limit("start_ms", "integer", True), limit("end_ms", "integer", True)]
    expected = {
        "TextToSfxRequest": fields(
            limit("prompt", "string", True, max_length=5000),
            limit("duration_ms", "integer", False, 10000, 1000, 10000),
            samples,
        ),
        "TextToSfxV16Request": fields(
            limit("prompt", "string", True, min_length=1, max_length=5000),
            limit("duration_ms", "integer", False, 60000, 1000, 60000),
            loop,
            samples,
        ),
        "VideoToSfxRequest": fields(
            video,
            limit("duration_ms", "integer", True, None, 1000, 600000),
            limit("start_offset_ms", "integer", False, None, 0),
            samples,
            output,
        ),
        "VideoToSfxV16Request": fields(
            video,
            limit("duration_ms", "integer", True, None, 1000, 600000),
            limit("start_offset_ms", "integer", False, None, 0),
            prompt,
            samples,
            output,
        ),
        "ExtendAudioV16Request": fields(audio, append(30000), prompt, loop, samples),
        "ExtendAudioWithVideoV16Request": fields(
            audio, video, append(57000), limit("start_offset_ms", "integer", False, 0, 0), prompt, samples
        ),
        "InpaintAudioV16Request": fields(audio, stretch, prompt, samples),
        "InpaintAudioWithVideoV16Request": fields(audio, video, stretch, prompt, samples),
        "Segment": fields(limit("start_ms", "integer", True, None, 1000), segment[1]),
        "VideoSourceUrl": {"type": url, "video_url": limit("video_url", "string", True)},
        "AudioSourceUrl": {"type": url, "audio_url": limit("audio_url", "string", True)},
        "VideoSourceAsset": asset,
        "AudioSourceAsset": asset,
        "AssetRequest": {"content_type": limit("content_type", "string", False)},
        **{f"{name}Preflight": fields(limit("duration_ms", "integer", False, 10000), priced) for name in V15},
        "textToSfxV16Preflight": fields(limit("duration_ms", "integer", False, 60000), priced),
        "videoToSfxV16Preflight": fields(limit("duration_ms", "integer", False, 10000), priced),
        **{f"{name}Preflight": fields(appended, priced) for name in V16[2:4]},
        **{f"{name}Preflight": fields(*segment, priced) for name in V16[4:]},
        **{f"{name}JobPoll": job for name in (*V15, *V16, *OTHERS)},
        **{f"{name}Sync": fields(limit("Idempotency-Key", "string", False)) for name in (*V15, *V16)},
        "TextToMusicRequest": fields(limit("prompt", "string", True, min_length=1), *music),
        "VideoToMusicRequest": fields(stored("video"), *music),
        "AudioToMidiRequest": fields(
            stored("audio"),
            limit("instrument_detection_id", "string", False),
            limit("instruments", "array", False, items=instrument),
            limit("optimize_musicxml", "boolean", False),
            limit("page_size", "string", False, enum=("a4", "letter")),
            limit("score_pdfs", "boolean", False),
            limit("subdivision", "string", False, enum=subdivisions),
            limit("tempo", "object", False, schema="FixedTempo"),
            limit("time_signature", "object", False, schema="TimeSignature"),
            limit("timing", "string", False, enum=("performance", "quantized")),
        ),
        "DetectInstrumentsRequest": fields(stored("audio"), limit("max_credits", "integer", False, None, 0)),
        "FixedTempo": fields(
            limit("bpm", "number", True, None, 30, 300), limit("mode", "string", True, enum=("fixed",))
        ),
        "TimeSignature": fields(
            limit("numerator", "integer", True, None, 2, 12), limit("denominator", "integer", True, None, 4, 8)
        ),
        "audioToMidiPreflight": fields(limit("duration_ms", "integer", True)),
        "textToMusicPreflight": fields(limit("duration_ms", "integer", True), priced),
    }
    assert expected == limits.LIMITS
    condition = limits.Condition
    width = (condition("segment", width=("start_ms", "end_ms"), minimum=1000, maximum=8000),)
    assert {
        "TextToSfxV16Request": (condition("duration_ms", (("loop", True),), None, 3000, 60000),),
        "ExtendAudioV16Request": (condition("append_duration_ms", (("loop", True),), None, 2000),),
        "InpaintAudioV16Request": width,
        "InpaintAudioWithVideoV16Request": width,
    } == limits.CONDITIONS


def test_the_gateways_committed_limits_say_what_the_contract_says() -> None:
    limits = importlib.import_module("mirelo_ergo_api.pixazo.limits")
    limit = limits.Limit

    def fields(*of: Any) -> dict[str, Any]:
        return {each.name: each for each in of}

    video, seed = limit("video_url", "string", True), limit("seed", "integer", False)
    samples = limit("num_samples", "integer", False, 1, 1, 4)
    submit = fields(limit("X-Webhook-URL", "string", False), limit("X-Webhook-Mode", "string", False, enum=WEBHOOK))
    assert {
        "TextToAudioRequest": fields(
            limit("text_prompt", "string", True, min_length=4),
            limit("duration", "number", False, 10, 0.1, 60),
            limit("ambience", "boolean", False, False),
            limit("double_output", "boolean", False, False),
            limit("upload_audio_format", "string", False, "wav", enum=("wav", "mp3", "aac", "flac")),
            samples,
            seed,
        ),
        "VideoToVideoRequest": fields(
            video, limit("text_prompt", "string", False), limit("duration", "number", False, 10, 1, 60), samples, seed
        ),
        "VideoToAudioRequest": fields(
            video,
            limit("text_prompt", "string", False, ""),
            limit("num_samples", "integer", False, 2),
            limit("seed", "integer", False, 2105),
            limit("duration", "number", False, 10, exclusive_minimum=0),
        ),
        "textToAudio": submit,
        "videoToVideo": submit,
        "videoToAudio": submit,
        "getRequestStatus": fields(limit("request_id", "string", True)),
    } == limits.LIMITS
    assert limits.CONDITIONS == {} == limits.ONE_OF


def test_the_pins_are_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    pins = [f"openapi-python-client=={generate.GENERATOR}", f"ruff=={generate.RUFF}"]
    assert [pin for pin in pins if pin not in project["dependency-groups"]["dev"]] == []
