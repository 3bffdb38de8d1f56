"""Write an OpenAPI 3.1 document as 3.0, which the generator, the limits and the emulator read.

What 3.0 says in other words is said in those: `type: [x, "null"]` and a null beside others become `nullable`, `const`
an enum, `examples` one example, a numeric `exclusiveMinimum` a mark at the minimum, `$defs` components. A `$ref` with
something beside it becomes a union of one. What 3.0 cannot say is kept as `x-limits-…`: generation refuses that in a
request, where it would go unchecked, and an answer is not checked. The rest is refused, with its place.
"""

import re
from typing import Any

from scripts.generation.documents import GenerationError, join

VERSION = "3.0.3"
_DIALECTS = ("https://spec.openapis.org/oas/3.1/dialect/base", "https://json-schema.org/draft/2020-12/schema")
_COMPONENT = "#/components/schemas/"
_BESIDE = {
    "title", "description", "default", "example", "examples", "deprecated", "readOnly", "writeOnly", "nullable",
}  # fmt: skip
_SAME = _BESIDE | {
    "type", "format", "pattern", "required", "discriminator", "externalDocs", "xml", "enum", "uniqueItems",
    "multipleOf", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "minProperties",
    "maxProperties",
}  # fmt: skip
_IGNORED = {"$schema", "$comment", "$defs", "definitions", "contentSchema"}
_REFUSED = ("$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$vocabulary")
_BOUNDS = (("minimum", "exclusiveMinimum", max), ("maximum", "exclusiveMaximum", min))
_OF_TYPE = {
    "string": {"minLength", "maxLength", "pattern", "format"},
    "integer": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format"},
    "array": {"items", "minItems", "maxItems", "uniqueItems"},
    "object": {"properties", "required", "additionalProperties", "minProperties", "maxProperties"},
    "boolean": set[str](),
}
_JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}


def is_31(document: dict[str, Any]) -> bool:
    """Return whether a document says that it is OpenAPI 3.1."""
    return str(document.get("openapi")).startswith("3.1")


