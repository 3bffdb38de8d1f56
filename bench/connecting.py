"""What it costs a submit that its connection carried nothing before, and what opening that one ahead gives back."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

import trustme

from bench.children import Child
from bench.figures import Figure, Group, ms, ratio

ROUND_TRIP = 0.04
SIDES = {"submits": "", "submits_async": ", awaited"}


def measure(quick: bool) -> Group:
    """Submit 200 ms apart: on this machine over TCP and TLS, and over TLS a round trip of 40 ms away."""
    count = 4 if quick else 20
    figures = []
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        authority = trustme.CA()
        trusted, own = Path(folder) / "authority.pem", Path(folder) / "server.pem"
        authority.cert_pem.write_to_path(str(trusted))
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(own))
        relay = stack.enter_context(Child("relay"))
        for over, certificate in {"TCP": "", "TLS": str(own)}.items():
            near = stack.enter_context(Child("api")).do("serve", certificate=certificate)
            places = {"": near}
            if certificate:  # connecting over TCP alone takes no time to a relay on this machine
                places[", 40 ms away"] = relay.do("far", url=near, round_trip=ROUND_TRIP)
            for where, url in places.items():
                verify = str(trusted) if certificate else ""
                for command, colour in SIDES.items():
                    with Child("ours_connects") as ours:
                        took = ours.do(command, url=url, verify=verify, count=count)
                    what = f"{over}{where}{colour}"
                    call = f"{ms(took['call'])} (`me()` on an open connection)"
                    figures.append(_figure(f"{what}: a submit alone", took["alone"], took["call"], call))
                    close = took["follows"] <= 1.5 * took["call"] if where else None
                    figures.append(_figure(f"{what}: one that follows", took["follows"], took["call"], call, close))
    return Group(
        "Connections of submits",
        f"Time of `submit_job()`, {count} submits 200 ms apart. A submit has a connection of its own, which carried "
        "nothing before; the one of a submit that follows others was opened ahead, unless that is not worth it, as on "
        "loopback. The distance is a relay's.",
        figures,
    )


def _figure(what: str, took: float, call: float, peer: str, met: bool | None = None) -> Figure:
    return Figure(what, ms(took), peer, ratio(took, call), "–" if met is None else "≤ 1.5", met)
