"""Taking in a vendor's file: all of it or nothing, and nothing of it as code."""

import ast
import copy
import json
import random
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo.emulator.refusals import Refusal
from mirelo_ergo.emulator.spec.spec import operations_of
from scripts import generate, update_spec
from scripts.api_diff import diff
from scripts.diffing.changes import ABSENT, changelog
from scripts.generation.documents import find, load, parse
from scripts.generation.normalise import inline, load_overlay
from scripts.generation.stored import merge
from scripts.vendor_form import vendors_form
from tests.apidiff.specs import ANSWERS, PARAMETERS, POST, ROOT, edited, ours, small
from tests.generation.specs import ANSWER, BODY, copy_one_service, dump, inlined_spec, remember_packages, write
from tests.generation.test_generate import shuffled
from tests.support.examples import examples

SYNC = "/paths/~1v2~1video-to-sfx~1v1.5~1sync/post"
BODIES = [
    f"/paths/~1v2~1video-to-sfx~1v1.5~1{flow}/post/requestBody/content/application~1json/schema"
    for flow in ("jobs", "sync")
]


@pytest.fixture(autouse=True)
def each_package_is_generated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    remember_packages(monkeypatch)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with the project's first spec and its generated tree."""
    return copy_one_service(tmp_path / "project")


@pytest.fixture
def little(tmp_path: Path) -> Path:
    """Return a folder with the small spec, of which nothing is generated yet."""
    write(tmp_path / "project", inlined_spec())
    return tmp_path / "project"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def generated(project: Path) -> dict[str, bytes]:
    return files(project / "generated")


def inlined(*edits: tuple[str, Any]) -> dict[str, Any]:
    """Return our spec as a vendor publishes it, edited."""
    return edited(inline(ours()), *edits)


def offer(project: Path, document: Any, name: str = "vendor.json") -> list[str]:
    """Write a vendor's file beside the project and return the script's arguments."""
    path = project.parent / name
    text = json.dumps(document) if path.suffix == ".json" else dump(document, width=40)
    path.write_text(text, encoding="utf-8")
    return [str(path), min(spec.stem for spec in (project / "openapi").glob("*.yaml"))]


