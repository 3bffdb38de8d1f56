"""A stand-in for the Mirelo API on this machine: real HTTP, credits of its own, placeholder sound.

::

    with mirelo_ergo.emulator.running(speed=100) as emu:
        ...  # a client with base_url=emu.url and api_key=emu.key

Every bearer that begins with `sk-` is an account; one that begins with `sk-lapsed` has no running subscription. A
generation costs 10 credits for each begun second that is made, of each sample, and takes about 2 s plus 0.4 of that
length, divided by `speed`; looking at a clip's pictures and decoding a sound take real time at any speed. A
prompt with `[generation_failed]`, `[generation_timeout]` or `[server_error]` in it ends so; for all else that can go
wrong see `faults`. The sounds are noise and tones:
a prompt's rain, wind, engine, footsteps or impact choose a texture, a clip gets a hit wherever its motion jumps. A loop
runs round without a seam; an extension and an inpainted segment leave every sample of their input as FFmpeg decodes it.

Every service has an address in `emu.urls` and the same accounts, credits and clock: at `emu.urls["pixazo"]` is the
Pixazo gateway, and `emu.webhooks` is about its webhooks. Bodies, jobs, connections, memory and disk are capped; the
caps are constants beside what they cap. For pytest there are fixtures, see `mirelo_ergo.pytest_plugin`.
"""

from importlib.util import find_spec as _find_spec

# Looked for and not imported: two of them are loaded by the first generation only.
if _missing := [
    name
    for name in (
        "av",
        "h11",
        "jinja2",
        "jsonschema",
        "numpy",
        "openapi_schema_validator",
        "python_multipart",
        "starlette",
        "uvicorn",
        "yaml",
    )
    if not _find_spec(name)
]:
    raise ImportError(
        f'the emulator needs {_missing[0]}, which is not installed: pip install "mirelo-ergo[emulator]"',
        name=_missing[0],
    )

from mirelo_ergo.emulator import faults
from mirelo_ergo.emulator.clock import Clock
from mirelo_ergo.emulator.ready import read_ready_file
from mirelo_ergo.emulator.server import Emulator, running
from mirelo_ergo.emulator.serving import serve
from mirelo_ergo.emulator.state.records import Asset, Charge, SeenJob
from mirelo_ergo.emulator.web.traffic import SeenRequest
from mirelo_ergo.emulator.web.webhooks import SentWebhook, Webhooks

__all__ = [
    "Asset",
    "Charge",
    "Clock",
    "Emulator",
    "SeenJob",
    "SeenRequest",
    "SentWebhook",
    "Webhooks",
    "faults",
    "read_ready_file",
    "running",
    "serve",
]
