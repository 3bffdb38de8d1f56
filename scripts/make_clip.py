"""Write examples/clip.mp4, a silent clip of a bouncing ball, and examples/clip.md, the times of its impacts.

The same library versions write the same bytes. Run it as `python scripts/make_clip.py [folder]`.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH, HEIGHT, FPS = 640, 360, 30
DURATION_MS = 6_000
IMPACTS_MS = (800, 1_700, 2_500, 3_600, 4_500, 5_200)  # each on a frame: a multiple of 100/3 ms
FLOOR_Y = 310
RADIUS = 26
FLASH_MS = 160


def main(folder: Path) -> None:
    """Write the clip and the list."""
    folder.mkdir(parents=True, exist_ok=True)
    write_clip(folder / "clip.mp4")
    write_times(folder / "clip.md")


def write_clip(path: Path) -> None:
    """Encode the frames as H.264, with the index in front so that a reader of the first kilobytes knows the length."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as output:
        stream = output.add_stream("libx264", rate=FPS, options={"crf": "23", "preset": "medium", "threads": "1"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(DURATION_MS * FPS // 1000):
            frame = av.VideoFrame.from_ndarray(draw(number * 1000 / FPS), format="rgb24")
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def write_times(path: Path) -> None:
    """List the impacts."""
    rows = "\n".join(f"- {ms}" for ms in IMPACTS_MS)
    path.write_text(
        f"# clip.mp4\n\n{DURATION_MS // 1000} s, {WIDTH}x{HEIGHT}, {FPS} frames a second, H.264, no sound:"
        " a ball that bounces, with a flash at each hit.\nMade by `scripts/make_clip.py`, free to use as you like.\n\n"
        f"Impacts, in milliseconds:\n\n{rows}\n",
        encoding="utf-8",
    )


def draw(ms: float) -> NDArray[np.uint8]:
    """Draw the picture at a moment: the room, the ball and its shadow, and the light of the last hit."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    room = 38 + 30 * y / HEIGHT
    room = np.where(y > FLOOR_Y, 84 - 0.2 * (y - FLOOR_Y), room)
    centre_x, height = ball(ms)
    centre_y = FLOOR_Y - RADIUS - height
    shadow = np.exp(-(((x - centre_x) / (RADIUS + height / 4)) ** 2) - ((y - FLOOR_Y - 8) / 6) ** 2)
    image = np.stack([room * 0.8, room * 0.9, room * 1.1], axis=2) * (1 - 0.6 * shadow[..., None])
    light = flash(ms)
    glow = np.exp(-((x - centre_x) ** 2 + (y - FLOOR_Y) ** 2) / (2 * 180.0**2))
    image += light * (40 + 150 * glow)[..., None]
    distance = np.hypot(x - centre_x, y - centre_y)
    inside = np.clip(RADIUS - distance + 0.5, 0, 1)[..., None]
    shine = np.exp(-((x - centre_x + 9) ** 2 + (y - centre_y + 9) ** 2) / 120)[..., None]
    colour = np.array([230, 96, 48], np.float32) + 90 * shine
    picture: NDArray[np.uint8] = np.clip(image * (1 - inside) + colour * inside, 0, 255).astype(np.uint8)
    return picture


def ball(ms: float) -> tuple[float, float]:
    """Return the ball's place: across, and above the floor, in pixels."""
    across = 90 + (WIDTH - 180) * ms / DURATION_MS
    if ms < IMPACTS_MS[0]:
        return across, 250 * (1 - (ms / IMPACTS_MS[0]) ** 2)
    for start, end in pairwise((*IMPACTS_MS, IMPACTS_MS[-1] + 700)):
        if start <= ms < end:
            share = (ms - start) / (end - start)
            return across, 4 * share * (1 - share) * 250 * ((end - start) / 1_100) ** 2
    return across, 0.0


def flash(ms: float) -> float:
    """Return how bright the light of the last hit still is, up to 1."""
    since = min((ms - hit for hit in IMPACTS_MS if ms >= hit - 0.5), default=float("inf"))
    return float(max(0.0, 1 - since / FLASH_MS))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1] / "examples")
