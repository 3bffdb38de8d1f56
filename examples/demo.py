"""A demo of the whole SDK with a local emulator: cost, upload, job, download, and checks of the results.

    python examples/demo.py [CLIP]

Leaves out/demo/NAME.wav (the sound) and out/demo/NAME-with-sound.mp4 (the clip with it). Needs no key and no network.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import attrs
import av
import numpy as np
from av.error import FFmpegError
from mirelo_ergo_api.mirelo_v2.limits import LIMITS
from rich.console import Console
from rich.progress import Progress

from mirelo_ergo import MireloClient, MireloError, Video
from mirelo_ergo.emulator import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from av.container import InputContainer

    Show = Callable[[str, int, int], None]

OUT = Path("out/demo")
RATE = 48_000
SILENCE = 0.01  # of full scale
SLACK_MS = 100  # a frame of picture, and what an AAC encoder adds in front
LENGTH = LIMITS["VideoToSfxRequest"]["duration_ms"]


class Problem(Exception):
    """Raised when the demo cannot go on, or when a result is wrong."""


@attrs.frozen
class Media:
    """The content of a media file.

    Lengths are in ms, 0 for a stream that is not there. The picture's is what the headers say; all else was decoded
    from end to end, or is 0 and unknown if only the headers were read.
    """

    video_ms: int
    frames: int = 0
    audio_ms: int = 0
    rate: int = 0
    channels: int = 0
    peak: float = 0.0

    def __str__(self) -> str:
        video = f"video {self.video_ms} ms in {self.frames} frames" if self.video_ms else "no video"
        audio = f"audio {self.audio_ms} ms, {self.rate} Hz, {self.channels} channels" if self.audio_ms else "no audio"
        return f"{video}, {audio}{', not silent' if self.peak > SILENCE else ''}"


def length_of(container: InputContainer) -> int:
    """Return the video's length, by the stream's or the file's header, whichever is shorter; 0 if there is no video."""
    lengths = [
        float(stream.duration * stream.time_base * 1000)
        for stream in container.streams.video[:1]
        if stream.duration is not None and stream.time_base is not None
    ]
    if container.streams.video and container.duration is not None:
        lengths.append(container.duration / 1000)
    return int(min(lengths, default=0))


def look_at(path: Path, *, decode: bool) -> Media:
    """Read a file's headers, and on request decode all of its video and sound."""
    frames = samples = rate = channels = 0
    peak = 0.0
    try:
        with path.open("rb") as file, av.open(file, "r") as container:
            length = length_of(container)
            resampler = av.AudioResampler(format="flt")
            streams = (*container.streams.video[:1], *container.streams.audio[:1])
            for frame in container.decode(*streams) if decode else ():
                if isinstance(frame, av.VideoFrame):
                    frames += 1
                elif isinstance(frame, av.AudioFrame):
                    samples, rate, channels = samples + frame.samples, frame.sample_rate, len(frame.layout.channels)
                    pieces = resampler.resample(frame)
                    peak = max((peak, *(float(np.abs(piece.to_ndarray()).max()) for piece in pieces)))
    except FFmpegError as error:
        raise Problem(f"{path} cannot be decoded: {error.strerror}") from None
    return Media(length, frames, round(samples * 1000 / rate) if rate else 0, rate, channels, peak)


@contextmanager
def progress() -> Iterator[Show]:
    """Return progress callbacks: a bar for each step on a terminal, else lines."""
    console = Console()
    if not console.is_terminal:
        yield lambda step, done, total: print(f"          {step}: {done} of {total}")
        return
    with Progress(console=console) as bars:
        tasks = {}

        def show(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step)
            bars.update(tasks[step], completed=done, total=total)

        yield show


def make(
    client: MireloClient, video: Video, duration_ms: int, output: Literal["audio", "video"], show: Show
) -> tuple[Path, int]:
    """Make sound for the clip; return the file and what it costs."""
    request = client.video_to_sfx(video, duration_ms=duration_ms, output=output)
    cost = request.preflight()
    job = request.submit_job()  # uploads first, if the clip is not there yet
    result = job.wait(on_progress=lambda status: show(f"{output} job, percent", status.progress_percent, 100))
    show(f"{output} job, percent", 100, 100)
    (path,) = result.download(
        OUT, overwrite=True, on_progress=lambda done, total: show(f"{output} download, bytes", done, total or done)
    )
    return path, cost.credits


def check(name: str, path: Path, found: Media, *, video_ms: int, audio_ms: int) -> None:
    """Compare a result with the request."""
    problems = [
        f"{what} is {is_value}, not {should}"
        for what, is_value, should, slack in (
            ("video length in ms", found.video_ms, video_ms, SLACK_MS),
            ("audio length in ms", found.audio_ms, audio_ms, SLACK_MS if video_ms else 0),
            ("sample rate", found.rate, RATE, 0),
            ("number of channels", found.channels, 2, 0),
            ("number of frames", min(found.frames, 1), min(video_ms, 1), 0),
        )
        if abs(is_value - should) > slack
    ]
    if found.peak <= SILENCE:
        problems.append("it is silent")
    if problems:
        raise Problem(f"{path}: {'; '.join(problems)}")
    print(f"{name:<10}{path}\n          checked, all decoded: {found}")


def main(clip: Path) -> None:
    """Make a sound and a video with sound for a clip, and check both."""
    if not clip.is_file():
        raise Problem(f"there is no file {clip}: give another with CLIP=your.mp4")
    length = look_at(clip, decode=False).video_ms
    if length < (LENGTH.minimum or 1):
        raise Problem(f"{clip} has {length} ms of picture: the model wants at least {LENGTH.minimum}")
    duration_ms = min(length, int(LENGTH.maximum or length))
    print(f"clip      {clip}, {length} ms; sound is asked for {duration_ms} of them")
    # in real time a long clip's job takes minutes; here it takes as long as a short one's
    with running(speed=max(3.0, duration_ms / 3000), seed=1) as emulator:
        with MireloClient(emulator.key, base_url=emulator.url) as client:
            print(f"account   {client.me().credits_available} made-up credits on an emulator at {emulator.url}")
            with progress() as show:
                video = Video.from_path(clip, on_progress=lambda sent, total: show("upload, bytes", sent, total))
                sound, price = make(client, video, duration_ms, "audio", show)
                film, second_price = make(client, video, duration_ms, "video", show)  # no second upload
        charged = sum(charge.credits for charge in emulator.charges)
    sound = sound.replace(OUT / f"{clip.stem}{sound.suffix}")
    film = film.replace(OUT / f"{clip.stem}-with-sound{film.suffix}")
    check("sound", sound, look_at(sound, decode=True), video_ms=0, audio_ms=duration_ms)
    check("film", film, look_at(film, decode=True), video_ms=duration_ms, audio_ms=duration_ms)
    if charged != price + second_price:
        raise Problem(f"{charged} credits were charged, {price + second_price} announced")
    print(f"cost      {price} + {second_price} credits, as announced before; charged on success only")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("clip.mp4"))
    except (Problem, MireloError) as error:
        sys.exit(f"demo: {error}")
