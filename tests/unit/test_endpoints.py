"""A request to a generated operation, described as the generated builders do."""

from __future__ import annotations

from typing import Any

import pytest
from mirelo_ergo_api.sync_so import operations as sync_so

from mirelo_ergo import InvalidRequestError
from mirelo_ergo._runtime.api.endpoints import describe


def test_ids_query_headers_and_body_are_carried() -> None:
    assert describe(sync_so.GET_GENERATION, {"id": "a b"}, query={"wait": True, "include": None}) == {
        "method": "GET",
        "url": "/v2/generate/a%20b",
        "params": {"wait": True},
        "headers": {},
    }
    assert describe(sync_so.CREATE_GENERATION, headers={"Idempotency-Key": "k"}, json={"model": "x"}) == {
        "method": "POST",
        "url": "/v2/generate",
        "params": {},
        "headers": {"Idempotency-Key": "k"},
        "json": {"model": "x"},
    }


@pytest.mark.parametrize("value", ["", "..", "a/b", "a\n", 5, None])
def test_what_is_no_id_is_refused(value: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"^id=.*; nothing was sent$") as caught:
        describe(sync_so.GET_GENERATION, {"id": value})
    assert caught.value.field == "id"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"ids": {"id": "a", "other": "b"}},
        {"ids": {"id": "a"}, "query": {"x": 1}},
        {"ids": {"id": "a"}, "headers": {"X": ""}},
    ],
)
def test_a_name_that_the_operation_lacks_is_a_mistake(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^getGeneration "):
        describe(sync_so.GET_GENERATION, **given)