def refused(project: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Expect that nothing is written anywhere, and return what is said."""
    before = files(project.parent)
    assert update_spec.main(arguments, project) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("update-spec: ")
    assert output.err.endswith("nothing was changed\n")
    assert files(project.parent) == before
    return output.err


SPEC = Path("openapi") / "mirelo-v2.yaml"
VENDORS_FORM = "schemas" not in load(ROOT / SPEC)["components"]


def test_the_vendors_form_of_the_stored_spec_changes_no_byte(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The other form is what is committed: comments, components and generated client stay as they are."""
    before, document = files(project), shuffled(inlined(), random.Random(3))
    assert update_spec.main(offer(project, document, "vendor.yaml"), project) == 0
    assert capsys.readouterr().out == (
        "mirelo-v2: nothing changed for callers\n"
        "openapi/mirelo-v2.yaml says the same and stays as it is; generated/mirelo_ergo_api is written\n"
    )
    assert files(project) == before
    assert sorted(path.name for path in project.rglob(".*")) == []


def test_music_and_midi_came_by_this_path(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The spec without them, and the vendor's form of all of it as FILE, give the committed file and client."""
    before = files(project)
    whole, overlay = inline(ours()), project / "openapi" / "overlays" / "mirelo-v2.yaml"
    new = {path for path in whole["paths"] if "-music/" in path or "-midi/" in path}
    earlier = whole | {
        "paths": {path: item for path, item in whole["paths"].items() if path not in new},
        "tags": [tag for tag in whole["tags"] if tag["name"] not in ("Music", "MIDI")],
    }
    text = merge((project / SPEC).read_text(encoding="utf-8"), earlier, load_overlay(overlay).names)
    assert "-midi" not in text
    if not VENDORS_FORM:
        kept = iter((project / SPEC).read_text(encoding="utf-8").splitlines())
        assert all(line in kept for line in text.splitlines()), "taking them in adds lines, and changes none"
    (project / SPEC).write_text(text, encoding="utf-8")

    (project.parent / "vendor.yaml").write_text(vendors_form(ROOT / SPEC), encoding="utf-8")
    assert update_spec.main([str(project.parent / "vendor.yaml"), "mirelo-v2"], project) == 0
    assert load(project / SPEC) == load(ROOT / SPEC)
    if VENDORS_FORM:  # whose order and layout are not those of what this script adds
        before[str(SPEC)] = (project / SPEC).read_bytes()
    assert files(project) == before
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"mirelo-v2: {len(new)} changes, none breaking"
    assert told[-1] == "openapi/mirelo-v2.yaml and generated/mirelo_ergo_api are written"
    noted = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    items = changelog(diff(load_text(text), whole))
    assert len(items) == len(new) == 11
    first = noted.index(items[0])
    assert noted[first : first + len(items)] == items


def load_text(text: str) -> dict[str, Any]:
    return parse(text.encode(), "a spec")


def more(document: dict[str, Any]) -> dict[str, Any]:
    """Return a copy with an operation more, a limit less, and an enum value more."""
    operation = find(document, SYNC) | {"operationId": "videoToSfxAgain"}
    edits = [
        edit
        for body in BODIES
        for edit in (
            (f"{body}/properties/num_samples/maximum", 3),
            (f"{body}/properties/start_offset_ms/minimum", 10),
            (f"{body}/properties/output/enum", ["audio", "video", "stems"]),
        )
    ]
    changed = edited(document, *edits)
    changed["paths"]["/v2/video-to-sfx/v1.5/again"] = {
        "post": operation | {"requestBody": copy.deepcopy(find(changed, SYNC)["requestBody"])}
    }
    return changed


def test_a_changed_spec_is_generated_and_its_changes_are_told(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert update_spec.main(offer(project, more(inlined())), project) == 0
    assert capsys.readouterr().out.splitlines() == [
        "mirelo-v2: 4 changes, 2 breaking",
        "  BREAKING      videoToSfxJobCreate, videoToSfxSync: request num_samples: maximum tightened from 4 to 3",
        "  BREAKING      videoToSfxJobCreate, videoToSfxSync: request start_offset_ms: minimum tightened from 0 to 10",
        "  not breaking  videoToSfxAgain: added: POST /v2/video-to-sfx/v1.5/again",
        '  not breaking  videoToSfxJobCreate, videoToSfxSync: request output: enum with "stems" widened '
        'from ["audio", "video"] to ["audio", "video", "stems"]',
        "openapi/mirelo-v2.yaml and generated/mirelo_ergo_api are written",
    ]
    package = project / "generated" / "mirelo_ergo_api" / "mirelo_v2"
    assert (package / "api" / "sound_effects" / "video_to_sfx_again.py").is_file()
    assert 'enum=("audio", "video", "stems")' in (package / "limits.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("keyword", "message"),
    [("multipleOf", "/length/multipleOf: limits.py does not carry 'multipleOf'"),
     ("somethingNew", "/length: 'somethingNew' does not match")],
)  # fmt: skip
def test_an_unknown_constraint_is_refused(
    little: Path, capsys: pytest.CaptureFixture[str], keyword: str, message: str
) -> None:
    assert message in refused(little, offer(little, small((f"{LENGTH}/{keyword}", 1))), capsys)


def with_new_shapes() -> dict[str, Any]:
    """Return the small spec with shapes that have no name, some of them equal, and one that collides with a name."""
    sources = [
        {
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": {"type": "string", "enum": [kind]}},
        }
        for kind in ("url", "tape-2")
    ]
    cut = {"type": "object", "required": ["at"], "properties": {"at": {"type": "array", "items": {"type": "object"}}}}
    document = small()
    operation = copy.deepcopy(find(document, POST))
    body = find(operation, "/requestBody/content/application~1json/schema")
    body["properties"] |= {"cut": cut, "second_cut": cut, "source": {"oneOf": sources}}
    operation["operationId"] = "sound"  # whose request would be SoundRequest, which is another
    document["paths"]["/v1/again"] = {"post": operation}
    return document


def test_shapes_without_a_name_are_listed_with_lines_that_can_be_pasted(
    little: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = offer(little, with_new_shapes())
    error = refused(little, arguments, capsys)
    place = "/paths/~1v1~1again/post/requestBody/content/application~1json/schema"
    assert error.splitlines()[0].startswith("update-spec: small.yaml has no name for some shapes; add these lines")
    lines = [line for line in error.splitlines() if line.startswith("  ")]
    assert sorted(lines) == [
        f"  {place}/properties/cut/properties/at/items: SoundRequestCutAtItem  # and 1 equal elsewhere",
        f"  {place}/properties/cut: SoundRequestCut  # and 1 equal elsewhere",
        f"  {place}/properties/source/oneOf/0: SoundRequestSourceUrl",
        f"  {place}/properties/source/oneOf/1: SoundRequestSourceTape2",
        f"  {place}: SoundRequest2",
    ]
    overlay = little / "openapi" / "overlays" / "small.yaml"
    text = overlay.read_text(encoding="utf-8")
    overlay.write_text(text.replace("names:\n", "\n".join(["names:", *lines, ""])), encoding="utf-8")
    assert update_spec.main(arguments, little) == 0
    assert b"class SoundRequestSourceTape2:" in b"".join(generated(little).values())


def test_names_without_a_shape_are_listed_too(little: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = with_new_shapes()
    del document["paths"]["/v1/sounds"]
    error = refused(little, offer(little, document), capsys)
    assert "SoundRequestCut" in error
    assert f"no schema is at\n  {ANSWER}" in error


def test_a_name_without_a_shape_alone_is_listed(little: Path, capsys: pytest.CaptureFixture[str]) -> None:
    error = refused(little, offer(little, small((BODY + "/properties/source/oneOf/1", ABSENT))), capsys)
    assert "has no name" not in error
    assert f"no schema is at\n  {BODY}/properties/source/oneOf/1; remove or correct it" in error


def test_a_suggestion_is_safe_whatever_the_spec_holds() -> None:
    shape = {"type": "object"}
    media = 'application/x"y: z\n  evil: Evil # \x1b'
    operation = {"operationId": "9 \n__import__('os')", "requestBody": {"content": {media: {"schema": shape}}}}
    document = {"paths": {"/a": {"post": operation, "parameters": [{"schema": shape}]}}}
    places = [
        ["/paths/~1a/post/requestBody/content/" + media.replace("/", "~1") + "/schema"],
        ["/paths/~1a/parameters/0/schema"],
    ]
    lines = list(update_spec.suggest(document, places, []))
    table = yaml.safe_load("names:\n" + "\n".join(lines))["names"]
    assert list(table) == [place[0] for place in places]
    assert all(name.isalnum() for name in table.values())


CODE = "__import__('os').abort()"
TEXT = f'"""\n{CODE}\n"""'
LENGTH = BODY + "/properties/length"
REMOTE = ["https://127.0.0.1:9/x.yaml#/a", "../../../etc/passwd", "file:///etc/passwd", "//127.0.0.1:9/x"]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return what was connected to, or looked up, in this process."""
    addresses: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: addresses.append(address))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *address, **_: addresses.append(address))
    return addresses


def test_a_hostile_spec_is_refused_with_all_of_it_listed(little: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edits = [
        (POST + "/description", TEXT),
        ("/info/title", "a\u202eb"),
        (POST + "/operationId", f"x; {CODE}"),
        (f"{BODY}/properties/{CODE}", {"type": "string"}),
    ]
    error = refused(little, offer(little, small(*edits)), capsys)
    assert "a backslash or triple quotes in" in error
    assert "the character U+202E in" in error
    assert "is no name such as textToSfxSync" in error
    assert "is no name such as duration_ms" in error


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ([(POST + "/description", TEXT)], "a backslash or triple quotes"),
        ([(POST + "/summary", "\\")], "a backslash or triple quotes"),
        ([(POST + "/tags", [f"x'); {CODE}"])], "is no name such as Sound Effects"),
        ([(POST + "/tags", ["../../up"])], "is no name such as Sound Effects"),
        ([(ANSWER + f"/properties/{CODE}", {"type": "string"})], "is no name such as duration_ms"),
        ([(PARAMETERS + "/0/name", CODE)], "is no name such as job_id"),
        ([(PARAMETERS + "/0/schema/default", CODE)], "is not of type 'boolean'"),
        ([(LENGTH + "/default", CODE)], "is not of type 'integer'"),
        ([(LENGTH + "/maximum", CODE)], "length/maximum"),
        ([(ANSWER + "/properties/id", {"type": "integer", "default": CODE})], "is not of type 'integer'"),
        ([(f"/paths/~1v1~1..~1{CODE}", {"get": {"operationId": "x", "responses": {"200": {"description": "x"}}}})],
         "a path is segments of letters"),
        *(([(place, {"$ref": reference})], "leads out of the document")
          for reference in REMOTE
          for place in (BODY, LENGTH, ANSWERS + "/200", PARAMETERS + "/0", "/paths/~1v1~1sounds")),
    ],
)  # fmt: skip
def test_a_hostile_spec_is_refused(
    little: Path, capsys: pytest.CaptureFixture[str], opened: list[object], edits: list[tuple[str, Any]], message: str
) -> None:
    assert message in refused(little, offer(little, small(*edits)), capsys)
    assert opened == []


@pytest.mark.parametrize("text", ["a: !!python/object/apply:os.abort []", "a: &x 1\nb: *x", "a: [", "[]", "{}"])
def test_what_is_no_spec_is_refused(little: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    (little.parent / "vendor.yaml").write_text(text, encoding="utf-8")
    assert "vendor.yaml" in refused(little, [str(little.parent / "vendor.yaml"), "small"], capsys)


@pytest.mark.parametrize(
    "service", ["../small", "../../x", "/tmp/x", "overlays/small", ".", "Small", "small\n", "a b", "é"]
)
def test_a_service_is_a_plain_name(little: Path, capsys: pytest.CaptureFixture[str], service: str) -> None:
    path, _ = offer(little, small())
    assert "is named by small letters, digits and -" in refused(little, [path, service], capsys)


def test_what_cannot_be_taken_in_is_refused(little: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, _ = offer(little, small())
    assert "big is new: write openapi/overlays/big.yaml first" in refused(little, [path, "big"], capsys)
    assert "gone.yaml" in refused(little, [str(little / "gone.yaml"), "small"], capsys)
    stored = little / "openapi" / "small.yaml"
    assert "the stored spec itself" in refused(little, [str(stored), "small"], capsys)
    stored.write_text("openapi: 3.0.3", encoding="utf-8")
    assert "openapi/small.yaml" in refused(little, [path, "small"], capsys)


def test_a_swap_that_fails_leaves_both_as_they_were(
    little: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = little / "openapi" / "small.yaml"

    def fail(fresh: Path, target: Path) -> None:
        assert "maximum: 5" in stored.read_text(encoding="utf-8")
        raise OSError("the disk is gone")

    monkeypatch.setattr(update_spec, "build", lambda openapi, target: target.mkdir())
    monkeypatch.setattr(update_spec, "swap", fail)
    arguments = offer(little, small((LENGTH + "/maximum", 5)))
    assert "the disk is gone" in refused(little, arguments, capsys)
    stored.unlink()
    assert "the disk is gone" in refused(little, [arguments[0], "small"], capsys)


def test_a_service_starts_with_an_overlay_alone(little: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = offer(little, small())
    (little / "openapi" / "small.yaml").unlink()
    assert update_spec.main(arguments, little) == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        "small: 1 change, none breaking",
        "  not breaking  makeSound: added: POST /v1/sounds",
    ]
    assert (little / "generated" / "mirelo_ergo_api" / "small" / "limits.py").is_file()


def words_of_code(module: bytes) -> set[str]:
    """Return every name in a module, and what kinds of statements and expressions it has: all but its strings."""
    found = set()
    for node in ast.walk(ast.parse(module)):
        found |= {f"{type(node).__name__} {value}" for _, value in ast.iter_fields(node) if isinstance(value, str)}
    return {word for word in found if not word.startswith("Constant ")}


def test_what_is_let_through_stays_text(tmp_path: Path) -> None:
    """The worst that the checks pass, wherever they pass it, brings no name into the code that was not there."""
    project, output = tmp_path / "project", f"{BODY}/properties/output"
    plain = small((output, {"type": "string", "enum": ["audio", "video"], "default": "audio", "description": "It."}))
    write(project, plain)
    assert generate.main([], project) == 0
    evil = f"x'); {CODE} #\" ''' {{{{0}}}} %s"
    edits = [
        (f"{output}/enum", ["audio", "video", evil]),
        (f"{output}/default", evil),
        (f"{output}/description", evil),
        (f"{BODY}/description", evil),
        (POST + "/description", evil),
        (POST + "/summary", evil),
        ("/info/title", evil),
    ]
    before = {name: words_of_code(code) for name, code in generated(project).items() if name.endswith(".py")}
    assert update_spec.main(offer(project, edited(plain, *edits)), project) == 0
    after = {name: code for name, code in generated(project).items() if name.endswith(".py")}
    assert before.keys() == after.keys()
    assert len([name for name, code in after.items() if CODE.encode() in code]) > 3
    assert {
        name: words - before[name] for name, code in after.items() if (words := words_of_code(code)) > before[name]
    } == {}


@pytest.mark.parametrize("arguments", [["", ""], ["", "small"], ["vendor.yaml", ""], ["vendor.yaml"]])
def test_make_without_a_file_or_a_service_says_how(
    little: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        update_spec.main(arguments, little)
    assert "service" in capsys.readouterr().err.lower()


def test_the_script_runs_as_make_starts_it() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "update_spec.py"), "vendor.yaml", "../x"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (1, "")
    assert "is named by small letters" in run.stderr


TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["no", "1e3", "1_000", "0x1f", "2026-03-01", "12:30:00", "~", "", "<<", "=", " a", "a: b", "- a", "# a"]
    ),
)


@examples(30)
@given(
    st.dictionaries(
        TEXTS,
        st.recursive(
            st.one_of(TEXTS, st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False)),
            lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
            max_leaves=6,
        ),
    )
)
def test_the_stored_file_is_read_alike_by_everyone(document: dict[str, Any]) -> None:
    text = update_spec.render(document)
    assert parse(text.encode(), "it") == yaml.safe_load(text) == document
    assert list(parse(text.encode(), "it")) == list(document)


def test_the_stored_file_shows_what_it_holds() -> None:
    assert update_spec.render({"a": "é 音"}) == "a: é 音\n"
    assert update_spec.render({"a": "é \u202e"}) == 'a: "\\xE9 \\u202E"\n'
    shared = {"b": 1}
    assert update_spec.render({"a": [shared, shared]}) == "a:\n- {b: 1}\n- {b: 1}\n"


FASTAPI = ROOT / "tests" / "generation" / "fastapi.json"
"""What FastAPI writes of a small service with optional fields, literals, tuples, unions and uploads."""
_LIST = "/paths/~1v1~1sounds/get/responses/200/content/application~1json/schema/properties/items/items/properties"
FASTAPI_NAMES = {
    "/paths/~1v1~1files/post/responses/422/content/application~1json/schema/properties/detail/items/properties/ctx":
        "ErrorContext",
    f"{_LIST}/by_mood": "ByMood",
    f"{_LIST}/meta": "Meta",
}  # fmt: skip
USE = """
import importlib, sys, typing
sys.path[:0] = [sys.argv[1]]
from mirelo_ergo._runtime.api.limits import check
from mirelo_ergo.errors import InvalidRequestError
api = importlib.import_module("mirelo_ergo_api.tone_lab")
limits, bodies, operations, models = (
    importlib.import_module(f"mirelo_ergo_api.tone_lab.{name}") for name in ("limits", "bodies", "operations", "models")
)
good = {"source": {"kind": "text", "text": "rain"}, "seed": None, "mood": "calm", "other_mood": None,
        "seconds": 29.9, "tags": ["a"], "tuning": {"origin": None, "window": [1, 2], "strength": 1}, "version": "v1"}
check(limits, "SoundCreate", good, "create_sound")
for name, value in [("seconds", 30), ("seconds", 0), ("seed", -1), ("mood", "loud"), ("mood", None),
                    ("tuning", {"window": [1]}), ("tuning", {"window": [1, "b"]}), ("tuning", {"strength": 0}),
                    ("source", {"kind": "file"}), ("tags", ["a"] * 6), ("version", "v2")]:
    try:
        check(limits, "SoundCreate", {**good, name: value}, "create_sound")
    except InvalidRequestError as refusal:
        print(str(refusal).partition(": ")[2])
hints = typing.get_type_hints(bodies.SoundCreate)
print(hints["seed"], hints["tuning"].__name__, hints["other_mood"])
print(operations.CREATE_SOUND_V1_SOUNDS_POST)
sound = models.Sound.from_dict({"id": "s1", "status": "done", "url": None, "origin": None, "mood": None,
                                "pieces": [{"name": "a", "loc": [1, "b"], "at": None}], "by_mood": {"calm": 1}})
print(sound.url, sound.origin, sound.pieces[0].loc, sound.by_mood["calm"])
"""


@pytest.fixture
def tone_lab(tmp_path: Path) -> Path:
    """Return a folder with the overlay of a service that is new, and an empty generated tree."""
    overlays = tmp_path / "project" / "openapi" / "overlays"
    overlays.mkdir(parents=True)
    (overlays / "tone-lab.yaml").write_text(json.dumps({"names": FASTAPI_NAMES}), encoding="utf-8")
    return tmp_path / "project"


def test_what_fastapi_writes_becomes_a_client(tone_lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the vendor's file to generated limits, types and models that another process uses, and mypy --strict."""
    assert update_spec.main([str(FASTAPI), "tone-lab"], tone_lab) == 0
    told = capsys.readouterr().out
    assert "tone-lab: 5 changes, none breaking" in told
    assert "left out, because they say nothing of requests: /webhooks\n" in told
    stored = load(tone_lab / "openapi" / "tone-lab.yaml")
    assert stored["openapi"] == "3.0.3"
    run = subprocess.run(
        [sys.executable, "-c", USE, str(tone_lab / "generated")], capture_output=True, text=True, check=False
    )
    assert run.stderr == ""
    assert run.stdout.splitlines() == [
        "seconds=30 is not below 30.0; nothing was sent",
        "seconds=0 is not above 0.0; nothing was sent",
        "seed=-1 is below the minimum of 0; nothing was sent",
        "mood='loud' is not one of calm, tense; nothing was sent",
        "mood=None is NoneType, not a string; nothing was sent",
        "tuning.window has 1 items, which is below the minimum of 2 (allowed: 2 to 2); nothing was sent",
        "tuning.window[1]='b' is str, not a whole number (int); nothing was sent",
        "tuning.strength=0 is not above 0.0; nothing was sent",
        "source.kind='file' is not one of text, url; nothing was sent",
        "tags has 6 items, which is above the maximum of 5; nothing was sent",
        "version='v2' is not one of v1; nothing was sent",
        "int | None Tuning typing.Optional[typing.Literal['calm', 'tense']]",
        "Endpoint(name='create_sound_v1_sounds_post', method='POST', path='/v1/sounds', query=('dry',), "
        "headers=('idempotency-key',))",
        "None None [1, 'b'] 1",
    ]
    command = ["mypy", "--strict", "--config-file=", "--cache-dir", str(tone_lab / "cache")]
    checked = subprocess.run(
        [sys.executable, "-m", *command, "-p", "mirelo_ergo_api.tone_lab"],
        cwd=tone_lab / "generated",
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_emulator_reads_what_became_of_fastapis_file(tone_lab: Path) -> None:
    assert update_spec.main([str(FASTAPI), "tone-lab"], tone_lab) == 0
    operations = {each.id: each for each in operations_of(load(tone_lab / "openapi" / "tone-lab.yaml"))}
    create = operations["create_sound_v1_sounds_post"]
    good = {"source": {"kind": "text", "text": "rain"}, "seed": None, "other_mood": None, "tuning": {"origin": None}}
    create.check_body(good)
    for wrong in ({"seconds": 30}, {"mood": None}, {"tuning": {"origin": 1}}, {"source": None}):
        with pytest.raises(Refusal):
            create.check_body(good | wrong)


def vendors(*edits: tuple[str, Any]) -> dict[str, Any]:
    """Return FastAPI's document, edited."""
    return edited(json.loads(FASTAPI.read_text(encoding="utf-8")), *edits)


CREATE = "/components/schemas/SoundCreate/properties"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ((f"{CREATE}/seed", {"if": {"minimum": 1}, "type": "integer"}),
         "SoundCreate/properties/seed/x-limits-if: limits.py does not carry 'x-limits-if', nothing would check it; "
         "teach scripts/generation/limits.py and the request check about it, or remove it with a patch in the overlay"),
        ((f"{CREATE}/seed", {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]}),
         "SoundCreate/properties/seed/anyOf: limits.py carries unions of objects only, not of ['integer', 'string']; "
         "set it to one of them with a patch in the overlay"),
        ((f"{CREATE}/seed", {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]}),
         "seed/x-limits-prefixItems: limits.py does not carry"),
        ((f"{CREATE}/tuning", {"$ref": "#/components/schemas/Tuning", "minProperties": 1}),
         f"{CREATE}/tuning/minProperties: beside a $ref, 3.0 has no place for it; put it at the target"),
        ((f"{CREATE}/tuning", {"$ref": "#/components/schemas/SoundCreate"}),
         "#/components/schemas/SoundCreate contains itself, and a recursive shape cannot be generated; write the "
         "inner one as an object with any fields"),
        ((f"{CREATE}/tuning", {"$ref": "#tuning"}), "/tuning/$ref: '#tuning' names an anchor; make its target"),
        ((f"{CREATE}/tuning", {"$ref": "#/$defs/Tuning"}), "leads nowhere"),
        ((f"{CREATE}/seed", {"type": "integer", "minimum": "one"}), f"{CREATE}/seed/minimum: 'one' is not of type"),
        (("/openapi", "3.2.0"), "/openapi: '3.2.0' is not read here; write the file as 3.1 or 3.0"),
        ((CREATE, []), "/components/schemas/SoundCreate: this is no JSON Schema, one of its keywords"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_in_names_its_place_and_the_way_out(
    tone_lab: Path, capsys: pytest.CaptureFixture[str], edit: tuple[str, Any], message: str
) -> None:
    (tone_lab / "openapi" / "tone-lab.yaml").write_text(json.dumps(small_30()), encoding="utf-8")
    assert message in refused(tone_lab, offer(tone_lab, vendors(edit)), capsys)


def small_30() -> dict[str, Any]:
    return {"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": {}}


def test_a_patch_removes_what_limits_cannot_carry(tone_lab: Path) -> None:
    """The way out that the refusal names."""
    patch = {"reason": "The service ignores it.", "remove": f"{CREATE}/seed/x-limits-if"}
    overlay = {"names": FASTAPI_NAMES, "patches": [patch]}
    (tone_lab / "openapi" / "overlays" / "tone-lab.yaml").write_text(json.dumps(overlay), encoding="utf-8")
    file = tone_lab.parent / "vendor.json"
    file.write_text(json.dumps(vendors((f"{CREATE}/seed", {"if": {"minimum": 1}, "type": "integer"}))))
    assert update_spec.main([str(file), "tone-lab"], tone_lab) == 0


def test_shared_objects_that_pyyaml_wrote_as_aliases_are_read(tone_lab: Path) -> None:
    document = vendors()
    answer = document["paths"]["/v1/sounds"]["post"]["responses"]["422"]
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"]["422"] = answer
    file = tone_lab.parent / "vendor.yaml"
    file.write_text(dump(document))
    assert "*id001" in file.read_text()
    assert update_spec.main([str(file), "tone-lab"], tone_lab) == 0
    assert "*id" not in (tone_lab / "openapi" / "tone-lab.yaml").read_text()
