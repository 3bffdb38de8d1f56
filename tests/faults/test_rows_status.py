"""Rows 30 to 36 of the fault matrix (docs/reliability.md): error statuses and Retry-After."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mirelo_ergo import APIStatusError, InvalidRequestError, RateLimitError, ServerError
from mirelo_ergo._runtime.api.retry import RetryBudget
from tests.faults import mirelo
from tests.faults.acts import ALL, Act, Kind, good
from tests.faults.harness import SIGNATURE, Face
from tests.faults.steps import Respond
from tests.faults.virtual import on_both_wires

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = on_both_wires


@pytest.mark.parametrize("kind", [*ALL, "keyed"])
def test_fault_30(face: Face, kind: Kind, tmp_path: Path) -> None:
    """429 with `Retry-After: 1`: not before 1 s; one charge."""
    with (
        face.server([_limited("1"), good(kind)]) as server,
        Act(face, kind, server, tmp_path) as act,
        face.promise(1.5),
    ):
        act.refused = 1
        act.run()
        assert len(act.requests) == 2
        assert face.passed >= 1.0


NOON = "Thu, 01 Jan 2026 12:00:00 GMT"
AFTER: dict[str, tuple[str | None, float | None]] = {
    "seconds": ("3", 3.0),
    "date": ("Thu, 01 Jan 2026 12:00:03 GMT", 3.0),
    "past": ("Thu, 01 Jan 2026 11:00:00 GMT", 0.0),
    "garbage": ("soon", None),
    "empty": ("", None),
    "NaN": ("nan", None),
    "infinite": ("inf", None),
    "1e9": ("1e9", None),
    "negative": ("-5", None),
    "fraction": ("1.5", 2.0),
    "superscript": ("²", None),
    "Arabic-Indic": ("٣".encode().decode("latin-1"), None),
    "absent": (None, None),
}


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("form", AFTER)
def test_fault_31(face: Face, kind: Kind, form: str, tmp_path: Path) -> None:
    """Retry-After in every form: waited for if it means something, by the answer's own clock; the status stays."""
    header, seconds = AFTER[form]
    with (
        face.server([_limited(header)]) as server,
        Act(face, kind, server, tmp_path, retries=1) as act,
        face.promise(1.0),
    ):
        act.refused = 2
        act.instant = True
        error = act.failing()
        assert type(error) is RateLimitError
        assert error.http_status == 429
        assert error.retry_after == seconds
        assert len(act.requests) == 2
        assert (seconds or 0.0) <= act.pauses[0] <= (seconds or 0.005)


@pytest.mark.parametrize("kind", [*ALL, "sync", "asset", "keyed"])
def test_fault_32(face: Face, kind: Kind, tmp_path: Path) -> None:
    """429 with `Retry-After: 3600`: `RateLimitError` at once."""
    with (
        face.server([_limited("3600"), good(kind)]) as server,
        Act(face, kind, server, tmp_path) as act,
        face.promise(1.0),
    ):
        act.refused = 1
        error = act.failing()
        assert type(error) is RateLimitError
        assert (error.http_status, error.retry_after) == (429, 3600.0)
        assert error.retryable
        assert len(act.requests) == 1
        assert not act.pauses


def _limited(retry_after: str | None) -> Respond:
    headers = {"Date": NOON} if retry_after is None else {"Date": NOON, "Retry_After": retry_after}
    return mirelo.api_error(429, "rate_limited", **headers)


BROKEN = [500, 502, 503, 504]


@pytest.mark.parametrize("kind", ["read", "keyed"])
@pytest.mark.parametrize("status", BROKEN)
def test_fault_33(face: Face, kind: Kind, status: int, tmp_path: Path) -> None:
    """500, 502, 503, 504 three times, on R and K: succeeds on the 4th; a keyed body is the same each time."""
    failures = [mirelo.html_error(status), Respond(status), mirelo.api_error(status, "server_error")]
    with (
        face.server([*failures, good(kind)]) as server,
        Act(face, kind, server, tmp_path) as act,
        face.promise(1.0),
    ):
        act.run()
        assert len(act.requests) == 4
        assert len({request.body for request in act.requests}) == 1


