"""An object of another client as a source: the message names its client, and what to pass instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mirelo_ergo import Audio, InferenceClient, InvalidRequestError, MireloClient, SyncSoClient, Video, sync_so
from mirelo_ergo._runtime.redact import type_name
from mirelo_ergo.inference_sh import File

CLIP = Video.from_bytes(b"1234", "video/mp4")
SOUND = Audio.from_bytes(b"1234", "audio/wav")
TALK: Any = sync_so.Video(asset_id="ast-1")
STORED: Any = File(uri="inf://files/1")
KEY = "key-of-nobody"
Clients = dict[str, Any]


@pytest.fixture
def clients() -> Iterator[Clients]:
    with MireloClient(KEY) as mirelo, SyncSoClient(KEY) as lips, InferenceClient(KEY) as apps:
        yield {"mirelo": mirelo, "lips": lips, "apps": apps}


CASES: dict[str, tuple[Callable[[Clients], object], str, str]] = {
    "a clip to lipsync": (
        lambda of: of["lips"].lipsync(CLIP, "voice.wav"),
        "video=<Video of 4 bytes, video/mp4> is mirelo_ergo.Video",
        "mirelo_ergo.sync_so.Video(…)",
    ),
    "a sound to lipsync": (
        lambda of: of["lips"].lipsync("clip.mp4", SOUND),
        "audio=<Audio of 4 bytes, audio/wav> is mirelo_ergo.Audio",
        "mirelo_ergo.sync_so.Audio(…)",
    ),
    "a stored file to lipsync": (
        lambda of: of["lips"].lipsync(STORED, "voice.wav"),
        "is mirelo_ergo.inference_sh.File",
        "mirelo_ergo.sync_so.Video(…)",
    ),
    "a clip to generations": (
        lambda of: of["lips"].generations.create(model="lipsync-2", input=[TALK, SOUND]),
        "input[1]=<Audio of 4 bytes, audio/wav> is mirelo_ergo.Audio",
        "give Video, Image, Audio or Tts of mirelo_ergo.sync_so",
    ),
    "a clip to assets": (
        lambda of: of["lips"].assets.upload(CLIP),
        "is mirelo_ergo.Video",
        "give a path, bytes or an open binary file",
    ),
    "a clip to mmaudio": (
        lambda of: of["apps"].mmaudio("rain", video=CLIP),
        "video=<Video of 4 bytes, video/mp4> is mirelo_ergo.Video, not a clip",
        "an open file or mirelo_ergo.inference_sh.File(…)",
    ),
    "a clip to an app": (
        lambda of: of["apps"].app("infsh/mmaudio")(prompt="rain", video_input=CLIP),
        "input.video_input=<Video of 4 bytes, video/mp4> is mirelo_ergo.Video",
        "mirelo_ergo.inference_sh.File(…)",
    ),
    "a clip within a list": (
        lambda of: of["apps"].app("a/b")(clips=["a", TALK]),
        "input.clips[1]=Video(url=None, asset_id='ast-1', type='video') is mirelo_ergo.sync_so.Video",
        "mirelo_ergo.inference_sh.File(…)",
    ),
    "a clip to files": (
        lambda of: of["apps"].files.upload(TALK),
        "is mirelo_ergo.sync_so.Video",
        "mirelo_ergo.inference_sh.File(…)",
    ),
    "an asset to Mirelo": (
        lambda of: of["mirelo"].video_to_sfx(TALK, duration_ms=1000),
        "video is mirelo_ergo.sync_so.Video",
        "give a path, a URL, or mirelo_ergo.Video.from_bytes",
    ),
    "an asset to music": (
        lambda of: of["mirelo"].video_to_music(TALK, duration_ms=1000),
        "video is mirelo_ergo.sync_so.Video",
        "mirelo_ergo.Video.from_bytes",
    ),
    "a clip to midi": (
        lambda of: of["mirelo"].audio_to_midi(CLIP),
        "audio is mirelo_ergo.Video",
        "mirelo_ergo.Audio.from_bytes",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_thing_and_the_way_out_are_named(clients: Clients, case: str) -> None:
    call, thing, way_out = CASES[case]
    with pytest.raises(InvalidRequestError) as caught:
        call(clients)
    assert thing in caught.value.message
    assert way_out in caught.value.message


def test_an_input_that_holds_itself_is_refused_and_not_followed_for_ever(clients: Clients) -> None:
    loop: list[Any] = []
    loop.append(loop)
    clients["apps"].app("a/b")(clips=["a", 1.5, None, True, b"x", {"b": [STORED]}])
    with pytest.raises(InvalidRequestError, match="nested more than 50 levels deep"):
        clients["apps"].app("a/b")(loop=loop)


def test_other_types_keep_their_names() -> None:
    assert [type_name(each) for each in (1, None, b"", CLIP, TALK)] == [
        "int",
        "NoneType",
        "bytes",
        "mirelo_ergo.Video",
        "mirelo_ergo.sync_so.Video",
    ]
