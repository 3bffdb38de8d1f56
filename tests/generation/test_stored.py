"""A stored spec that a vendor's new file is written over: what says the same keeps its text."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from scripts.generation.documents import canonical, find, join, parse, split
from scripts.generation.normalise import inline
from scripts.generation.stored import merge

STORED = """\
# what this is
openapi: "3.0.3"
info: {title: Small, version: "1"}  # ours
paths:
  # the first
  /a:
    post:
      operationId: makeA
      # kept in mind
      requestBody: {$ref: "#/components/requestBodies/Sound"}
      responses:
        "200": {$ref: "#/components/responses/Made"}

  /b:
    get:
      operationId: readB
      description: |-
        Reads.

        # not a comment
      responses:
        "200": {$ref: "#/components/responses/Made"}

# what is shared
components:
  requestBodies:
    Sound:
      content: {application/json: {schema: {$ref: "#/components/schemas/Sound"}}}
  responses:
    Made:
      description: Made.
      content: {application/json: {schema: {$ref: "#/components/schemas/Made"}}}
  schemas:
    Sound:
      type: object
      properties:
        # of a sound
        length: {type: integer}
        made: {$ref: "#/components/schemas/Made"}
    # what comes
    Made:
      type: object
      properties: {id: {type: string}}
# the end
"""
A, B = "/paths/~1a/post", "/paths/~1b/get"
BODY = A + "/requestBody/content/application~1json/schema"
ANSWER = "/responses/200/content/application~1json/schema"
NAMES = {BODY: "Sound", A + ANSWER: "Made"}


def vendors(edits: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """Return the stored spec in the vendor's form, with values set by pointer, or taken away with None."""
    document = inline(parse(STORED.encode(), "stored"))
    for pointer, value in edits.items():
        *parents, last = split(pointer)
        parent = find(document, join("", *parents)) if parents else document
        if value is None:
            del parent[last]
        else:
            parent[last] = value
    return document


def merged(edits: Mapping[str, Any] = MappingProxyType({})) -> str:
    """Return what becomes of a stored text, which must say what the vendor does."""
    document = vendors(edits)
    written = merge(STORED, copy.deepcopy(document), NAMES)
    assert canonical(inline(parse(written.encode(), "written"))) == canonical(inline(document))
    assert merge(written, document, NAMES) == written
    return written


def lines(old: str, new: str) -> tuple[list[str], list[str]]:
    """Return the lines that are gone, and those that came."""
    before, after = old.splitlines(), new.splitlines()
    return [line for line in before if line not in after], [line for line in after if line not in before]


def test_what_says_the_same_is_the_same_text() -> None:
    assert merged() == STORED


def test_a_change_rewrites_the_entry_that_changed_and_nothing_else() -> None:
    new = merged({A + "/operationId": "makeAnother", "/info": {"title": "Small", "version": "2"}})
    assert lines(STORED, new) == (
        ['info: {title: Small, version: "1"}  # ours', "      operationId: makeA"],
        ["info: {title: Small, version: '2'}", "      operationId: makeAnother"],
    )


def test_a_new_operation_shares_what_there_is() -> None:
    operation = vendors()["paths"]["/a"]["post"] | {"operationId": "makeC"}
    gone, came = lines(STORED, merged({"/paths/~1c": {"post": operation}}))
    assert gone == []
    assert came == [
        "  /c:",
        "      operationId: makeC",
        "      requestBody: {$ref: '#/components/requestBodies/Sound'}",
        "        '200': {$ref: '#/components/responses/Made'}",
    ]
    assert "\n\n  /c:\n    post:\n" in merged({"/paths/~1c": {"post": operation}})


def test_what_is_gone_takes_its_comment_and_its_components_along() -> None:
    new = merged({"/paths/~1a": None})
    assert "the first" not in new
    assert "Sound" not in new
    assert "        # not a comment" in new
    assert "# what is shared" in new
    assert new.endswith("# the end\n")


def test_a_shape_that_changes_wherever_it_is_changes_once() -> None:
    shape = {"type": "object", "properties": {"id": {"type": "string"}, "url": {"type": "string"}}}
    edits = {A + ANSWER: shape, B + ANSWER: shape, BODY + "/properties/made": shape}
    gone, came = lines(STORED, merged(edits))
    assert "      properties: {id: {type: string}}" in gone
    assert [line for line in came if "url" in line] == ["        url: {type: string}"]
    assert "    # what comes" not in gone


def test_a_shape_that_changes_in_one_place_stays_as_it_is_elsewhere() -> None:
    shape = {"type": "object", "properties": {"url": {"type": "string"}}}
    new = merged({B + ANSWER: shape})
    assert "properties: {id: {type: string}}" in new
    assert "url: {type: string}" in new.partition("# what is shared")[0]


