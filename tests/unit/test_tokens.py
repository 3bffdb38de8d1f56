"""Job tokens are foreign input: checked, without secrets, and they name no address."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo import InvalidRequestError
from mirelo_ergo._runtime.ids import job_id_problem
from mirelo_ergo._runtime.jobs.tokens import JobRecord, read_token
from mirelo_ergo.mirelo.families import FAMILIES
from mirelo_ergo.mirelo.service import MIRELO_JOBS

GOOD = "mirelo1:text-to-sfx:v1.5:0d4e9a52-6b0f-4c58-9f5d-2f6f3f0a7c11:1772366400:9000"


def test_a_token_reads_back() -> None:
    record = read_token(GOOD, "mirelo", MIRELO_JOBS.knows)
    assert record == JobRecord(
        "mirelo", "text-to-sfx", "v1.5", "0d4e9a52-6b0f-4c58-9f5d-2f6f3f0a7c11", 1772366400.0, 9000
    )
    assert record.token == GOOD
    assert read_token(f" {GOOD}\n", "mirelo", MIRELO_JOBS.knows) == record


ids = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=200).filter(
    lambda job_id: job_id_problem(job_id) is None
)


@given(ids, st.integers(0, 99_999_999_999), st.none() | st.integers(0, 10**9), st.sampled_from(sorted(FAMILIES)))
def test_every_job_id_survives_its_token(job_id: str, at: int, estimate: int | None, family: tuple[str, str]) -> None:
    record = JobRecord("mirelo", *family, job_id, float(at), estimate)
    assert read_token(record.token, "mirelo", MIRELO_JOBS.knows) == record
    assert record.token.isascii()
    assert record.token.isprintable()
    assert " " not in record.token


@pytest.mark.parametrize(("estimate", "kept"), [(-5, "0"), (10**12, "1000000000"), (None, "")])
def test_an_absurd_estimate_is_clamped(estimate: int | None, kept: str) -> None:
    assert (
        JobRecord("mirelo", "text-to-sfx", "v1.5", "a", 1.9, estimate).token == f"mirelo1:text-to-sfx:v1.5:a:1:{kept}"
    )


@pytest.mark.parametrize(
    "token",
    [
        "",
        "mirelo1",
        GOOD.replace("mirelo1", "mirelo2"),
        GOOD.replace("text-to-sfx", "TEXT"),
        GOOD.replace("v1.5", "1.5"),
        GOOD + ":x",
        GOOD.replace(":9000", ":-1"),
        GOOD.replace(":1772366400", ":soon"),
        GOOD.replace("0d4e", "0d/4e"),
        GOOD.replace("0d4e", "0d 4e"),
        GOOD.replace("0d4e", "https://evil.example/"),
        GOOD.replace("1772366400", "١٧٧٢٣٦٦٤٠٠"),
        "mirelo1:text-to-sfx:v1.5::1:1",
    ],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidRequestError, match="not a job token") as caught:
        read_token(token, "mirelo", MIRELO_JOBS.knows)
    assert caught.value.field == "token"


@pytest.mark.parametrize("value", [None, 5, b"mirelo1:", ["a"]])
def test_what_is_no_string_is_refused(value: object) -> None:
    with pytest.raises(InvalidRequestError, match="not a job token"):
        read_token(value, "mirelo", MIRELO_JOBS.knows)  # type: ignore[arg-type]  # what a caller without types may pass


@pytest.mark.parametrize(
    ("token", "message"),
    [
        (GOOD.replace("text-to-sfx", "smell-to-sfx"), "no family smell-to-sfx in model v1.5"),
        (GOOD.replace("v1.5", "v9"), "no family text-to-sfx in model v9"),
        (GOOD.replace("0d4e9a52-6b0f-4c58-9f5d-2f6f3f0a7c11", ".."), "holds characters"),
        (GOOD.replace("0d4e9a52-6b0f-4c58-9f5d-2f6f3f0a7c11", "%2E%2E%2F"), "holds characters"),
        (GOOD.replace("0d4e9a52-6b0f-4c58-9f5d-2f6f3f0a7c11", "a%00b"), "holds characters"),
        (GOOD.replace("0d4e9a52-6b0f-4c58-9f5d-2f6f3f0a7c11", "%FF%FE"), "holds characters"),
        (GOOD.replace("0d4e9a52-6b0f-4c58-9f5d-2f6f3f0a7c11", "a" * 201), "has 201 characters"),
    ],
)
def test_a_token_of_something_else_is_refused(token: str, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        read_token(token, "mirelo", MIRELO_JOBS.knows)


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    with suppress(InvalidRequestError):
        record = read_token(f"mirelo1:{text}", "mirelo", MIRELO_JOBS.knows)
        assert (record.family, record.model) in FAMILIES
