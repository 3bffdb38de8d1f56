"""sync.so's request bodies, built from its spec: what fits goes out as it is, in either casing; what does not stays."""

from __future__ import annotations

import json
import re
from email import message_from_bytes
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo import AsyncSyncSoClient, InvalidRequestError, SyncSoClient
from mirelo_ergo._runtime.io.protocol import Request, run
from tests.support.answers import reply
from tests.support.examples import examples
from tests.support.specs import vendored
from tests.support.virtual import KEY, VirtualIO, body_of, put_under

SPEC = vendored("sync-so")
SCHEMAS: dict[str, dict[str, Any]] = SPEC["components"]["schemas"]
MODELS = ("sync-3", "lipsync-2", "lipsync-2-pro", "react-1", "a-newer-one")
SNAKE = re.compile(r"(?<=[a-z0-9])([A-Z])")
words = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12)


def fitting(node: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Make values that fit a schema of the spec."""
    while "$ref" in node:
        node = SCHEMAS[node["$ref"].rpartition("/")[2]]
    made = _fitting(node)
    return made | st.none() if node.get("nullable") else made


def _fitting(node: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "enum" in node:
        return st.sampled_from(node["enum"])
    match node["type"]:
        case "object":
            return _objects(node)
        case "array":
            return st.lists(fitting(node["items"]), min_size=node.get("minItems", 0), max_size=node.get("maxItems", 3))
        case "number":
            low, high = node.get("minimum", -1e6), node.get("maximum", 1e6)
            return st.floats(low, high) | st.sampled_from([low, high])
        case "integer":
            return st.integers(node.get("minimum", -1000), node.get("maximum", 1000))
        case "boolean":
            return st.booleans()
        case _:
            if "pattern" in node:
                longest = node["maxLength"]
                return st.from_regex(node["pattern"], fullmatch=True).filter(lambda text: len(text) <= longest)
            return {"uri": words.map("https://{}.example".format), "uuid": st.uuids().map(str)}.get(
                node.get("format", ""), words
            )


@st.composite
def _objects(draw: st.DrawFn, node: dict[str, Any]) -> dict[str, Any]:
    if not node.get("properties"):
        return draw(st.dictionaries(words, st.integers() | words, max_size=2))
    required, one = set(node.get("required", ())), node.get("x-one-of-fields", ())
    chosen = draw(st.sampled_from(one)) if one else None
    made = {}
    for name, inner in node["properties"].items():
        if name in required or name == chosen or (name not in one and draw(st.booleans())):
            made[name] = draw(fitting(inner))
    return made


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """Make bodies of a create that keep to the spec and to its conditions between fields."""
    model = draw(st.sampled_from(MODELS))
    visuals = ["VideoInput", "ImageInput"] if model == "sync-3" else ["VideoInput"]
    spoken = draw(st.lists(st.sampled_from(["AudioInput", "TextInput"]), min_size=1, max_size=3))
    names = draw(st.permutations([draw(st.sampled_from(visuals)), *spoken]))
    body: dict[str, Any] = {"model": model, "input": [draw(fitting(SCHEMAS[name])) for name in names]}
    if len(spoken) > 1 or draw(st.booleans()):
        body["segments"] = draw(st.lists(fitting(SCHEMAS["Segment"]), min_size=1, max_size=2))
    for name, inner in SCHEMAS["CreateGeneration"]["properties"].items():
        if name not in ("model", "input", "segments") and draw(st.booleans()):
            body[name] = draw(fitting(inner))
    if model != "react-1":
        for name in ("model_mode", "prompt"):
            body.get("options", {}).pop(name, None)
    return body


def snake(name: str) -> str:
    return SNAKE.sub(lambda found: f"_{found[1].lower()}", name)


def renamed(value: Any, draw: Any, *, inside: bool = False) -> Any:
    """Return a body with each field's name in either casing; a free object's own fields stay."""
    if isinstance(value, list):
        return [renamed(each, draw, inside=inside) for each in value]
    if not isinstance(value, dict):
        return value
    named = {}
    for name, inner in value.items():
        other = snake(name) if draw(st.booleans()) else name
        named[other] = inner if name == "optionsOverride" else renamed(inner, draw, inside=inside)
    return named


def stripped(value: Any) -> Any:
    """Return what goes out: fields that hold nothing are left out."""
    if isinstance(value, list):
        return [stripped(each) for each in value]
    if isinstance(value, dict):
        return {name: stripped(inner) for name, inner in value.items() if inner is not None}
    return value


def accepting() -> VirtualIO:
    def answer(request: Request) -> Any:
        return reply(201, {"id": "g1", "status": "PENDING"}) if request.path == "/v2/generate" else reply(200, [])

    return VirtualIO(answer)


def clients(*ios: VirtualIO) -> tuple[Any, Any]:
    client, twin = SyncSoClient(KEY), AsyncSyncSoClient(KEY)
    put_under(client, ios[0])
    put_under(twin, ios[-1])
    return client, twin


@examples(60)
@given(body=bodies(), data=st.data())
def test_what_fits_goes_out_as_it_is(body: dict[str, Any], data: st.DataObject) -> None:
    io, awaited = accepting(), accepting()
    client, twin = clients(io, awaited)
    given_ = {snake(name): renamed(value, data.draw) for name, value in body.items()}
    client.generations.create(**given_)
    run(twin.generations.create(**given_))
    for each in (io, awaited):
        (call,) = each.calls
        assert json.loads(body_of(call.request)) == stripped(body)
    client.generations.estimate_cost(**given_)
    assert json.loads(body_of(io.calls[-1].request)) == stripped(body)


def broken() -> list[tuple[str, dict[str, Any], str]]:
    """List bodies that are wrong in one thing, by what is wrong."""
    film, sound = {"type": "video", "url": "u"}, {"type": "audio", "assetId": "a"}
    pair: list[dict[str, Any]] = [film, sound]
    text: dict[str, Any] = {"type": "text", "provider": {"name": "elevenlabs", "voiceId": "v", "script": "s"}}
    segment = {"startTime": 0, "endTime": 1, "audioInput": {"refId": "a"}}
    options = SCHEMAS["GenerationOptions"]["properties"]
    found: list[tuple[str, dict[str, Any], str]] = [
        ("no visual", {"input": [sound]}, "input"),
        ("two visuals", {"input": [film, film, sound]}, "input"),
        ("an image in another model", {"input": [{"type": "image", "url": "u"}, sound]}, "input"),
        ("no voice", {"input": [film]}, "input"),
        ("two voices", {"input": [film, sound, text]}, "input"),
        ("both places", {"input": [{**film, "assetId": "a"}, sound]}, "input[0]"),
        ("no place", {"input": [{"type": "video"}, sound]}, "input[0]"),
        ("an unknown type", {"input": [{"type": "smell"}, *pair]}, "input[0].type"),
        (
            "a voice without a script",
            {"input": [film, {"type": "text", "provider": {"name": "elevenlabs"}}]},
            "input[1]",
        ),
        ("another provider", {"input": [film, {**text, "provider": {**text["provider"], "name": "x"}}]}, "input[1]"),
        ("a segment without an end", {"segments": [{**segment, "endTime": None}]}, "segments[0]"),
        ("a segment without an audio", {"segments": [{"startTime": 0, "endTime": 1}]}, "segments[0]"),
        ("a name with a dot", {"output_file_name": "a.mp4"}, "outputFileName"),
        ("a long name", {"output_file_name": "a" * 256}, "outputFileName"),
        ("three coordinates", {"options": {"active_speaker_detection": {"coordinates": [1, 2, 3]}}}, "options"),
        ("a box of three", {"options": {"active_speaker_detection": {"bounding_boxes": [[1, 2, 3]]}}}, "options"),
        ("a mode of react-1", {"options": {"model_mode": "lips"}}, "options.model_mode"),
        ("an emotion of react-1", {"options": {"prompt": "happy"}}, "options.prompt"),
        ("a language that is missing", {"dub_params": {"numSpeakers": 2}}, "dubParams"),
    ]
    for name, schema in options.items():
        if "enum" in schema:
            found.append((f"another {name}", {"model": "react-1", "options": {name: "OTHER"}}, f"options.{name}"))
        for side, step in (("minimum", -0.01), ("maximum", 0.01)):
            if side in schema:
                found.append((f"{name} beyond its {side}", {"options": {name: schema[side] + step}}, f"options.{name}"))
        wrong = {"boolean": "yes", "number": "1", "string": 5}.get(schema.get("type", ""))
        if wrong is not None:
            found.append((f"{name} of another type", {"options": {name: wrong}}, f"options.{name}"))
    return [(what, {"model": "lipsync-2", "input": pair, **body}, field) for what, body, field in found]


@pytest.mark.parametrize(("body", "field"), [each[1:] for each in broken()], ids=[each[0] for each in broken()])
def test_what_does_not_fit_never_leaves(body: dict[str, Any], field: str) -> None:
    io = accepting()
    client, twin = clients(io)
    for call in (client.generations.create, lambda **given_: run(twin.generations.create(**given_))):
        with pytest.raises(InvalidRequestError) as caught:
            call(**body)
        assert field in caught.value.message
        assert "nothing was sent" in caught.value.message
    assert io.calls == []


@examples(30)
@given(
    options=fitting({"$ref": "#/components/schemas/GenerationOptions"}),
    film=st.binary(min_size=1, max_size=300),
    voice=fitting({"$ref": "#/components/schemas/TextInput"}),
)
def test_a_form_carries_all_as_it_is(options: dict[str, Any], film: bytes, voice: dict[str, Any]) -> None:
    io, awaited = accepting(), accepting()
    client, twin = clients(io, awaited)
    video = ("a.mp4", film, "video/mp4")
    given_: dict[str, Any] = {"model": "react-1", "video": video, "input": [voice], "options": options}
    client.generations.create_with_files(**given_)
    run(twin.generations.create_with_files(**given_))
    for each in (io, awaited):
        (call,) = each.calls
        head = f"Content-Type: {call.request.content_type}\r\n\r\n".encode()
        found: Any = message_from_bytes(head + body_of(call.request)).get_payload()
        parts = {part.get_param("name", header="content-disposition"): part.get_payload(decode=True) for part in found}
        assert parts.keys() == {"model", "input", "options", "video"}
        assert (parts["model"], parts["video"]) == (b"react-1", film)
        assert json.loads(parts["input"]) == stripped(voice)
        assert json.loads(parts["options"]) == stripped(options)
