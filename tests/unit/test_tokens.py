"""Job tokens are foreign input: checked, without secrets, and they name no address."""

from __future__ import annotations

import re
from contextlib import suppress
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mirelo_ergo
from mirelo_ergo import InvalidRequestError, MireloError
from mirelo_ergo._runtime.ids import job_id_problem, name_problem
from mirelo_ergo._runtime.jobs.tokens import JobRecord, read_token
from mirelo_ergo.mirelo.families import FAMILIES
from mirelo_ergo.mirelo.service import MIRELO_JOBS
from mirelo_ergo.services import service_of
from tests.support.answers import reply
from tests.support.examples import examples
from tests.support.virtual import KEY, VirtualIO, put_under

ID = "0d4e9a52-6b0f-4c58-9f5d-2f6f3f0a7c11"
GOOD = f"mirelo2:text-to-sfx:v1.5:{ID}:1772366400:9000:2"
OLD = f"mirelo1:text-to-sfx:v1.5:{ID}:1772366400:9000"


def read(token: str) -> JobRecord:
    return read_token(token, "mirelo", MIRELO_JOBS.knows)


def test_a_token_reads_back() -> None:
    record = read(GOOD)
    assert record == JobRecord("mirelo", "text-to-sfx", "v1.5", ID, 1772366400.0, 9000, 2)
    assert record.token == GOOD
    assert read(f" {GOOD}\n") == record


def test_a_token_of_the_first_form_is_still_read() -> None:
    assert read(OLD) == JobRecord("mirelo", "text-to-sfx", "v1.5", ID, 1772366400.0, 9000, None)
    assert read(OLD.replace("text-to-sfx:v1.5", "extend-audio/with_video:v1.6")).family == "extend-audio/with_video"
    assert read(OLD.replace(":9000", ":")).token == GOOD.replace(":9000:2", "::")


def words(longest: int = 200) -> st.SearchStrategy[str]:
    return st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=longest)


ids = words().filter(lambda job_id: job_id_problem(job_id) is None)
names = words().filter(lambda name: name_problem(name) is None)
counts = st.none() | st.integers(0, 999_999)


@given(ids, names, names, st.integers(0, 99_999_999_999), counts, counts)
def test_any_services_names_survive_their_token(
    job_id: str, family: str, model: str, at: int, estimate: int | None, asked: int | None
) -> None:
    record = JobRecord("some_service", family, model, job_id, float(at), estimate, asked)
    assert read_token(record.token, "some_service", lambda *known: known == (family, model)) == record
    assert record.token.isascii()
    assert record.token.isprintable()
    assert not set(record.token) & set(" '\"$&|;<>()*?[]{}!#\\`")


@pytest.mark.parametrize(
    ("family", "model", "shown"),
    [
        ("run", "infsh/mmaudio@ab12:run", "run:infsh/mmaudio@ab12%3Arun"),
        ("lipsync", "lipsync-2-pro", "lipsync:lipsync-2-pro"),
        ("text-to-sfx", "sfx-1.6", "text-to-sfx:sfx-1.6"),
    ],
)
def test_names_of_other_services_stay_readable(family: str, model: str, shown: str) -> None:
    record = JobRecord("some_service", family, model, "a1", 5.0, None, None)
    assert record.token == f"some_service2:{shown}:a1:5::"
    assert read_token(record.token, "some_service", lambda *_: True) == record


@pytest.mark.parametrize(("estimate", "kept"), [(-5, "0"), (10**12, "1000000000"), (None, "")])
def test_an_absurd_estimate_is_clamped(estimate: int | None, kept: str) -> None:
    record = JobRecord("mirelo", "text-to-sfx", "v1.5", "a", 1.9, estimate, 10**9)
    assert record.token == f"mirelo2:text-to-sfx:v1.5:a:1:{kept}:999999"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "mirelo1",
        GOOD.replace("mirelo2", "mirelo3"),
        GOOD.replace("mirelo2", "Mirelo2"),
        GOOD.replace("mirelo2", "m" * 31 + "2"),
        GOOD + ":x",
        GOOD + "0000000",
        GOOD.replace(":9000", ":-1"),
        GOOD.replace(":1772366400", ":soon"),
        GOOD.replace("0d4e", "0d 4e"),
        GOOD.replace("0d4e", "https://evil.example/"),
        GOOD.replace("1772366400", "١٧٧٢٣٦٦٤٠٠"),
        GOOD.replace(ID, "a" * 601),
        "mirelo1:text-to-sfx:v1.5::1:1",
        "mirelo2::v1.5:a:1:1:1",
    ],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidRequestError, match="not a job token") as caught:
        read(token)
    assert caught.value.field == "token"
    assert service_of(token) is None


@pytest.mark.parametrize("value", [None, 5, b"mirelo1:", ["a"]])
def test_what_is_no_string_is_refused(value: object) -> None:
    with pytest.raises(InvalidRequestError, match="not a job token"):
        read(value)  # type: ignore[arg-type]  # what a caller without types may pass


