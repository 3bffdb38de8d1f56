from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.list_filter_operator import ListFilterOperator, check_list_filter_operator
from ..types import UNSET, Unset

T = TypeVar("T", bound="ListFilter")


@_attrs_define
class ListFilter:
    """A condition on one field."""

    field: str
    """ The field; the names are not published. """
    operator: ListFilterOperator
    """ How to compare. """
    value: str | Unset = UNSET
    """ What to compare with. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        field = self.field

        operator: str = self.operator

        value = self.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "field": field,
                "operator": operator,
            }
        )
        if value is not UNSET:
            field_dict["value"] = value

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        field = d.pop("field")

        operator = check_list_filter_operator(d.pop("operator"))

        value = d.pop("value", UNSET)

        list_filter = cls(
            field=field,
            operator=operator,
            value=value,
        )

        list_filter.additional_properties = d
        return list_filter

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
