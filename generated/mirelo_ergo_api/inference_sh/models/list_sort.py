from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.list_sort_dir import ListSortDir, check_list_sort_dir
from ..types import UNSET, Unset

T = TypeVar("T", bound="ListSort")


@_attrs_define
class ListSort:
    """The order of one field."""

    field: str
    """ The field. """
    dir_: ListSortDir | Unset = UNSET
    """ Up or down. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        field = self.field

        dir_: str | Unset = UNSET
        if not isinstance(self.dir_, Unset):
            dir_ = self.dir_

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "field": field,
            }
        )
        if dir_ is not UNSET:
            field_dict["dir"] = dir_

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        field = d.pop("field")

        _dir_ = d.pop("dir", UNSET)
        dir_: ListSortDir | Unset
        if isinstance(_dir_, Unset):
            dir_ = UNSET
        else:
            dir_ = check_list_sort_dir(_dir_)

        list_sort = cls(
            field=field,
            dir_=dir_,
        )

        list_sort.additional_properties = d
        return list_sort

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
