"""The command that runs the emulator."""

from __future__ import annotations

from pathlib import Path

import click

from .exits import Exit
from .failures import Failure, missing_extra
from .options import count


def service_port(text: str) -> tuple[str, int]:
    """Read a service and its port, such as pixazo=8301."""
    name, sign, number = text.partition("=")
    if not name or not sign:
        raise click.BadParameter(f"{text!r} is not NAME=N, such as pixazo=8301")
    return name, count(0, 65535)(number)


@click.command(short_help="Run the emulator until Ctrl-C.")
@click.option("--port", metavar="N", type=count(0, 65535), default=0, help="Where to listen. Default: a free port.")
@click.option("--host", metavar="ADDRESS", default="127.0.0.1", help="Where to listen. Default: 127.0.0.1.")
@click.option("--speed", metavar="X", type=float, default=1.0, help="Divides how long jobs take. Default: 1.")
@click.option(
    "--seed", metavar="N", type=int, default=0, help="The same one gives the same ids, times and sounds. Default: 0."
)
@click.option(
    "--scenario",
    metavar="NAME",
    help="Faults from the start: flaky, hostile, out-of-credits, overloaded, slow, or a YAML file.",
)
@click.option(
    "--service-port",
    "service_ports",
    metavar="NAME=N",
    type=service_port,
    multiple=True,
    help="Where another service listens, as pixazo=8301; may be repeated. Default: a free port.",
)
@click.option(
    "--webhook-host",
    metavar="HOST",
    multiple=True,
    help="Also send webhooks there, and not to this machine only; may be repeated.",
)
@click.option(
    "--ready-file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Written once the ports answer: url, key, pid and services as JSON; removed at the end.",
)
def serve(
    port: int,
    host: str,
    speed: float,
    seed: int,
    scenario: str | None,
    service_ports: tuple[tuple[str, int], ...],
    webhook_host: tuple[str, ...],
    ready_file: Path | None,
) -> None:
    """Run the emulator until Ctrl-C; writes its addresses and a key for it."""
    try:
        from mirelo_ergo import emulator
    except ImportError as error:
        raise missing_extra(error.name, "the emulator", "emulator") from None
    try:
        emulator.serve(
            host=host,
            port=port,
            ports=dict(service_ports),
            speed=speed,
            seed=seed,
            scenario=scenario,
            webhook_hosts=webhook_host,
            ready_file=ready_file,
        )
    except (ValueError, OverflowError, OSError) as error:
        raise Failure(Exit.REFUSED, "usage", f"the emulator cannot run like this: {error}") from error
