"""Translation of the gateway's requests into Mirelo's fields: seconds become milliseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mirelo_ergo.emulator.refusals import bad_request, short

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

MAX_SECONDS = 3600  # the model 1.0 has no documented bounds, so these two are the emulator's
MAX_SAMPLES = 100
RANDOM_SEED = -1
ROUNDS = 2  # of a loop with `double_output`


def translate(fields: Mapping[str, Any], *, as_video: bool, draw: random.Random) -> dict[str, Any]:
    """Return the values for `JobService.generate` of a request's fields, with defaults.

    If a clip is shorter than `duration`, the sound ends with it, at the price of the requested length. `double_output`
    without `ambience` has no effect. The same seed gives the same sound; -1 and no seed draw a random one.
    """
    seconds, num_samples, seed = fields["duration"], fields["num_samples"], fields.get("seed", RANDOM_SEED)
    if seconds > MAX_SECONDS:
        raise bad_request(f"duration is {short(seconds)}: this emulator makes {MAX_SECONDS} s at most")
    if num_samples > MAX_SAMPLES:
        raise bad_request(f"num_samples is {short(num_samples)}: this emulator makes {MAX_SAMPLES} at most")
    values = {
        "prompt": fields.get("text_prompt", ""),
        "duration_ms": max(1, round(seconds * 1000)),
        "num_samples": num_samples,
        "seed": draw.getrandbits(32) if seed == RANDOM_SEED else seed,
    }
    if "video_url" in fields:
        video = {"type": "url", "video_url": fields["video_url"]}
        return values | {"video": video, "output": "video" if as_video else "audio", "lenient": True}
    loop = fields["ambience"]
    return values | {
        "loop": loop,
        "rounds": ROUNDS if loop and fields["double_output"] else 1,
        "audio_format": fields["upload_audio_format"],
    }
