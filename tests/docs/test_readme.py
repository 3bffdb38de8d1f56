"""The README is the package's page: two renderers show it alike, and what it says of the package is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt
from readme_renderer import markdown

from mirelo_ergo import MireloClient
from mirelo_ergo.emulator import running

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def of_the_package_index(text: str) -> str:
    rendered: str | None = markdown.render(text)
    assert rendered is not None
    return rendered


def of_common_mark(text: str) -> str:
    return str(MarkdownIt("commonmark").enable("table").render(text))


@pytest.mark.parametrize("render", [of_the_package_index, of_common_mark])
def test_every_table_code_and_heading_is_one(render: Callable[[str], str]) -> None:
    page = render(README)
    prose = FENCE.sub("", README)
    assert page.count("<table") == len(re.findall(r"^\|(?:\s*:?-+:?\s*\|)+$", prose, re.MULTILINE))
    assert page.count("<pre") == len(FENCE.findall(README))
    assert len(re.findall(r"<h[12]\b", page)) == len(re.findall(r"^##? ", prose, re.MULTILINE))
    assert not re.search(r"\|\s*-{3}|\*\*|```|<p>#", re.sub(r"<(pre|code)\b.*?</\1>", "", page, flags=re.DOTALL))


def test_links_are_absolute_and_pages_that_are_named_are_there() -> None:
    prose = FENCE.sub("", README)
    assert all(address.startswith("https://") for address in re.findall(r"\]\(([^)]+)\)", prose))
    named = re.findall(r"`((?:docs|examples)/[\w.-]+|[A-Z]+\.md)`", prose)
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_it_begins_with_two_lines_and_then_says_what_a_key_and_a_credit_are() -> None:
    first, second = re.findall(r"^## (.*)$", README, re.MULTILINE)[:2]
    assert (first, second) == ("Install, and hear a first sound", "A key, and what a credit is")
    install, sound = FENCE.findall(README)[0].splitlines()[1:-1]
    assert install == 'pip install "mirelo-ergo[all]"'
    assert sound.startswith("mirelo-ergo text ")
    assert "--emulator" in sound


def test_a_second_of_sound_costs_what_it_says() -> None:
    assert "About 10 pay for a second of sound of one sample" in README
    with running() as emulator, MireloClient(emulator.key, base_url=emulator.url) as client:
        assert client.text_to_sfx("rain", duration_ms=3000, num_samples=2).preflight().credits == 60


def test_every_example_is_listed() -> None:
    assert {path.name for path in (ROOT / "examples").glob("*.py")} == set(re.findall(r"`examples/(\w+\.py)`", README))


def test_the_extras_are_those_that_there_are() -> None:
    listed = re.search(r"the extras are (.*?)\.\n", README, re.DOTALL)
    assert listed is not None
    assert set(re.findall(r"`(\w+)`", listed[1])) == set(PROJECT["optional-dependencies"])


def test_what_it_runs_on_is_what_the_package_says() -> None:
    pythons = {each.rpartition(" ")[2] for each in PROJECT["classifiers"] if "Python :: 3." in each}
    systems = {each.rpartition(" ")[2] for each in PROJECT["classifiers"] if each.startswith("Operating System")}
    assert (
        f"Python {', '.join(sorted(pythons))} · {', '.join(sorted(systems))} · typed · {PROJECT['license']}" in README
    )
    assert "Typing :: Typed" in PROJECT["classifiers"]
