"""v3, music and notes: each request is what the spec describes, and no answer breaks what is read of it."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo import InvalidRequestError, JobErrored, JobProcessing, JobSucceeded, MireloClient
from mirelo_ergo._runtime.api.answers import Unusable
from mirelo_ergo._runtime.io.protocol import Reply
from mirelo_ergo._runtime.jobs.tokens import JobRecord
from mirelo_ergo._runtime.transfer.inputs import Audio, Video
from mirelo_ergo.mirelo import catalogue, job_values, midi, v3_values
from mirelo_ergo.mirelo.prepared import read_prepared
from mirelo_ergo.mirelo.v3 import FAMILIES
from tests.property.calls import CLIP, KEY, SOUND
from tests.property.spec import KEYED, MUSIC, judge
from tests.property.strategies import valid
from tests.support.examples import examples

if TYPE_CHECKING:
    from collections.abc import Callable

CREATES = {
    "text-to-sfx": "createTextToSfx",
    "video-to-sfx": "createVideoToSfx",
    "extend-audio": "createExtend",
    "inpaint-audio": "createInpaint",
}
RECORD = JobRecord("mirelo", "text-to-sfx", "sfx-2.0", "gen_1", 0.0, None)
MUSIC_RECORD = JobRecord("mirelo", "text-to-music", "v1.0", "gen_1", 0.0, None)
words = st.text(max_size=20).map("rain ".__add__)
lengths = st.integers(1, 10**7)
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
client: Any = MireloClient(KEY, transport=httpx.MockTransport(lambda _: httpx.Response(500)), model="sfx-2.0")
video, audio = Video.from_bytes(CLIP), Audio.from_bytes(SOUND)
more = st.fixed_dictionaries(
    {"num_samples": st.integers(1, 4)},
    optional={"model": st.sampled_from(["sfx-1.6", "sfx-3.1"]), "output_format": st.sampled_from(["wav", "mp3_320"])},
)
prompted = st.fixed_dictionaries({}, optional={"prompt": words})
looped = st.fixed_dictionaries({}, optional={"loop": st.booleans()})


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, Any]:
    """Draw a call of v3 and make it."""
    family = draw(st.sampled_from(sorted(CREATES)))
    rest: dict[str, Any] = draw(more)
    if family == "text-to-sfx":
        return family, client.text_to_sfx(draw(words), duration_ms=draw(lengths), **draw(looped), **rest)
    rest |= draw(prompted)
    if family == "video-to-sfx":
        rest |= {"start_offset_ms": draw(st.integers(0, 10**6)), "preserve_speech": draw(st.booleans())}
        return family, client.video_to_sfx(video, duration_ms=draw(lengths), **rest)
    if draw(st.booleans()):
        rest["video"] = video
    if family == "inpaint-audio":
        start = draw(st.integers(0, 10**6))
        return family, client.inpaint_audio(audio, segment=(start, start + draw(lengths)), **rest)
    if "video" in rest:
        rest["start_offset_ms"] = draw(st.integers(0, 10**6))
    return family, client.extend_audio(audio, append_duration_ms=draw(lengths), **draw(looped), **rest)


@given(made=requests())
def test_a_body_is_what_the_spec_describes(made: tuple[str, Any]) -> None:
    family, request = made
    generation = request._generation
    body = generation.body({name: {"type": "asset", "id": "ast_1"} for name in generation.sources})
    schema = KEYED[CREATES[family]].request
    assert schema is not None
    judge(schema).validate(json.loads(json.dumps(body)))
    judge({**schema, "additionalProperties": False}).validate(body)
    assert FAMILIES[family].create.path == KEYED[CREATES[family]].path


@given(text=words, key=st.text("abcdef0123456789-", min_size=8, max_size=36), samples=st.integers(1, 4))
def test_a_token_gives_the_same_bytes_back(text: str, key: str, samples: int) -> None:
    request = client.text_to_sfx(text, num_samples=samples)
    read = read_prepared(request.prepare(key), 86_400.0)
    assert (read.key.value, read.asked, read.family) == (key, samples, "text-to-sfx")
    assert json.loads(read.body)["input"] == {"prompt": text}
    assert read.token == request.token


@given(token=st.text(max_size=60) | st.text("mirelo-request1:eJabc=", max_size=40))
def test_no_text_that_is_no_token_is_sent(token: str) -> None:
    with pytest.raises(InvalidRequestError):
        client.resubmit(token)


def reply(body: object) -> Reply:
    return Reply(200, {}, json.dumps(body).encode())


@examples(60)
@given(data=st.data())
def test_every_documented_job_becomes_what_its_status_says(data: st.DataObject) -> None:
    schema = KEYED["getTextToSfx"].answers[200]
    body = data.draw(valid(schema, shortest=1))
    body["id"] = RECORD.job_id
    body["status"] = data.draw(
        st.sampled_from(
            ["queued", "running", "succeeded", "partially_succeeded", "failed", "canceled", "expired", "archived"]
        )
    )
    body["completed_at"] = data.draw(st.none() | st.just("2026-03-01T12:00:00Z"))
    judge(schema).validate(body)
    status = v3_values.read_status(RECORD, reply(body), 0.0).status
    ended = body["status"] not in ("queued", "running", "archived") or body["completed_at"] is not None
    assert isinstance(status, JobProcessing) != ended
    result = body.get("result") or {}
    outputs = result.get("outputs", [result.get("output")])
    came = [
        variant["files"]["audio"]["url"]
        for output in outputs
        if output
        for variant in output["variants"]
        if variant["status"] != "failed" and (variant.get("files") or {}).get("audio")
    ]
    if isinstance(status, JobSucceeded):
        assert status.result_urls == came
        assert body["status"] not in ("failed", "canceled", "expired")
    if isinstance(status, JobErrored):
        codes = [each["code"] for each in body.get("errors") or ()]
        assert (status.charged is True) == ("result_unreadable" in codes)


@examples(40)
@given(data=st.data())
def test_every_documented_transcription_becomes_what_its_status_says(data: st.DataObject) -> None:
    schema = MUSIC["audioToMidiJobPoll"].answers[200]
    body = {**data.draw(valid(schema, shortest=1)), "job_id": "gen_1"}
    body["status"] = data.draw(st.sampled_from(["processing", "succeeded", "failed", "errored", "expired", "tuning"]))
    status = midi.read_status(RECORD, reply(body), 0.0).status
    kinds = {"succeeded": "succeeded", "failed": "errored", "errored": "errored", "expired": "errored"}
    assert status.status == kinds.get(body["status"], "processing")
    if isinstance(status, JobSucceeded):
        url = (body.get("result") or {}).get("midi_url")
        assert status.result_urls == ([] if url is None else [url])
    notes = (body.get("result") or {}).get("notes") or ()
    assert len(midi.notes_of(body.get("result"))) == len(notes)


READERS: dict[str, Callable[[Reply], object]] = {
    "a receipt": v3_values.read_accepted,
    "a job": lambda answer: v3_values.read_status(RECORD, answer, 0.0),
    "a preflight": v3_values.read_preflight,
    "an account": v3_values.read_me,
    "an asset": v3_values.read_asset,
    "models": catalogue.read_catalogue,
    "a transcription": lambda answer: midi.read_status(RECORD, answer, 0.0),
    "a transcription at once": midi.read_result,
    "a transcription's price": midi.read_preflight,
    "instruments": midi.read_detected,
    "music": lambda answer: job_values.read_status(
        JobRecord("mirelo", "text-to-music", "v1.0", "j", 0.0, None), answer, 0.0
    ),
}
NAMES = ("id", "status", "result", "output", "outputs", "variants", "files", "audio", "errors", "credits", "data")
fields = st.recursive(
    junk,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=12,
)


@pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())
@examples(90)
@given(body=fields | st.dictionaries(st.sampled_from(NAMES), fields, max_size=6), more=st.data())
def test_nothing_but_unusable_comes_of_any_answer(read: Callable[[Reply], object], body: object, more: Any) -> None:
    if isinstance(body, dict) and more.draw(st.booleans()):
        body["status"] = more.draw(st.sampled_from(["succeeded", "failed", "completed", "partially_succeeded"]))
    with contextlib.suppress(Unusable):
        read(reply(body))


@examples(60)
@given(ranges=fields, wishes=st.fixed_dictionaries({}, optional={"loop": st.booleans(), "output_format": words}))
def test_no_catalogue_breaks_a_request(ranges: object, wishes: dict[str, Any]) -> None:
    told = {"data": [{"id": "sfx-2.0", "operations": {"text-to-sfx": ranges}, "controls": ranges, "formats": ranges}]}
    with contextlib.suppress(InvalidRequestError):
        catalogue.check(catalogue.read_catalogue(reply(told)), client.text_to_sfx("rain", **wishes)._generation)
