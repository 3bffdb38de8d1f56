"""Scenario files: what is read, what is refused with which words, and that the schema beside them says the same."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import attrs
import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo.cli.app import run
from mirelo_ergo.emulator import faults, running
from mirelo_ergo.emulator.faults import scenario, schema
from mirelo_ergo.emulator.faults.plan import rule_to_json
from tests.emulator.test_faults import rules

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = jsonschema.Draft202012Validator(schema.scenario_schema())
RULE = b"faults: [{operation: me, fault: {kind: reset}}]"


@pytest.mark.parametrize("name", ["flaky", "hostile", "out-of-credits", "overloaded", "slow"])
def test_what_is_shipped(name: str) -> None:
    loaded = scenario.load(name)
    assert loaded.name == name
    assert loaded.description
    raw = (scenario.FOLDER / f"{name}.yaml").read_bytes()
    assert raw.startswith(b"# yaml-language-server: $schema=scenario.schema.json\n")
    SCHEMA.validate(yaml.safe_load(raw))
    assert scenario.scenario_from_json(scenario.scenario_to_json(loaded)) == loaded


def test_the_shipped_schema_is_the_vocabularys() -> None:
    assert schema.FILE.read_text(encoding="utf-8") == schema.text(), "run scripts/scenario_schema.py"
    jsonschema.Draft202012Validator.check_schema(schema.scenario_schema())


@pytest.mark.parametrize("suffix", ["yaml", "yml", "json"])
def test_a_file_of_ones_own(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"mine.{suffix}"
    definition = {"credits": 20, "faults": [{"operation": "getMe", "fault": {"kind": "status", "status": 418}}]}
    path.write_text(json.dumps(definition), encoding="utf-8")
    expected = faults.Scenario(credits=20, faults=(faults.Rule("getMe", faults.Status(418)),))
    assert scenario.load(path) == scenario.load(str(path)) == expected
    with running(scenario=path) as emu:
        assert emu.credits == 20
        assert [each.rule for each in emu.faults] == list(expected.faults)
        emu.clear_faults()
        emu.set_credits(3)
        emu.reset()  # begins with it again
        assert (emu.credits, len(emu.faults)) == (20, 1)
        emu.play(attrs.evolve(expected, credits=None, faults=()))
        assert (emu.credits, emu.faults) == (20, [])
    with running(scenario=expected, credits=5) as emu:
        assert emu.credits == 5


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "scenario is None: it has to be an object"),
        (b"- a", "scenario is ['a']: it has to be an object"),
        (b"fault: []", "fault is not a known field: did you mean faults? known are name, description, credits"),
        (b"name: 5", "scenario.name is 5: it has to be up to 100 characters on one line"),
        (b"credits: -1", "scenario.credits is -1: it has to be a whole number from 0 to 1,000,000,000"),
        (b"credits:", "scenario.credits is null: leave it out, or give it a value"),
        (b"credits: yes", "scenario.credits is True"),
        (b"faults: {}", "scenario.faults is {}: it has to be a list of up to 100 rules"),
        (b"faults:\n" + b"- {operation: me, fault: {kind: reset}}\n" * 101, "scenario.faults has 101 entries"),
        (b"faults: [{operation: me, fault: {kind: reset}}, 7]", "scenario.faults[1] is 7: it has to be an object"),
        (RULE.replace(b"me", b"mee"), "scenario.faults[0].operation is 'mee', which is none: did you mean me?"),
        (
            RULE.replace(b"reset", b"rset"),
            "scenario.faults[0].fault.kind is 'rset', which is none: did you mean reset?",
        ),
        (
            RULE.replace(b"reset}", b"reset, when: soon}"),
            "scenario.faults[0].fault.when is 'soon': it has to be one of",
        ),
        (
            RULE.replace(b"reset}", b"latency, seconds: .nan}"),
            "scenario.faults[0].fault.seconds is nan: it has to be a",
        ),
        (RULE.replace(b"reset}", b"latency, seconds: 2026-01-01}"), "faults[0].fault.seconds is datetime.date(2026"),
        (b"a: &x 1\nb: *x", "aliases are not allowed in line 2, column 4"),
        (b"a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]", "aliases are not allowed in line 2"),
        (b"name: a\nname: b", "the key 'name' comes twice in line 2, column 1"),
        (b"[a]: b", "a key has to be a word in line 1, column 1"),
        (b"!!python/object/apply:os.getcwd []", "could not determine a constructor"),
        (b"a: [", "expected the node content"),
        (b"a: b: c", "mapping values are not allowed here in line 1, column 5"),
        (b"a: 1\n---\nb: 2", "but found another document in line 2"),
        (b"name: \xff\xfe", "the scenario is no YAML that is read here: "),
        (b"[" * 2_000, "the scenario cannot be read: "),
        (b"credits: " + b"9" * 5000, "the scenario cannot be read: "),
        (b"# " + b"x" * 70_000, "the scenario is over 65,536 bytes"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(raw: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(raw)
    with pytest.raises(ValueError, match=" ") as caught:
        scenario.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert words in message
    assert len(message) < 600
    assert "\n" not in message


def test_names_and_paths_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="scenario is 'flacky', which is none: did you mean flaky\\? known are flaky"):
        scenario.load("flacky")
    for path in ("nowhere.yaml", str(tmp_path), f"{tmp_path}/none"):
        with pytest.raises(ValueError, match="the scenario cannot be read"):
            scenario.load(path)


def definitions() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"faults": st.lists(rules().map(rule_to_json), min_size=1, max_size=2)}, optional={"credits": st.integers(0, 9)}
    )


@given(definitions(), st.data())
def test_the_schema_and_the_reader_agree(definition: dict[str, Any], data: st.DataObject) -> None:
    """Both take what is right; both refuse it after one change that a hand may make."""
    SCHEMA.validate(definition)
    scenario.scenario_from_json(definition)
    rule = definition["faults"][0]
    place = data.draw(st.sampled_from([definition, rule, rule["fault"]]))
    name = data.draw(st.sampled_from([*place, "more"]))
    value: object = data.draw(st.sampled_from([None, "x", -1, 1.5, 10**12, True, [], {}]))
    place[name] = value
    try:
        scenario.scenario_from_json(definition)
        refused = ""
    except ValueError as error:
        refused = str(error)
    if not ("cannot happen" in refused or "without every" in refused):  # what the reader alone knows
        assert SCHEMA.is_valid(definition) == (not refused), refused


# On the command line


def test_serve_says_what_is_wrong_with_a_scenario(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("faults: 1", encoding="utf-8")
    for given_one, words in (("flacky", "did you mean flaky?"), (str(path), "scenario.faults is 1")):
        assert run(["serve", "--scenario", given_one]) != 0
        assert words in capsys.readouterr().err.replace("\n", " ")


def test_serve_plays_a_scenario(tmp_path: Path) -> None:
    code = (
        "import json, signal, sys, threading, time, urllib.request\n"
        "from pathlib import Path\n"
        "from mirelo_ergo.__main__ import main\n"
        "ready = Path(sys.argv[1])\n"
        "def look():\n"
        "    while not ready.exists(): time.sleep(0.01)\n"
        "    url = json.loads(ready.read_text())['url']\n"
        "    state = json.load(urllib.request.urlopen(url + '/_emulator/state'))\n"
        "    print(state['scenario'], len(state['faults']), flush=True)\n"
        "    signal.raise_signal(signal.SIGTERM)\n"
        "threading.Thread(target=look).start()\n"
        "sys.argv = ['mirelo-ergo', 'serve', '--scenario', 'hostile', '--ready-file', str(ready)]\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "ready.json")],
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    assert f"hostile {len(scenario.load('hostile').faults)}\n" in done.stdout
