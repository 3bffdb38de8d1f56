"""The error tree: as its module draws it, with the vendor's three attributes everywhere, and through pickle."""

from __future__ import annotations

import copy
import pickle
import re
from typing import Any

import pytest

import mirelo_ergo
from mirelo_ergo import errors
from mirelo_ergo.errors import APIStatusError, InvalidRequestError, JobError, MireloError, NetworkError

CLASSES: list[type[MireloError]] = [
    value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, MireloError)
]
by_name = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)


def drawn() -> dict[str, str]:
    """Read the tree of the module's docstring: each class's parent."""
    parents: dict[str, str] = {}
    path = {-1: "MireloError"}
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^    ([│ ]*)[├└]── (\w+)", line)
        if found:
            depth = len(found[1]) // 4
            path[depth] = found[2]
            parents[found[2]] = path[depth - 1]
    return parents


def test_the_tree_is_as_drawn() -> None:
    actual = {cls.__name__: next(base.__name__ for base in cls.__bases__) for cls in CLASSES if cls is not MireloError}
    assert drawn() == actual
    assert len(actual) == 27


def test_every_class_is_public() -> None:
    names = {cls.__name__ for cls in CLASSES}
    assert set(errors.__all__) - {"Sent"} == names
    assert names <= set(mirelo_ergo.__all__)
    assert all(getattr(mirelo_ergo, name) is getattr(errors, name) for name in names)


def test_a_wrong_parameter_is_also_a_value_error() -> None:
    assert issubclass(InvalidRequestError, ValueError)


def test_an_unknown_outcome_is_nothing_that_gets_retried() -> None:
    assert not issubclass(errors.SubmitOutcomeUnknown, NetworkError | APIStatusError | TimeoutError | OSError)


@by_name
def test_three_attributes_are_always_there(cls: type[MireloError]) -> None:
    plain = cls("what happened")
    assert (plain.message, str(plain), plain.args) == ("what happened", "what happened", ("what happened",))
    assert isinstance(plain.code, str)
    assert plain.code
    assert isinstance(plain.http_status, int)
    assert (plain.job, plain.job_token, plain.request_id, plain.body, plain.retryable) == (
        None,
        None,
        None,
        None,
        False,
    )
    vendors = cls("m", "some_code", 418)
    assert (vendors.message, vendors.code, vendors.http_status) == ("m", "some_code", 418)
    kept = cls("m", "", 0, request_id="req_1", body={"a": 1}, retryable=True)
    assert (kept.code, kept.http_status, kept.request_id, kept.body, kept.retryable) == ("", 0, "req_1", {"a": 1}, True)


@by_name
def test_nothing_unknown_is_swallowed(cls: type[MireloError]) -> None:
    anything: Any = cls
    with pytest.raises(TypeError):
        anything("m", surprise=1)


EXTRA: dict[str, dict[str, Any]] = {
    "InvalidRequestError": {"field": "duration_ms"},
    "CostLimitError": {"credits": 90, "max_credits": 10},
    "APIStatusError": {"retry_after": 3.5},
    "NetworkError": {"sent": "partial", "attempts": 4},
    "DownloadError": {"errno": 28, "path": "out/a.wav"},
    "IncompleteResultError": {"result_urls": ["https://results.example.com/1"]},
    "SubmitOutcomeUnknown": {
        "accepted": True,
        "evidence": "the answer was cut",
        "sent": "yes",
        "sent_at": 1.5,
        "request_fingerprint": "ab" * 32,
        "idempotency_key": "k",
    },
}


def extra_of(cls: type[MireloError]) -> dict[str, Any]:
    return {name: value for base in cls.__mro__ for name, value in EXTRA.get(base.__name__, {}).items()}


@by_name
def test_errors_survive_pickle_and_copy_without_their_handle(cls: type[MireloError]) -> None:
    error = cls("m", "c", 5, request_id="r", body=[1], retryable=True, **extra_of(cls))
    error.job, error.job_token = object(), "mirelo1:text-to-sfx:v1.5:a:1:1"
    error.add_note("a note")
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is cls
        assert str(twin) == "m"
        assert twin.job is None
        assert vars(twin) == {**vars(error), "job": None}
        for name, value in extra_of(cls).items():
            assert getattr(twin, name) == value


@pytest.mark.parametrize(
    ("name", "code", "status"),
    [
        ("InvalidRequestError", "invalid_request", 400),
        ("AuthenticationError", "unauthorized", 401),
        ("InsufficientCreditsError", "insufficient_credits", 402),
        ("NotFoundError", "not_found", 404),
        ("RateLimitError", "rate_limited", 429),
        ("ServerError", "server_error", 500),
        ("NetworkError", "network_error", 0),
        ("RequestTimeoutError", "timeout", 408),
        ("UploadError", "upload_failed", 0),
        ("JobTimeoutError", "timeout", 408),
        ("JobExpiredError", "job_not_found", 404),
        ("PermissionDeniedError", "permission_denied", 403),
        ("VideoError", "invalid_video", 422),
        ("AudioError", "invalid_audio", 422),
        ("SubmitOutcomeUnknown", "network_error", 0),
    ],
)
def test_codes_of_the_client_side(name: str, code: str, status: int) -> None:
    error = getattr(errors, name)("m")
    assert (error.code, error.http_status) == (code, status)


def test_a_job_error_is_about_a_job() -> None:
    found = {cls.__name__ for cls in CLASSES if issubclass(cls, JobError)}
    assert found == {"JobError", "JobFailedError", "JobTimeoutError", "JobExpiredError", "IncompleteResultError"}
