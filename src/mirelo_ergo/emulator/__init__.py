"""A stand-in for the Mirelo API on this machine: real HTTP, credits of its own, placeholder sound.

::

    with mirelo_ergo.emulator.running(speed=100) as emu:
        ...  # a client with base_url=emu.url and api_key=emu.key

Every bearer that begins with `sk-` is an account. A generation costs 10 credits for each begun second that is made, of
each sample, and takes about 2 s plus 0.4 of that length, divided by `speed`; looking at a clip's pictures and decoding
a sound take real time, whatever the speed. A prompt with `[generation_failed]`, `[generation_timeout]` or
`[server_error]` in it ends so, as does the next generation after `Emulator.fail_next`. The sounds are noise and tones:
a prompt's rain, wind, engine, footsteps or impact choose a texture, a clip gets a hit wherever its motion jumps. A loop
runs round without a seam; an extension and an inpainted segment leave every sample of their input as FFmpeg decodes it.
Bodies, jobs and disk are capped; the caps are constants in `app`, `blobs`, `store`, `fetch`, `recording` and `disk`.
"""

try:
    import av as _av  # noqa: F401 - tried here so that the message can name the extra
    import jsonschema as _jsonschema  # noqa: F401
    import numpy as _numpy  # noqa: F401
    import starlette as _starlette  # noqa: F401
    import uvicorn as _uvicorn  # noqa: F401
    import yaml as _yaml  # noqa: F401
except ImportError as error:
    raise ImportError(
        f'the emulator needs {error.name}, which is not installed: pip install "mirelo-ergo[emulator]"',
        name=error.name,
    ) from error

from mirelo_ergo.emulator.clock import Clock
from mirelo_ergo.emulator.server import Emulator, running, serve
from mirelo_ergo.emulator.store import Asset, Charge
from mirelo_ergo.emulator.traffic import SeenRequest

__all__ = ["Asset", "Charge", "Clock", "Emulator", "SeenRequest", "running", "serve"]