@pytest.mark.parametrize("form", [GOOD, OLD])
@pytest.mark.parametrize(
    ("real", "forged", "message"),
    [
        ("text-to-sfx", "smell-to-sfx", "no family smell-to-sfx in model v1.5"),
        ("text-to-sfx", "TEXT", "no family TEXT in model v1.5"),
        ("text-to-sfx", "../v3", "its family '../v3' holds dots"),
        ("v1.5", "v9", "no family text-to-sfx in model v9"),
        ("v1.5", "%00", "its model '.*' holds characters that are not printable"),
        ("v1.5", "a" * 201, "its model .* has 201 characters"),
        (ID, "..", "holds dots"),
        (ID, "%2E%2E%2F", "holds dots"),
        (ID, "0d/4e", "holds a slash"),
        (ID, "0d%2f4e", "holds a slash"),
        (ID, "a%00b", "not printable"),
        (ID, "%FF%FE", "not printable"),
        (ID, "a" * 201, "has 201 characters"),
    ],
)
def test_a_forged_token_is_refused(form: str, real: str, forged: str, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        read(form.replace(real, forged, 1))


def test_a_token_of_another_service_says_whose_it_is() -> None:
    with pytest.raises(InvalidRequestError, match="it is of a job at pixazo, and this client speaks to mirelo"):
        read(GOOD.replace("mirelo", "pixazo"))
    assert [service_of(token) for token in (GOOD, OLD, f" {GOOD}\n", "nothing")] == ["mirelo", "mirelo", "mirelo", None]


@given(st.text(max_size=200), st.sampled_from("12"))
def test_no_text_breaks_the_reader(text: str, form: str) -> None:
    with suppress(InvalidRequestError):
        record = read(f"mirelo{form}:{text}")
        assert (record.family, record.model) in FAMILIES


# --- through the clients: whatever a token says, a request stays at the job's own place ------------------------------

TOKENS = {
    "MireloClient": (GOOD, f"mirelo2:text-to-sfx:sfx-1.6:{ID}:1772366400:9000:2"),
    "PixazoClient": (f"pixazo2:text-to-audio:mmaudio:{ID}:1772366400:9000:1",),
    "SyncSoClient": (f"sync_so2:lipsync:lipsync-2-pro:{ID}:1772366400:9000:1",),
    "InferenceClient": (f"inference_sh2:app:infsh/mmaudio@ab12%3Arun:{ID}:1772366400:9000:1",),
}
ODD = "\u0660\u202e\u200b\uff0f\uff0e\ud800\x00\n\t %?#\\;:/.@~\xa0\U0001f3b5"
"""Digits of another script, marks that turn or hide text, full-width dots and slashes, half a surrogate, and more."""
ESCAPED = (
    "%2e%2e",
    "%2F",
    "%252e%252e%252f",
    "%00",
    "%0d%0aX:%20y",
    "%E2%80%AE",
    "%EF%BC%8F",
    "%C0%AF",
    "%",
    "%zz",
    "%3A%3A",
)


@st.composite
def attacks(draw: st.DrawFn) -> tuple[str, str]:
    """Return a client's name, and a token that was true once: cut, spliced, lengthened, or with odd characters."""
    name = draw(st.sampled_from(sorted(TOKENS)))
    token = draw(st.sampled_from(TOKENS[name]))
    at, to = sorted((draw(st.integers(0, len(token))), draw(st.integers(0, len(token)))))
    others = [other for each in TOKENS.values() for other in each]
    put = draw(
        st.sampled_from(ESCAPED)
        | st.text(ODD, max_size=4)
        | st.text("0123456789", max_size=12)
        | st.sampled_from(others).map(lambda other: other[at:])
        | st.sampled_from(["a" * 700, "%41" * 300, "../" * 9])
    )
    return name, token[:at] + put + token[to:]


@examples(600)
@given(attacks())
def test_an_attacked_token_is_refused_or_leads_to_one_job_of_its_service(attack: tuple[str, str]) -> None:
    name, token = attack
    io = VirtualIO(lambda _: reply(404, {}))
    client = getattr(mirelo_ergo, name)(KEY)
    put_under(client, io)
    refusal, job = None, None
    try:
        job = client.job(token)
    except InvalidRequestError as error:
        refusal = error.field
    if job is None:
        assert (refusal, io.requests) == ("token", [])
        return
    assert job.token.isascii()
    assert client.job(job.token).token == job.token
    with suppress(MireloError):
        job.status()
    for call in io.calls:
        path = call.request.path.removesuffix("?include=progress")
        assert re.fullmatch(r"(/[A-Za-z0-9_~@%-][A-Za-z0-9._~@%-]*)+", path), path
        assert not re.search(r"%2f|%5c|%0|\.\.", path, re.IGNORECASE), path
        assert unquote(path).count(job.job_id) == 1
