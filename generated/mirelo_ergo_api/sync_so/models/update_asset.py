from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.visibility import Visibility, check_visibility
from ..types import UNSET, Unset

T = TypeVar("T", bound="UpdateAsset")


@_attrs_define
class UpdateAsset:
    """What to change; what is left out stays."""

    duration_seconds: float | Unset = UNSET
    """ Its length in seconds. """
    format_: str | Unset = UNSET
    """ Its format. """
    height: int | Unset = UNSET
    """ Its height in pixels. """
    name: str | Unset = UNSET
    """ Its name. """
    size: int | Unset = UNSET
    """ Its size in bytes. """
    visibility: Visibility | Unset = UNSET
    """ Who sees it. """
    width: int | Unset = UNSET
    """ Its width in pixels. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        duration_seconds = self.duration_seconds

        format_ = self.format_

        height = self.height

        name = self.name

        size = self.size

        visibility: str | Unset = UNSET
        if not isinstance(self.visibility, Unset):
            visibility = self.visibility

        width = self.width

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if duration_seconds is not UNSET:
            field_dict["durationSeconds"] = duration_seconds
        if format_ is not UNSET:
            field_dict["format"] = format_
        if height is not UNSET:
            field_dict["height"] = height
        if name is not UNSET:
            field_dict["name"] = name
        if size is not UNSET:
            field_dict["size"] = size
        if visibility is not UNSET:
            field_dict["visibility"] = visibility
        if width is not UNSET:
            field_dict["width"] = width

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        duration_seconds = d.pop("durationSeconds", UNSET)

        format_ = d.pop("format", UNSET)

        height = d.pop("height", UNSET)

        name = d.pop("name", UNSET)

        size = d.pop("size", UNSET)

        _visibility = d.pop("visibility", UNSET)
        visibility: Visibility | Unset
        if isinstance(_visibility, Unset):
            visibility = UNSET
        else:
            visibility = check_visibility(_visibility)

        width = d.pop("width", UNSET)

        update_asset = cls(
            duration_seconds=duration_seconds,
            format_=format_,
            height=height,
            name=name,
            size=size,
            visibility=visibility,
            width=width,
        )

        update_asset.additional_properties = d
        return update_asset

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
