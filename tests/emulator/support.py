"""What the emulator's tests share: a client over plain httpx, and ways to measure sound and picture."""

from __future__ import annotations

import io
import re
import threading
import wave
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import av
import httpx
import jsonschema
import numpy as np

from tests.support import specs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from mirelo_ergo.emulator import Emulator

SPEC: dict[str, Any] = specs.spec()
TEXT = "/v2/text-to-sfx/v1.5"
VIDEO = "/v2/video-to-sfx/v1.5"


class Api:
    """Speak to an emulator; every JSON answer of an operation has to fit the spec's schema for its status."""

    def __init__(self, emu: Emulator, key: str | None = None) -> None:
        self.emu = emu
        self.http = httpx.Client(
            base_url=emu.url,
            headers={"authorization": f"Bearer {emu.key if key is None else key}"},
            event_hooks={"response": [_fits_the_spec]},
            timeout=30,
            verify=False,  # there is no TLS here, and loading the certificates takes longer than most of these tests
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def get(self, path: str, **query: int | str) -> httpx.Response:
        return self.http.get(path, params=query)

    def post(self, path: str, body: object) -> httpx.Response:
        return self.http.post(path, json=body)

    def balance(self) -> int:
        return int(self.get("/v2/me").json()["credits_available"])

    def submit(self, route: str, **body: object) -> dict[str, Any]:
        answer = self.post(f"{route}/jobs", body)
        assert answer.status_code == 202, answer.text
        accepted: dict[str, Any] = answer.json()
        return accepted

    def finish(self, accepted: dict[str, Any]) -> dict[str, Any]:
        """Let the job's time pass on the emulator's clock and poll it once."""
        self.emu.clock.advance(10 * accepted["estimated_ms"] / 1000)
        status: dict[str, Any] = self.get(accepted["job_url"]).json()
        return status

    def results(self, route: str, **body: object) -> list[str]:
        status = self.finish(self.submit(route, **body))
        assert status["status"] == "succeeded", status
        urls: list[str] = status["result"]["result_urls"]
        return urls

    def open_upload(self, content_type: str | None = "video/mp4") -> tuple[str, str]:
        body = {} if content_type is None else {"content_type": content_type}
        answer = self.post("/v2/assets", body)
        assert answer.status_code == 201, answer.text
        return answer.json()["asset_id"], answer.json()["upload_url"]

    def upload(self, data: bytes) -> dict[str, str]:
        asset_id, url = self.open_upload()
        answer = put(url, data)
        assert answer.status_code == 200, answer.text
        return {"type": "asset", "asset_id": asset_id}


def _fits_the_spec(response: httpx.Response) -> None:
    response.read()
    path = urlsplit(str(response.request.url)).path
    for template, item in SPEC["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            operation = item.get(response.request.method.lower())
            break
    else:
        operation = None
    schema: dict[str, Any] = {"$ref": "#/components/schemas/ErrorResponse"}
    if response.is_success:
        assert operation is not None
        answer = operation["responses"][str(response.status_code)]
        while "$ref" in answer:
            answer = SPEC["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        schema = answer["content"]["application/json"]["schema"]
    body = response.json()
    jsonschema.Draft202012Validator(
        {**schema, "components": SPEC["components"]},
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    ).validate(body)
    if not response.is_success:
        assert body["error"]["http_status"] == response.status_code


def fetch(url: str, **headers: str) -> httpx.Response:
    """GET a URL as a stranger would, without a key; header names are written with underscores."""
    return httpx.get(url, headers={name.replace("_", "-"): value for name, value in headers.items()}, verify=False)


def put(url: str, data: bytes | Iterator[bytes], **headers: str) -> httpx.Response:
    """PUT an upload; header names are written with underscores."""
    named = {"content-type": "video/mp4", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return httpx.put(url, content=data, headers=named, verify=False)


def error_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def store_error_of(response: httpx.Response) -> tuple[int, str]:
    """Read the code of an object store's XML error."""
    assert response.headers["content-type"].startswith("application/xml")
    found = re.search(r"<Error><Code>(\w+)</Code><Message>.+</Message></Error>", response.text)
    assert found is not None, response.text
    return response.status_code, found[1]


def read_wav(data: bytes) -> NDArray[np.int16]:
    """Decode a result; it has to be 48 kHz, stereo and 16 bit, and its header has to tell its true length."""
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (48_000, 2, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
        assert len(samples) == file.getnframes()
    assert len(data) == 44 + samples.nbytes
    return samples


def loudest_onsets(sound: NDArray[Any], count: int, apart_ms: int = 200) -> list[int]:
    """Return when the sound's level rises the most, in milliseconds, in the order of time."""
    step = 48_000 // 200
    mono = np.abs(sound.astype(np.float64)).max(axis=1)
    level = mono[: len(mono) // step * step].reshape(-1, step).max(axis=1)
    rise = np.diff(level, prepend=level[:1])
    onsets: list[int] = []
    for index in np.argsort(-rise, kind="stable"):
        at = int(index) * 5
        if all(abs(at - other) >= apart_ms for other in onsets):
            onsets.append(at)
        if len(onsets) == count:
            break
    return sorted(onsets)


def decode(data: bytes) -> tuple[list[tuple[float, NDArray[Any]]], NDArray[Any]]:
    """Decode a clip's pictures, grey and with their times in milliseconds, and its sound."""
    pictures: list[tuple[float, NDArray[Any]]] = []
    sounds: list[NDArray[Any]] = [np.zeros((0, 2), np.float32)]
    with av.open(io.BytesIO(data), "r") as container:
        for frame in container.decode(video=0):
            assert frame.time is not None
            pictures.append((frame.time * 1000, frame.to_ndarray(format="gray")))
    with av.open(io.BytesIO(data), "r") as container:
        if container.streams.audio:
            sounds += [frame.to_ndarray().T for frame in container.decode(audio=0)]
    return pictures, np.concatenate(sounds)


def encode_clip(
    path: Path,
    *,
    codec: str,
    container: str,
    milliseconds: int,
    fps: int = 20,
    gop: int = 12,
    sound: NDArray[Any] | None = None,
    sound_codec: str = "aac",
) -> None:
    """Write a small clip: a grey ramp that flashes white every half second, 500 ms, 1000 ms and so on.

    `sound` are its samples, 16 bit, 48 kHz and stereo.
    """
    with av.open(str(path), "w", format=container) as output:
        stream = output.add_stream(codec, rate=fps)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 64, 48, "yuv420p", gop
        audio = None if sound is None else output.add_stream(sound_codec, rate=48_000, layout="stereo")
        assert isinstance(audio, av.AudioStream | None)
        for number in range(milliseconds * fps // 1000):
            picture = np.full((48, 64, 3), 40, np.uint8)
            picture[:, : 4 + number % 10] = 90
            since = number % max(1, fps // 2)
            if number >= fps // 2 and since < 3:
                picture += np.uint8(120 - 40 * since)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
        if audio is not None and sound is not None:
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(sound.reshape(1, -1)), format="s16", layout="stereo"
            )
            frame.sample_rate = 48_000
            output.mux(audio.encode(frame))
            output.mux(audio.encode(None))


def tone(hertz: float, milliseconds: float, level: float = 8000, rate: int = 48_000) -> NDArray[np.int16]:
    """Make a pure tone, stereo."""
    wave_form = level * np.sin(2 * np.pi * hertz * np.arange(round(milliseconds * rate / 1000)) / rate)
    return np.repeat(np.rint(wave_form)[:, None], 2, axis=1).astype(np.int16)


def loudness_of(hertz: float, sound: NDArray[Any], rate: int = 48_000) -> float:
    """Return how loud one pitch is in a sound, in the units of its samples."""
    turn = np.exp(-2j * np.pi * hertz * np.arange(len(sound)) / rate)
    return float(2 * abs((sound.astype(np.float64).mean(axis=1) * turn).mean()))


@contextmanager
def answering(respond: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """Serve GET requests on loopback with a function; yields the base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            respond(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = False  # so that its end waits for theirs

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def sending(
    data: bytes, status: int = 200, headers: Mapping[str, str] = MappingProxyType({})
) -> Callable[[BaseHTTPRequestHandler], None]:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return respond
