"""Small specs to mutate, and the inlined form of a spec, made independently of the code under test."""

import copy
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import generate
from scripts.generate import prepare
from scripts.generation.documents import canonical, find, join, split

ROOT = Path(__file__).resolve().parents[2]
SERVICE = "mirelo-v2"
BODY = "/paths/~1v1~1sounds/post/requestBody/content/application~1json/schema"
ANSWER = "/paths/~1v1~1sounds/post/responses/200/content/application~1json/schema"
NAMES = {
    BODY: "SoundRequest",
    BODY + "/properties/source": "Source",
    BODY + "/properties/source/oneOf/0": "SourceUrl",
    BODY + "/properties/source/oneOf/1": "SourceText",
    ANSWER: "Sound",
}


def dump(document: Any, **layout: Any) -> str:
    """Return a document as YAML, its keys in their order; written in C where that is there."""
    return str(yaml.dump(document, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False, **layout))


def copy_one_service(target: Path) -> Path:
    """Copy the specs and the generated tree, of one service: each one that is there is generated every time."""
    others = {path.stem for path in (ROOT / "openapi").glob("*.yaml")} - {SERVICE}
    patterns = [pattern for stem in others for pattern in (f"{stem}.yaml", stem.replace("-", "_"))]
    for part in ("openapi", "generated/mirelo_ergo_api"):
        shutil.copytree(ROOT / part, target / part, ignore=shutil.ignore_patterns("__pycache__", *patterns))
    return target


_PACKAGES: dict[str, dict[str, bytes]] = {}
"""The files of each package that was generated in this process, by its spec."""


def remember_packages(patch: pytest.MonkeyPatch) -> None:
    """Let each package be generated once: its bytes depend on the spec alone, and the generator takes a second."""
    generated = generate.build_service

    def build_service(document: dict[str, Any], package: Path) -> None:
        spec = canonical(document)
        if spec not in _PACKAGES:
            generated(document, package)
            _PACKAGES[spec] = {
                str(path.relative_to(package)): path.read_bytes() for path in package.rglob("*") if path.is_file()
            }
        for name, content in _PACKAGES[spec].items():
            (package / name).parent.mkdir(parents=True, exist_ok=True)
            (package / name).write_bytes(content)

    patch.setattr(generate, "build_service", build_service)


def _variant(tag: str, field: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["type", field],
        "properties": {"type": {"type": "string", "enum": [tag]}, field: {"type": "string", "maxLength": 80}},
    }


def inlined_spec() -> dict[str, Any]:
    """Return a small spec in the form that vendors publish: no component has a name."""
    body = {
        "type": "object",
        "description": "What to make.",
        "required": ["source"],
        "properties": {
            "source": {"oneOf": [_variant("url", "url"), _variant("text", "text")]},
            "length": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3, "description": "In seconds."},
            "loop": {"type": "boolean", "default": False},
        },
    }
    sound = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "string"}, "at": {"type": "string", "nullable": True}},
    }
    operation = {
        "operationId": "makeSound",
        "tags": ["Sounds"],
        "summary": "Make a sound",
        "parameters": [
            {"name": "dry_run", "in": "query", "schema": {"type": "boolean", "default": False}},
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"200": {"description": "Made.", "content": {"application/json": {"schema": sound}}}},
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": "Small", "version": "1"},
        "paths": {"/v1/sounds": {"post": operation}},
    }


CUT = BODY + "/properties/cut"


def with_cut() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the small spec, and its overlay, with an object field in the request."""
    properties = {
        "start": {"type": "integer", "minimum": 1},
        "end": {"type": "integer"},
        "at": {"type": "number"},
        "name": {"type": "string"},
    }
    return changed(CUT, {"type": "object", "properties": properties}), {"names": NAMES | {CUT: "Cut"}}


def changed(pointer: str, value: Any, document: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the small spec (or another document) with one value set."""
    document = copy.deepcopy(document or inlined_spec())
    *parents, last = split(pointer)
    parent = find(document, join("", *parents)) if parents else document
    if isinstance(parent, list):
        parent[int(last)] = value
    else:
        parent[last] = value
    return document


def write(folder: Path, spec: dict[str, Any], overlay: dict[str, Any] | None = None) -> tuple[Path, Path]:
    """Write a spec and its overlay as the folder openapi/ has them."""
    paths = folder / "openapi" / "small.yaml", folder / "openapi" / "overlays" / "small.yaml"
    paths[1].parent.mkdir(parents=True, exist_ok=True)
    for path, document in zip(paths, (spec, overlay or {"names": NAMES}), strict=True):
        path.write_text(dump(document, allow_unicode=True), encoding="utf-8")
    return paths


def prepared(folder: Path, spec: dict[str, Any], overlay: dict[str, Any] | None = None) -> dict[str, Any]:
    """Write a spec and its overlay, and read them as the generation does."""
    return prepare(*write(folder, spec, overlay))


def inline(node: Any, document: dict[str, Any]) -> Any:
    """Replace every reference by its target.

    A discriminator keeps its property and loses its mapping: a mapping's targets are components, which the inlined
    form has none of (OpenAPI 3.0 says that inlined variants are not considered in it).
    """
    if isinstance(node, list):
        return [inline(item, document) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target: Any = document
        for token in node["$ref"].removeprefix("#/").split("/"):
            target = target[token]
        return inline(target, document)
    inlined = {key: inline(value, document) for key, value in node.items()}
    if "discriminator" in inlined:
        inlined["discriminator"].pop("mapping", None)
    return inlined


def inline_document(document: dict[str, Any]) -> dict[str, Any]:
    """Return a spec as vendors publish it: everything inlined, of the components only the security schemes left."""
    inlined: dict[str, Any] = inline({key: document[key] for key in document if key != "components"}, document)
    inlined["components"] = {"securitySchemes": document["components"]["securitySchemes"]}
    return inlined
