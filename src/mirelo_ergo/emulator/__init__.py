"""A local emulator of the services: real HTTP, its own credits, placeholder sounds.

::

    with mirelo_ergo.emulator.running(speed=100) as emu:
        ...  # a client with base_url=emu.url and api_key=emu.key

Every key that begins with `sk-` is an account; one that begins with `sk-lapsed` has no active subscription. A
generation costs 10 credits for each started second of each sample, and takes about 2 s plus 0.4 of its length, divided
by `speed`; decoding clips and sounds takes real time at any speed. A prompt that contains `[generation_failed]`,
`[generation_timeout]` or `[server_error]` fails with that code; for other failures see `faults`. The sounds are noise
and tones: the words rain, wind, engine, footsteps and impact in a prompt choose a texture, and a clip gets a hit at
each jump of its motion. A loop is seamless; an extension and an inpainted segment keep every sample of their input as
FFmpeg decodes it.

Every service has an address in `emu.urls`, and all share the accounts, credits and clock: the Pixazo gateway, for
example, is at `emu.urls["pixazo"]`. `emu.webhooks` controls webhooks. Bodies, jobs, connections, memory and disk are
limited; the limits are constants in the modules that enforce them. `mirelo_ergo.pytest_plugin` has fixtures for pytest.
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