@pytest.mark.parametrize("kind", ["submit", "sync"])
@pytest.mark.parametrize("form", ["page", "bare", "envelope"])
@pytest.mark.parametrize("status", BROKEN)
def test_fault_33_paid(face: Face, kind: Kind, form: str, status: int, tmp_path: Path) -> None:
    """500, 502, 503, 504: on P unknown at the first, be it a page, bare or a code that may be charged; on K retried."""
    failure = {
        "page": mirelo.html_error(status),
        "bare": Respond(status),
        "envelope": mirelo.api_error(status, "server_error"),
    }
    with (
        face.server([failure[form], good(kind)]) as server,
        Act(face, kind, server, tmp_path) as act,
        face.promise(1.0),
    ):
        error = act.lost("server_error", status)
        assert error is None or f"HTTP {status}" in error.message


def test_fault_34(face: Face, tmp_path: Path) -> None:
    """500 for ever, 200 calls: the client's budget allows 35 re-sends in all."""
    with (
        face.server([mirelo.html_error(500)]) as server,
        Act(face, "read", server, tmp_path, backoff_ms=0) as act,
        face.promise(10.0),
    ):
        act.client._core.runtime.budget = RetryBudget(lambda: 0.0)  # one token a second comes back
        for _ in range(200):
            assert type(act.failing()) is ServerError
        assert len(act.requests) == 235


@pytest.mark.parametrize("kind", ["submit", "sync"])
@pytest.mark.parametrize("status", [400, 422])
def test_fault_35(face: Face, kind: Kind, status: int, tmp_path: Path) -> None:
    """400 and 422, on P: `InvalidRequestError` in the service's words, no retry."""
    with (
        face.server([mirelo.api_error(status, "invalid_request", "the prompt is empty"), good(kind)]) as server,
        Act(face, kind, server, tmp_path) as act,
        face.promise(1.0),
    ):
        act.refused = 1
        error = act.failing()
        assert type(error) is InvalidRequestError
        assert isinstance(error, ValueError)
        assert (error.code, error.http_status) == ("invalid_request", status)
        assert "the prompt is empty" in error.message
        assert not error.retryable
        assert len(act.requests) == 1


@pytest.mark.parametrize("kind", ["submit", "sync"])
@pytest.mark.parametrize("status", [400, 422])
def test_fault_35_page(face: Face, kind: Kind, status: int, tmp_path: Path) -> None:
    """400 and 422 without the service's own error body, on P: the same by the status alone."""
    with (
        face.server([mirelo.html_error(status), good(kind)]) as server,
        Act(face, kind, server, tmp_path) as act,
        face.promise(1.0),
    ):
        act.refused = 1
        error = act.failing()
        assert type(error) is InvalidRequestError
        assert (error.code, error.http_status) == ("invalid_request", status)
        assert len(act.requests) == 1


@pytest.mark.parametrize("kind", ["submit", "sync", "asset", "upload"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_fault_36(face: Face, kind: Kind, status: int, tmp_path: Path) -> None:
    """301, 302, 303, 307, 308 on POST, and on PUT: an error, no second request to any origin."""
    with (
        face.server([good(kind)]) as elsewhere,
        face.server() as server,
        Act(face, kind, server, tmp_path) as act,
        face.promise(1.0),
    ):
        act.refused = 3
        for origin in (elsewhere.url, server.url, ""):
            server.play([Respond(status, headers={"Location": f"{origin}/moved?{SIGNATURE}"}), good(kind)])
            error = act.failing()
            assert type(error) is APIStatusError
            assert (error.code, error.http_status) == ("api_error", status)
            assert f"HTTP {status}" in error.message
            assert f"{origin}/moved" in error.message
            assert not error.retryable
        assert len(act.requests) == 3
        assert not act.pauses
        server.assert_quiet(0.02)
        assert elsewhere.accepted == 0
