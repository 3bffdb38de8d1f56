"""The whole generation: the committed tree is what it writes, byte for byte, from either form of the spec."""

import ast
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts import generate
from scripts.generation.documents import GenerationError, canonical, find, load
from scripts.generation.normalise import NamingError, Overlay, _shape, load_overlay, normalise
from scripts.generation.validation import validate
from tests.generation.specs import (
    ANSWER,
    BODY,
    changed,
    copy_one_service,
    dump,
    inline_document,
    inlined_spec,
    prepared,
    remember_packages,
)

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "generated" / "mirelo_ergo_api"
PARAMETER = "/paths/~1v1~1sounds/post/parameters/0"
QUERY = {"name": "id", "in": "query", "schema": {"type": "string"}}
SCRIPT = ROOT / "scripts" / "generate.py"


@pytest.fixture(autouse=True)
def each_package_is_generated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    remember_packages(monkeypatch)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with the project's first spec and its generated tree."""
    return copy_one_service(tmp_path)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def shuffled(value: Any, order: random.Random) -> Any:
    """Return the same JSON value with its keys, and its lists of required fields, in another order."""
    if isinstance(value, list):
        return [shuffled(item, order) for item in value]
    if not isinstance(value, dict):
        return value
    keys = order.sample(list(value), len(value))
    mixed = {key: shuffled(value[key], order) for key in keys}
    if isinstance(mixed.get("required"), list):
        order.shuffle(mixed["required"])
    return mixed


