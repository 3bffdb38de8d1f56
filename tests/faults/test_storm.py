"""Ctrl-C at every moment of a submit, and hundreds at random: the key stays hidden, and the client keeps working.

`MIRELO_SOAK` says how often the random ones are repeated.
"""

from __future__ import annotations

import itertools
import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.faults import mirelo
from tests.faults.children import Child
from tests.faults.server import FaultServer
from tests.faults.storm import STRIKES
from tests.faults.tls import Certificate, trust_file

if TYPE_CHECKING:
    from tests.faults.steps import Script
    from tests.faults.wire import Received

TIMES = int(os.environ.get("MIRELO_SOAK", "1"))


class Service:
    """Answer account requests, and give each submit a job of its own."""

    def __init__(self) -> None:
        self._numbers = itertools.count()

    def __call__(self, request: Received) -> Script:
        return mirelo.me() if request.method == "GET" else mirelo.accepted(f"job-{next(self._numbers)}")


@pytest.mark.parametrize("tls", [None, "valid"], ids=["plain", "TLS"])
@pytest.mark.parametrize("way", ["moments", "cancelled"])
def test_an_interrupted_submit_tells_of_its_job_and_shows_no_key(way: str, tls: Certificate | None) -> None:
    """At each moment, as Sentry and rich show it; it leads to each job that was paid for, and the client goes on."""
    step = "1" if tls is None else "5"
    with FaultServer(Service(), tls=tls) as server, Child("storm", way, server.url, step, trust_file()) as child:
        told = child.hear()
        assert told["told"] == []
        assert told["broken"] == 0
        paid = {json.loads(post.body)["prompt"] for post in mirelo.submits(server.requests) if post.complete}
        assert not paid & set(told["silent"])
        assert told["moments"] > (500 if way == "moments" else 5)


@pytest.mark.parametrize("way", ["at_random", "at_random_ahead"])
@pytest.mark.parametrize("seed", range(TIMES))
def test_fault_70_storm(seed: int, way: str) -> None:
    """500 Ctrl-C at random moments: the client works, with all its slots, and nothing is left open."""
    with FaultServer(Service()) as server, Child("storm", way, server.url, str(seed), "") as child:
        told = child.hear()
        assert told["told"] == []
        assert told["struck"] == STRIKES
        assert (told["together"], told["works"]) == (32, True)