def to_30(document: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return a valid 3.1 document as 3.0, and the pointers of the parts that are left out as irrelevant for requests.

    A 3.0 document is returned with its components renamed only.
    """
    if not is_31(document):
        return _Components(document).renamed(), []
    return _Converter(_Components(document).renamed()).document()


class _Components:
    """Renames components to valid class names: `Page_Item_` becomes `PageItem`, `Item-Input` `ItemInput`."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        components = document.get("components", {})
        given = components.get("schemas", {}) if isinstance(components, dict) else {}
        self._names: dict[str, str] = {}
        for name in given if isinstance(given, dict) else ():
            better = _class_name(name)
            first = next((old for old, new in self._names.items() if new == better), None)
            if first is not None:
                raise GenerationError(
                    f"{join('/components/schemas', name)}: as a class it is called {better!r}, as {first!r} is; "
                    "give one of them another name in the file"
                )
            self._names[name] = better

    def renamed(self) -> dict[str, Any]:
        """Return the document with the new names, in references too."""
        if all(name == better for name, better in self._names.items()):
            return self._document
        renamed: dict[str, Any] = self._rename(self._document)
        schemas = renamed["components"]["schemas"]
        renamed["components"]["schemas"] = {self._names[name]: schema for name, schema in schemas.items()}
        return renamed

    def _rename(self, node: Any, parent: str = "") -> Any:
        if isinstance(node, list):
            return [self._rename(item) for item in node]
        if isinstance(node, dict):
            return {
                key: self._target(value)
                if isinstance(value, str) and (key == "$ref" or parent == "mapping")
                else self._rename(value, key)
                for key, value in node.items()
            }
        return node

    def _target(self, reference: str) -> str:
        name, *rest = reference.removeprefix(_COMPONENT).split("/")
        plain = name.replace("~1", "/").replace("~0", "~")
        if plain not in self._names or not reference.startswith((_COMPONENT, name)):
            return reference
        start = _COMPONENT if reference.startswith(_COMPONENT) else ""
        return "/".join([start + self._names[plain], *rest])


class _Converter:
    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._left_out: list[str] = []
        self._schemas: dict[str, Any] = dict(document.get("components", {}).get("schemas", {}))
        self._moved: dict[str, str] = {}
        for name, schema in list(self._schemas.items()):
            self._hoist(schema, join("/components/schemas", name))

    def document(self) -> tuple[dict[str, Any], list[str]]:
        """Return the document as 3.0, and the parts that are left out."""
        dialect = self._document.get("jsonSchemaDialect", _DIALECTS[0])
        if dialect not in _DIALECTS:
            raise GenerationError(f"/jsonSchemaDialect: {dialect!r} is not known here; known is {_DIALECTS[0]}")
        out: dict[str, Any] = {"openapi": VERSION}
        for key, value in self._document.items():
            if key == "webhooks":
                self._left_out.append("/webhooks")
            elif key not in ("openapi", "jsonSchemaDialect", "components"):
                out[key] = self._node(value, join("", key))
        out.setdefault("paths", {})
        components = {key: value for key, value in self._document.get("components", {}).items() if key != "schemas"}
        for key, value in components.items():
            if key == "pathItems":
                self._left_out.append("/components/pathItems")
            else:
                out.setdefault("components", {})[key] = self._node(value, join("/components", key))
        if self._schemas:
            out.setdefault("components", {})["schemas"] = {
                name: self.schema(schema, join("/components/schemas", name)) for name, schema in self._schemas.items()
            }
        self._require_tags(out)
        self._drop_from_info(out)
        return out, self._left_out

    def schema(self, schema: Any, pointer: str) -> dict[str, Any]:
        """Return one schema in the words of 3.0."""
        try:
            return self._schema(schema, pointer)
        except (AttributeError, KeyError, TypeError, ValueError) as trip:
            told = f"one of its keywords holds what it cannot ({type(trip).__name__}: {trip})"
            raise GenerationError(f"{pointer}: this is no JSON Schema, {told[:120]}") from trip

    def _schema(self, schema: Any, pointer: str) -> dict[str, Any]:
        if isinstance(schema, bool):
            if schema:
                return {}
            raise GenerationError(f"{pointer}: false allows no value, which 3.0 cannot say; leave it out of the file")
        for key in _REFUSED:
            if key in schema:
                raise GenerationError(f"{join(pointer, key)}: 3.0 has no {key}; write a $ref to a component instead")
        if "$ref" in schema:
            return self._reference(schema, pointer)
        if _is_null(schema):
            return {"nullable": True, "enum": [None]}
        out = self._keywords(schema, pointer)
        _write_const(out, schema)
        null = [_types_allow_null(out), _enum_allows_null(out)]
        unions = [key for key in ("anyOf", "oneOf", "allOf") if key in out]
        null += [self._write_union(out, key) for key in unions]
        self._write_types(out, pointer)
        if True in null and False not in null:  # it passes all that stands beside each other
            out["nullable"] = True
        _write_bounds(out)
        _write_content(out, schema)
        if isinstance(out.get("default"), list | dict):  # it is what the service does without the field
            out["x-default"] = out.pop("default")
        return out

    def _keywords(self, schema: dict[str, Any], pointer: str) -> dict[str, Any]:
        """Return the keywords that both versions have, with the schemas in them converted."""
        out: dict[str, Any] = {}
        for key, value in schema.items():
            at = join(pointer, key)
            if key in _IGNORED or key in ("const", "contentMediaType", "contentEncoding", "prefixItems"):
                continue
            if key == "examples":
                if value and "example" not in schema:
                    out["example"] = value[0]
            elif key == "properties":
                out[key] = {name: self.schema(inner, join(at, name)) for name, inner in value.items()}
            elif key in ("anyOf", "oneOf", "allOf"):
                out[key] = [self.schema(inner, join(at, index)) for index, inner in enumerate(value)]
            elif key in ("items", "not") or (key == "additionalProperties" and not isinstance(value, bool)):
                if value is not False:  # no more than `prefixItems` has
                    out[key] = self.schema(value, at)
            elif key in _SAME or key in ("additionalProperties", "exclusiveMinimum", "exclusiveMaximum"):
                out[key] = value
            else:
                out[key if key.startswith("x-") else f"x-limits-{key.lstrip('$')}"] = value
        if "prefixItems" in schema:
            self._write_tuple(out, schema, pointer)
        return out

    def _reference(self, schema: dict[str, Any], pointer: str) -> dict[str, Any]:
        """Return a `$ref`, wrapped in a union of one if it has siblings."""
        reference = {"$ref": self._moved.get(schema["$ref"], schema["$ref"])}
        beside = {key: value for key, value in schema.items() if key not in ("$ref", "title", *_IGNORED)}
        for key in beside:
            if key not in _BESIDE and not key.startswith("x-"):
                raise GenerationError(
                    f"{join(pointer, key)}: beside a $ref, 3.0 has no place for it; put it at the target, or write the "
                    "target out"
                )
        return {"oneOf": [reference], **self.schema(beside, pointer)} if beside else reference

    def _write_types(self, out: dict[str, Any], pointer: str) -> None:
        """Write several types as a union."""
        kinds = out.get("type", [])
        if isinstance(kinds, str):
            return
        out.pop("type", None)
        if kinds:
            if "anyOf" in out or "enum" in out:
                raise GenerationError(f"{join(pointer, 'type')}: several types beside other choices; write one anyOf")
            out["anyOf"] = [{"type": kind, **{key: out[key] for key in _OF_TYPE[kind] if key in out}} for kind in kinds]
            for key in set().union(*_OF_TYPE.values()):
                out.pop(key, None)
            for variant in out["anyOf"]:
                _write_bounds(variant)

    def _write_union(self, out: dict[str, Any], key: str) -> bool | None:
        """Simplify a union: remove null, flatten nested unions, and merge a union of one into its parent.

        Return whether null is one of its values, None where that is left to an `allOf`.
        """
        if key == "allOf" and len(out[key]) > 1:
            return None
        variants: list[dict[str, Any]] = []
        null = False
        for variant in out.pop(key):
            null = bool(variant.pop("nullable", False)) or null
            inner = [each for each in ("anyOf", "oneOf") if variant.keys() == {each}]
            if inner and (inner == [key] or len(variant[inner[0]]) == 1):
                variants += variant[inner[0]]
            elif variant.get("enum") != [None]:
                variants.append(variant)
        if not variants:
            out["enum"] = [None]
        elif len(variants) > 1 or (out.keys() & variants[0].keys()) - _BESIDE:
            out[key] = variants
        elif "$ref" in variants[0]:
            out["oneOf" if "oneOf" not in out else key] = variants
        else:
            for name, value in variants[0].items():
                out.setdefault(name, value)
        return null

    def _write_tuple(self, out: dict[str, Any], schema: dict[str, Any], pointer: str) -> None:
        """Write a tuple as a list of its item type, or of any type if an answer has several."""
        at = join(pointer, "prefixItems")
        items = [self.schema(inner, join(at, index)) for index, inner in enumerate(schema["prefixItems"])]
        same = all(_unlabelled(item) == _unlabelled(items[0]) for item in items) and not out.get("items")
        out["items"] = items[0] if same else {}
        if not same:
            out["x-limits-prefixItems"] = schema["prefixItems"]

    def _node(self, node: Any, pointer: str) -> Any:
        """Return a part that is no schema, with the schemas in it converted."""
        if isinstance(node, list):
            return [self._node(item, join(pointer, index)) for index, item in enumerate(node)]
        if not isinstance(node, dict):
            return node
        if isinstance(node.get("$ref"), str):
            if node["$ref"].startswith("#/components/pathItems/"):
                name = node["$ref"].rpartition("/")[2].replace("~1", "/").replace("~0", "~")
                item = self._document.get("components", {}).get("pathItems", {}).get(name)
                if item is None:
                    raise GenerationError(f"{join(pointer, '$ref')}: {node['$ref']!r} leads nowhere")
                return self._node({**item, **{key: node[key] for key in node if key != "$ref"}}, pointer)
            return {"$ref": node["$ref"]}
        out = {}
        for key, value in node.items():
            at = join(pointer, key)
            if key == "schema" and isinstance(value, dict | bool):
                out[key] = self.schema(value, at)
            else:
                out[key] = value if key in ("example", "value") or key.startswith("x-") else self._node(value, at)
        return out

    def _hoist(self, schema: Any, pointer: str) -> None:
        """Make components of the schemas under `$defs`, nested ones included."""
        if not isinstance(schema, dict):
            return
        for key in ("$defs", "definitions"):
            for name, inner in schema.get(key, {}).items() if isinstance(schema.get(key), dict) else ():
                better = _class_name(name)
                if better in self._schemas and self._schemas[better] != inner:
                    raise GenerationError(
                        f"{join(pointer, key, name)}: there is a component {better!r} already; rename one in the file"
                    )
                self._schemas[better] = inner
                self._moved["#" + join(pointer, key, name)] = _COMPONENT + better
                self._hoist(inner, join(pointer, key, name))
        for key, value in schema.items():
            if key == "properties" and isinstance(value, dict):
                for name, inner in value.items():
                    self._hoist(inner, join(pointer, key, name))

    def _require_tags(self, out: dict[str, Any]) -> None:
        """Make a union's discriminating field required in the variants, as 3.0 requires."""
        schemas = out.get("components", {}).get("schemas", {})

        def visit(node: Any) -> None:
            if isinstance(node, list):
                for item in node:
                    visit(item)
            elif isinstance(node, dict):
                tag = node.get("discriminator", {}).get("propertyName") if "oneOf" in node or "anyOf" in node else None
                for variant in [*node.get("oneOf", []), *node.get("anyOf", [])] if tag else ():
                    target = schemas.get(str(variant.get("$ref")).removeprefix(_COMPONENT), variant)
                    if tag in target.get("properties", {}) and tag not in target.get("required", []):
                        target["required"] = [*target.get("required", []), tag]
                for key, value in node.items():
                    if key not in ("example", "value", "enum", "default"):
                        visit(value)

        visit(out)

    def _drop_from_info(self, out: dict[str, Any]) -> None:
        info = dict(out["info"])
        if "summary" in info:
            info.setdefault("description", info["summary"])
            del info["summary"]
        if "identifier" in info.get("license", {}):
            info["license"] = {key: value for key, value in info["license"].items() if key != "identifier"}
        out["info"] = info


def _class_name(name: str) -> str:
    return re.sub(r"(?:^|[^A-Za-z0-9]+)([A-Za-z0-9]|$)", lambda found: found[1].upper(), name)


def _is_null(schema: Any) -> bool:
    """Return whether a schema allows null and nothing else."""
    if not isinstance(schema, dict):
        return False
    if schema.get("type") in ("null", ["null"]):
        return True
    return ("const" in schema and schema["const"] is None) or schema.get("enum") == [None]


def _unlabelled(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key not in ("title", "description")}


def _write_const(out: dict[str, Any], schema: dict[str, Any]) -> None:
    """Write a constant as an enum of one value."""
    if "const" in schema:
        out["enum"] = [schema["const"]]
    kinds = {_JSON_TYPES.get(type(value), "") for value in out.get("enum", []) if value is not None}
    if "type" not in out and len(kinds) == 1 and "" not in kinds:
        out["type"] = [*kinds, *(["null"] if None in out["enum"] else [])]


def _types_allow_null(out: dict[str, Any]) -> bool | None:
    """Take null out of the types; return whether it was there, None without types."""
    if "type" not in out:
        return None
    kinds = [out["type"]] if isinstance(out["type"], str) else out["type"]
    left = [kind for kind in kinds if kind != "null"]
    out["type"] = left[0] if len(left) == 1 else left
    return bool(out.pop("nullable", False)) or left != kinds


def _enum_allows_null(out: dict[str, Any]) -> bool | None:
    """Take null out of the values; return whether it was there, None without values."""
    if "enum" not in out:
        return None
    values, out["enum"] = out["enum"], [value for value in out["enum"] if value is not None]
    return len(values) > len(out["enum"])


def _write_bounds(out: dict[str, Any]) -> None:
    """Write a numeric exclusive bound as a bound and a mark, and an integer's bounds as integers."""
    for name, exclusive, tighter in _BOUNDS:
        excluded = out.pop(exclusive, None)
        if isinstance(excluded, bool):  # converted already, or as 3.0 writes it
            if excluded and name in out:
                out[exclusive] = True
        elif excluded is not None:
            included = out.get(name, excluded)
            out[name] = tighter(included, excluded)
            if included == excluded or tighter(included, excluded) == excluded:
                out[exclusive] = True
        if out.get("type") == "integer" and isinstance(out.get(name), float) and out[name].is_integer():
            out[name] = int(out[name])


def _write_content(out: dict[str, Any], schema: dict[str, Any]) -> None:
    """Write the content of a text as its format."""
    if "contentMediaType" in schema or "contentEncoding" in schema:
        encoded = schema.get("contentEncoding", "").lower() in ("base64", "base64url")
        if encoded or schema.get("contentMediaType") == "application/octet-stream":
            out.setdefault("format", "byte" if encoded else "binary")