def test_a_shape_that_the_overlay_names_becomes_a_component() -> None:
    shape = {"type": "object", "properties": {"tempo": {"type": "integer"}}}
    operation = {
        "operationId": "play",
        "requestBody": {"content": {"application/json": {"schema": shape}}},
        "responses": {},
    }
    place = "/paths/~1c/post/requestBody/content/application~1json/schema"
    document = vendors({"/paths/~1c": {"post": operation}})
    new = merge(STORED, document, NAMES | {place: "Piece", "/paths/~1gone": "Gone"})
    assert "schema: {$ref: '#/components/schemas/Piece'}" in new
    assert new.index("    Piece:\n      properties:\n        tempo: {type: integer}\n") > new.index("    Made:")


def test_a_name_of_its_own_wins_over_an_equal_shape() -> None:
    """Where the overlay names a place otherwise than an equal component, a reference to that would be refused."""
    operation = vendors()["paths"]["/a"]["post"] | {"operationId": "play"}
    place = "/paths/~1c/post" + ANSWER
    new = merge(STORED, vendors({"/paths/~1c": {"post": operation}}), NAMES | {place: "Played"})
    assert "$ref: '#/components/schemas/Played'" not in new, "the answer as a whole says the same as Made"
    operation["responses"] = copy.deepcopy(operation["responses"])
    operation["responses"]["200"]["description"] = "Played."
    new = merge(STORED, vendors({"/paths/~1c": {"post": operation}}), NAMES | {place: "Played"})
    assert "$ref: '#/components/schemas/Played'" in new
    assert "    Played:" in new


@pytest.mark.parametrize(
    "text",
    [
        '{"openapi": "3.0.3", "info": {"title": "Small", "version": "1"}, "paths": {}}',
        "openapi: 3.0.3\ninfo: &about {title: Small, version: '1'}\nx-more: *about\npaths: {}\n",
    ],
)
def test_what_is_not_laid_out_in_lines_is_written_as_a_whole(text: str) -> None:
    document = vendors()
    written = merge(text, document, NAMES)
    assert canonical(inline(parse(written.encode(), "written"))) == canonical(inline(document))


LISTS = """\
openapi: 3.0.3
info: {title: Small, version: '1'}
tags:
# of sound
- {name: Sounds, description: Made of text.}

# of music
- name: Music
  # in words
  description: Of instruments.
  x-order: 2
- name: Old
paths:
  /a:
    get:
      operationId: readA
      tags:
      - Sounds  # here first
      # and there
      - Music
      parameters:
        # the key
        - name: key
          in: query
          schema: {type: string}
        - {name: last, in: query, schema: {type: string}}  # a page
      responses: {'200': {description: Read.}}
"""


def test_a_list_keeps_the_lines_of_what_says_the_same() -> None:
    document = parse(LISTS.encode(), "stored")
    operation = document["paths"]["/a"]["get"]
    document["tags"] = [{"name": "New"}, document["tags"][0], {"name": "Music", "description": "Of two."}]
    operation["tags"] = ["More: of it", "Music", "Sounds"]
    operation["parameters"][0]["schema"]["maxLength"] = 9
    operation["parameters"].append({"name": "first", "in": "query", "schema": {"type": "string"}})
    written = merge(LISTS, document, {})
    assert parse(written.encode(), "written") == document
    assert merge(written, document, {}) == written
    gone, came = lines(LISTS, written)
    assert gone == ["  description: Of instruments.", "  x-order: 2", "- name: Old"]
    assert came == [
        "- {name: New}",
        "  description: Of two.",
        "      - 'More: of it'",
        "          schema: {maxLength: 9, type: string}",
        "        - in: query",
        "          name: first",
    ]


def test_required_fields_keep_the_order_that_they_had() -> None:
    body = "          schema:\n            required:\n            # at once\n            - b\n            - a  # last\n"
    stored = LISTS.replace("          schema: {type: string}\n", body)
    document = parse(stored.encode(), "stored")
    document["paths"]["/a"]["get"]["parameters"][0]["schema"]["required"] = ["a", "c", "b"]
    assert lines(stored, merge(stored, document, {})) == ([], ["            - c"])


def test_security_schemes_are_the_vendors() -> None:
    scheme = {"bearerAuth": {"type": "http", "scheme": "bearer"}}
    new = merged({"/components/securitySchemes": scheme})
    assert lines(STORED, new) == ([], ["  securitySchemes:", "    bearerAuth: {scheme: bearer, type: http}"])


def test_parameters_are_shared_and_examples_are_data() -> None:
    parameter = {"name": "id", "in": "query", "schema": {"type": "string"}, "example": {"a": 1}}
    stored = STORED.replace(
        "      operationId: readB\n",
        '      operationId: readB\n      parameters: [{$ref: "#/components/parameters/Id"}]\n',
    ).replace(
        "  requestBodies:\n",
        "  parameters:\n    Id: {name: id, in: query, schema: {type: string}, example: {a: 1}}\n  requestBodies:\n",
    )
    document = inline(parse(stored.encode(), "stored"))
    document["paths"]["/b"]["get"]["description"] = "Reads again."
    assert document["paths"]["/b"]["get"]["parameters"] == [parameter]
    gone, came = lines(stored, merge(stored, document, NAMES))
    assert came == ["      description: Reads again."]
    assert gone == ["      description: |-", "        Reads.", "        # not a comment"]