def test_the_committed_tree_is_current_wherever_the_script_is_started(tmp_path: Path) -> None:
    """No activated environment, a foreign folder, and settings that would change the tools' output."""
    hostile = {"PATH": "", "RUFF_OUTPUT_FORMAT": "json", "RUFF_CONFIG": "gone.toml", "PYTHONHASHSEED": "7"}
    (tmp_path / "ruff.toml").write_text("line-length = 40\n", encoding="utf-8")
    temporary = {"TMPDIR": str(tmp_path)} | ({"HOME": os.environ["HOME"]} if "HOME" in os.environ else {})
    command = [sys.executable, str(SCRIPT), "--check"]
    run = subprocess.run(command, cwd=tmp_path, env=hostile | temporary, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert [path.name for path in tmp_path.iterdir()] == ["ruff.toml"]


def test_check_names_what_is_edited_missing_or_extra_and_generating_repairs_it(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = project / "generated" / COMMITTED.name / "mirelo_v2"
    before = files(project)
    with (package / "limits.py").open("a", encoding="utf-8") as edited:
        edited.write("\n")
    (package / "models" / "me.py").unlink()
    (package / "api" / "stale.py").touch()
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "limits.cpython-311.pyc").touch()
    spoilt = files(project)

    assert generate.main(["--check"], project) == 1
    output = capsys.readouterr()
    assert output.out.splitlines() == [
        "extra: generated/mirelo_ergo_api/mirelo_v2/api/stale.py",
        "differs: generated/mirelo_ergo_api/mirelo_v2/limits.py",
        "missing: generated/mirelo_ergo_api/mirelo_v2/models/me.py",
    ]
    assert "make generate" in output.err
    assert files(project) == spoilt

    assert generate.main([], project) == 0
    assert capsys.readouterr().out.splitlines() == [
        "removed: generated/mirelo_ergo_api/mirelo_v2/api/stale.py",
        "written: generated/mirelo_ergo_api/mirelo_v2/limits.py",
        "written: generated/mirelo_ergo_api/mirelo_v2/models/me.py",
    ]
    assert files(project) == before


@pytest.mark.parametrize("change", ["edited", "missing", "extra", "empty"])
def test_compare_sees_one_change_alone(project: Path, change: str) -> None:
    tree = project / "generated" / COMMITTED.name
    copy = Path(shutil.copytree(tree, project / "copy" / COMMITTED.name))
    victim = copy / "mirelo_v2" / "client.py"
    assert generate.compare(tree, copy) == []
    match change:
        case "edited":
            victim.write_bytes(victim.read_bytes().replace(b"\n", b"\r\n", 1))
        case "missing":
            victim.unlink()
        case "extra":
            shutil.copy(victim, copy / "client.py")
        case "empty":
            (copy / "py.typed").write_bytes(b"\n")
    assert len(generate.compare(tree, copy)) == 1


def test_compare_names_every_file_of_a_tree_that_is_not_there(tmp_path: Path) -> None:
    differences = generate.compare(COMMITTED, tmp_path / "gone")
    assert ("py.typed", "missing") in differences
    assert len(differences) > 40


def test_the_inlined_spec_in_another_order_gives_the_same_bytes(project: Path) -> None:
    """One full run for both, since the text that goes to the generator has to be the same anyway."""
    path = project / "openapi" / "mirelo-v2.yaml"
    named = load(path)
    inlined = inline_document(named)
    assert "schemas" not in inlined["components"]
    assert '"$ref"' not in canonical(inlined)
    mixed = shuffled(inlined, random.Random(5))
    assert list(mixed) != list(inlined)
    path.write_text(dump(mixed, width=30, indent=7), encoding="utf-8")
    built = project / "built"
    generate.build(project / "openapi", built)
    assert generate.compare(built, project / "generated" / COMMITTED.name) == []


@pytest.mark.parametrize("seed", range(3))
def test_order_and_layout_of_the_yaml_do_not_reach_the_generator(project: Path, seed: int) -> None:
    path, overlay = project / "openapi" / "mirelo-v2.yaml", project / "openapi" / "overlays" / "mirelo-v2.yaml"
    before = canonical(generate.prepare(path, overlay))
    named = load(path)
    mixed = shuffled(named, random.Random(seed))
    path.write_text(
        dump(mixed, width=40 + 40 * seed, indent=2 + seed, default_flow_style=seed == 1),
        encoding="utf-8",
    )
    assert canonical(generate.prepare(path, overlay)) == before


def test_without_its_table_the_inlined_spec_is_refused(project: Path) -> None:
    spec = inline_document(load(project / "openapi" / "mirelo-v2.yaml"))
    overlay = load_overlay(project / "openapi" / "overlays" / "mirelo-v2.yaml")
    unions = ("VideoSource", "AudioSource", "JobStatus")
    alike = ("VideoSourceAsset", "AudioSourceAsset")  # of one shape, so that each would get the other's name
    classes = {at: name for at, name in overlay.names.items() if name not in (*unions, *alike)}
    assert len(classes) == 38
    shapes = {canonical(_shape(find(spec, pointer), pointer)) for pointer in classes}
    assert len(shapes) == len(classes), "none of them gets the name of another place, so all can be tried at once"
    with pytest.raises(NamingError, match="has no name; add it to `names` in the overlay") as caught:
        normalise(spec, Overlay({at: name for at, name in overlay.names.items() if at not in classes}, ()))
    assert {at for places in caught.value.unnamed for at in places} >= classes.keys()


def texts(value: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Yield each description and summary with its pointer."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if key in ("description", "summary") and isinstance(item, str):
            yield f"{pointer}/{key}", item
        else:
            yield from texts(item, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}")


def code(module: bytes) -> str:
    """Return a module's code without its docstrings."""
    tree = ast.parse(module)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [
                line
                for line in node.body
                if not (
                    isinstance(line, ast.Expr)
                    and isinstance(line.value, ast.Constant)
                    and isinstance(line.value.value, str)
                )
            ]
    return ast.dump(tree)


def test_text_that_is_let_through_stays_in_docstrings(tmp_path: Path) -> None:
    """The worst text that passes the checks changes no line of code."""
    worst = (
        "{{ 7 * 7 }} {% raw %} {0} %s '''; import os; os.abort() # noqa\n\nimport os\n\"\"\n        os.abort()\n"
        + "x" * 200
        + '" "" f"{1}" é 音 """'.replace('"""', '"" "')
        + ' ends with a quote"'
    )
    spec = changed(PARAMETER + "/description", "dry", changed(BODY + "/properties/loop/description", "loop"))
    hostile = spec
    for pointer, _ in texts(spec):
        hostile = changed(pointer, worst, hostile)
    hostile = changed(BODY + "/properties/loop/example", worst, hostile)
    hostile = changed("/info/title", worst, hostile)
    plain, attacked = tmp_path / "plain", tmp_path / "attacked"
    generate.build_service(prepared(tmp_path, spec), plain)
    generate.build_service(prepared(tmp_path, hostile), attacked)
    before, after = files(plain), files(attacked)
    assert before.keys() == after.keys()
    assert b"os.abort()" in after["models/sound_request.py"]
    modules = [name for name in before if name.endswith(".py") and name != "limits.py"]
    assert [name for name in modules if code(before[name]) != code(after[name])] == []
    before_limits, after_limits = ((tree["limits.py"].decode().splitlines()) for tree in (before, after))
    changes = [old for old, new in zip(before_limits, after_limits, strict=True) if old != new]
    assert [line.partition(" ")[0] for line in changes] == ["SPEC_SHA256:"]


def test_what_the_generator_would_only_warn_about_is_an_error(tmp_path: Path) -> None:
    """It drops the operation, says so, and would exit with 0."""
    document = prepared(tmp_path, inlined_spec())
    document["paths"]["/v1/sounds/{id}"] = {
        "get": {"operationId": "getSound", "tags": ["Sounds"], "responses": {"204": {"description": "Nothing."}}}
    }
    with pytest.raises(GenerationError, match=r"(?s)openapi-python-client failed.*Incorrect path templating"):
        generate.build_service(document, tmp_path / "package")


def test_code_that_does_not_compile_is_an_error(tmp_path: Path) -> None:
    """The generator gives the body the same name."""
    document = prepared(tmp_path, changed(PARAMETER + "/name", "body"))
    with pytest.raises(GenerationError, match=r"does not compile: duplicate argument 'body'"):
        generate.build_service(document, tmp_path / "package")


def test_code_that_warns_is_an_error(tmp_path: Path) -> None:
    module = tmp_path / "package" / "odd.py"
    module.parent.mkdir()
    module.write_text('"""A \\d that warns today and fails in a later Python."""\n', encoding="utf-8")
    with pytest.raises(GenerationError, match=r"does not compile: .*escape"):
        generate.verify(prepared(tmp_path, inlined_spec()), module.parent)


def test_the_tools_see_none_of_the_callers_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RUFF_CONFIG", "PYTHONPATH", "PYTHONHASHSEED", "PYTHONWARNINGS", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, "something")
    script = "import json, os; print(json.dumps(dict(os.environ)))"
    seen = json.loads(generate._run([sys.executable, "-c", script], tmp_path).stdout)
    assert seen.keys() <= {"HOME", "SYSTEMROOT", "TMPDIR", "PATH", "PYTHONHASHSEED", "PYTHONUTF8", "LC_CTYPE"}
    assert seen["PYTHONHASHSEED"] == "0"
    assert seen["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)


def test_an_operation_without_its_endpoint_is_an_error(tmp_path: Path) -> None:
    document = prepared(tmp_path, inlined_spec())
    endpoint = tmp_path / "package" / "api" / "sounds" / "make_sound.py"
    endpoint.parent.mkdir(parents=True)
    with pytest.raises(GenerationError, match=r"look at sounds/make_sound\.py"):
        generate.verify(document, tmp_path / "package")
    endpoint.write_text("def sync() -> None: ...\n", encoding="utf-8")
    with pytest.raises(GenerationError, match=r"look at sounds/make_sound\.py"):
        generate.verify(document, tmp_path / "package")
    endpoint.write_text("def _get_kwargs() -> None: ...\n", encoding="utf-8")
    generate.verify(document, tmp_path / "package")
    (endpoint.parent / "more.py").write_text("def _get_kwargs() -> None: ...\n", encoding="utf-8")
    with pytest.raises(GenerationError, match=r"look at sounds/more\.py"):
        generate.verify(document, tmp_path / "package")


@pytest.mark.parametrize(("tool", "name"), [("GENERATOR", "openapi-python-client"), ("RUFF", "ruff")])
def test_another_version_of_a_tool_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tool: str, name: str
) -> None:
    monkeypatch.setattr(generate, tool, "0.0.1")
    assert generate.main([], project) == 1
    error = capsys.readouterr().err
    assert name in error
    assert "not 0.0.1" in error


def test_a_missing_tool_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "_TOOLS", tmp_path)
    with pytest.raises(GenerationError, match="ruff is missing"):
        generate.check_tools()


@pytest.mark.parametrize(
    ("specs", "overlays", "message"),
    [
        ([], [], r"has the specs \[\]"),
        (["a"], [], "each needs the other"),
        ([], ["a"], "each needs the other"),
        (["A_b"], ["A_b"], "named by small letters"),
    ],
)
def test_each_spec_has_its_overlay_and_a_plain_name(
    tmp_path: Path, specs: list[str], overlays: list[str], message: str
) -> None:
    (tmp_path / "overlays").mkdir()
    for path in [*[f"{name}.yaml" for name in specs], *[f"overlays/{name}.yaml" for name in overlays]]:
        (tmp_path / path).write_text("{}", encoding="utf-8")
    with pytest.raises(GenerationError, match=message):
        generate.build(tmp_path, tmp_path / "built")


@pytest.mark.parametrize(
    ("pointer", "value", "message"),
    [
        (ANSWER.partition("/content")[0], {"content": {}}, "/200: 'description' is a required property"),
        ("/paths/~1v1~1sounds/post/responses", [], r"/paths/~1v1~1sounds/post/responses: \[\] is not of type 'object'"),
        (BODY, {"$ref": "#/components/schemas/Gone"}, "Gone"),
        (BODY + "/properties", [], r"properties: \[\] is not of type 'object'"),
        (PARAMETER + "/schema/default", "no", f"^{PARAMETER}/schema/default: 'no' is not of type 'boolean'; correct"),
        ("/paths/~1v1~1sounds/post/parameters", [QUERY, {**QUERY, "description": "again"}],
         "^/paths/~1v1~1sounds/post/parameters: Duplicate parameter 'id'; remove one of the two"),
        ("/openapi", "3.1.0", "/openapi: a stored spec is 3.0; `make update-spec`"),
    ],
)  # fmt: skip
def test_an_invalid_spec_is_refused_with_its_place(tmp_path: Path, pointer: str, value: Any, message: str) -> None:
    with pytest.raises(GenerationError, match=message):
        prepared(tmp_path, changed(pointer, value))


def test_a_default_of_a_component_is_named_there() -> None:
    document = changed(BODY, {"$ref": "#/components/schemas/SoundRequest"})
    body = find(inlined_spec(), BODY)
    body["properties"]["length"]["default"] = 10
    document["components"] = {"schemas": {"SoundRequest": body}}
    said = "^/components/schemas/SoundRequest/properties/length/default: 10 is greater than the maximum of 9; correct"
    with pytest.raises(GenerationError, match=said):
        validate(document)


def test_a_refusal_names_the_spec(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "openapi" / "mirelo-v2.yaml").write_text("a: &x [*x]", encoding="utf-8")
    before = files(project)
    assert generate.main([], project) == 1
    assert capsys.readouterr().err.startswith("generate: mirelo-v2.yaml: ")
    assert files(project) == before


def test_a_failed_swap_leaves_the_old_tree(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = project / "generated" / COMMITTED.name
    fresh = project / "fresh"
    shutil.copytree(target, fresh)
    before = files(project)
    rename = Path.rename

    def fail_once(self: Path, to: Path) -> Path:
        if to == target and ".new-" in self.name:
            raise OSError("the disk is gone")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", fail_once)
    with pytest.raises(OSError, match="the disk is gone"):
        generate.swap(fresh, target)
    assert files(project) == before


def test_the_generated_modules_import_without_a_warning() -> None:
    modules = sorted(
        ".".join(path.relative_to(COMMITTED.parent).with_suffix("").parts) for path in COMMITTED.rglob("*.py")
    )
    statement = "; ".join(f"import {module.removesuffix('.__init__')}" for module in modules)
    command = [sys.executable, "-W", "error", "-B", "-c", statement]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert len(modules) > 40
