"""Names of results: safe on every system, inside their folder, one for each."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo import InvalidRequestError
from mirelo_ergo._runtime.transfer.filenames import (
    FIELDS,
    LONGEST_NAME,
    NameFields,
    NameTemplate,
    Place,
    safe_filename,
)

KNOWN = NameFields(
    job="0d4e9a52-6b0f",
    family="extend-audio/with_video",
    model="v1.6",
    date="2026-03-01",
    stem="My clip: take 2",
    prompt="Rain on a tin roof, at night!",
)


def names(template: str, fields: NameFields = KNOWN, count: int = 1) -> list[str]:
    return NameTemplate.read(template).stems(fields, [Place(number) for number in range(1, count + 1)])


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{job}-{n}", "0d4e9a52-6b0f-1"),
        ("{stem}-{n}", "My-clip-take-2-1"),
        ("{prompt}", "Rain-on-a-tin-roof-at-night"),
        ("{date} {family} {model}", "2026-03-01_extend-audio-with_video_v1.6"),
        ("{n:02}-{stem}", "01-My-clip-take-2"),
        ("take {{{n}}}", "take_{1}"),
        ("  rain.  ", "rain"),
        ("con", "_con"),
        ("a:b*c?", "a_b_c"),
        ("{stem}-{n}.wav", "My-clip-take-2-1"),
        ("rain.MP3", "rain"),
        ("wav", "wav"),
    ],
)
def test_a_template_makes_a_readable_name(template: str, expected: str) -> None:
    assert names(template) == [expected]


def test_several_results_have_different_names() -> None:
    assert names("{n}-{stem}", count=3) == ["1-My-clip-take-2", "2-My-clip-take-2", "3-My-clip-take-2"]
    assert names("rain", count=2) == ["rain-1", "rain-2"]
    long = NameFields(job="j", prompt="x" * 300)
    assert len({name.casefold() for name in names("{prompt}{prompt}{prompt}{n}", long, 30)}) == 30


def test_what_comes_beside_a_result_is_named_after_it() -> None:
    places = [Place(1), Place(1, "speech"), Place(2), Place(2, "a/b"), Place(2, "A B")]
    made = NameTemplate.read("{stem}").stems(KNOWN, places)
    clip = "My-clip-take-2"
    assert made == [f"{clip}-1", f"{clip}-1-speech", f"{clip}-2", f"{clip}-2-a_b", f"{clip}-2-A_B-2"]
    assert NameTemplate.read("{stem}").stems(KNOWN, [Place(1), Place(1, "pdf")]) == [clip, f"{clip}-pdf"]


def test_the_services_own_names_tell_results_apart() -> None:
    places = [Place(1, output="0", variant="a b"), Place(2, output="0", variant="c"), Place(2, "speech", "0", "c")]
    stems = NameTemplate.read("{prompt}-{output}-{variant}").stems(NameFields(job="j", prompt="rain"), places)
    assert stems == ["rain-0-a-b", "rain-0-c", "rain-0-c-speech"]
    assert NameTemplate.read("{output}").stems(KNOWN, places) == ["0", "0-2", "0-speech"]
    assert names("{variant}", count=2) == ["1", "2"], "a service that has none counts"


def test_what_is_not_known_is_told_by_what_is() -> None:
    assert names("{stem}", NameFields(job="j", prompt="a door")) == ["a-door"]
    assert names("{prompt}", NameFields(job="j", stem="clip")) == ["clip"]
    assert names("{prompt}", NameFields(job="j", family="text-to-sfx")) == ["text-to-sfx"]
    assert names("{stem}", NameFields(job="j")) == ["result"]


def test_letters_of_every_script_are_kept() -> None:
    assert names("{prompt}", NameFields(job="j", prompt="雨の音, Türe schließt \u202edoor\u202c")) == [
        "雨の音-Türe-schließt-door"
    ]
    assert names("{stem}", NameFields(job="j", stem="caf\udce9")) == ["caf"]


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("a/b", "is a path"),
        ("..\\b", "is a path"),
        ("{who}", "unknown field {who}"),
        ("{}", "unknown field {}"),
        ("{job.token}", "unknown field"),
        ("{job!r}", "only {n:02}"),
        ("{stem:>10000}", "only {n:02}"),
        ("{n:9999999d}", "only {n:02}"),
        ("{stem", "is not a template"),
        ("a}", "is not a template"),
        (7, "is int, not a string"),
        (None, "is NoneType, not a string"),
    ],
)
def test_a_wrong_template_is_refused_by_name(template: Any, problem: str) -> None:
    with pytest.raises(InvalidRequestError, match=re.escape(problem)) as caught:
        NameTemplate.read(template)
    assert caught.value.field == "name"
    assert str(caught.value).startswith("name=")
    assert all(field in str(caught.value) for field in FIELDS)


def test_only_a_name_with_the_job_is_the_jobs_own() -> None:
    assert NameTemplate.read("{job}-{n}").names_the_job
    assert not NameTemplate.read("{prompt}-{n}").names_the_job
    assert not NameTemplate.read("{{job}}").names_the_job


WORDS = st.text(max_size=200) | st.sampled_from(["con", "../../etc/passwd", "a.", " ", "NUL.txt", "\ud800", "é" * 99])
TEMPLATES = st.lists(
    st.sampled_from([*(f"{{{field}}}" for field in FIELDS), "-", " ", "con", ".", ":", "é", "\x00"[:0]])
)


@given(TEMPLATES.map("".join).filter(str.strip), WORDS, WORDS, WORDS, st.integers(1, 9))
def test_no_name_leaves_its_folder_or_is_reserved(template: str, stem: str, prompt: str, job: str, count: int) -> None:
    made = names(template, NameFields(job=job, stem=stem, prompt=prompt), count)
    assert len({name.casefold() for name in made}) == len(made) == count
    for name in made:
        assert 0 < len(name.encode()) <= LONGEST_NAME + 10
        assert not re.search(r'[<>:"/\\|?*\x00-\x1f]', name)
        assert name[0] not in ".-"
        assert name[-1] not in ". "
        assert not re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", name, re.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("0d4e9a52-6b0f", "0d4e9a52-6b0f"),
        ("../../etc/passwd", "etc_passwd"),
        ("..\\..\\windows", "windows"),
        ("/absolute", "absolute"),
        ("a\x00b", "a_b"),
        ("a b\tc\nd", "a_b_c_d"),
        ("C:evil", "C_evil"),
        ("name.", "name"),
        ("-rf", "rf"),
        (".hidden", "hidden"),
        ("", "result"),
        ("...", "result"),
        ("日本語", "result"),
        ("CON", "_CON"),
        ("con.wav", "_con.wav"),
        ("lpt9", "_lpt9"),
        ("console", "console"),
        ("Ünïcode", "n_code"),
    ],
)
def test_a_name_is_one_plain_word(text: str, name: str) -> None:
    assert safe_filename(text) == name


@pytest.mark.parametrize("text", ["x" * 4096, "con." + "y" * 4096, "/" * 4096, "é" * 4096, "a." * 2048])
def test_long_names_are_cut(text: str) -> None:
    assert 0 < len(safe_filename(text)) <= 100


@given(st.text(max_size=300))
def test_no_text_leaves_the_folder_or_is_reserved(text: str) -> None:
    name = safe_filename(text)
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,100}", name)
    assert name[0] not in ".-"
    assert name[-1] not in ". "
    assert not re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", name, re.IGNORECASE)
