from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.nullable_object_type_0 import NullableObjectType0


T = TypeVar("T", bound="UploadedAsset")


@_attrs_define
class UploadedAsset:
    """An asset, if there is one."""

    asset: None | NullableObjectType0 | Unset = UNSET
    """ An object whose fields are not promised, or null. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.nullable_object_type_0 import NullableObjectType0  # noqa: PLC0415

        asset: dict[str, Any] | None | Unset
        if isinstance(self.asset, Unset):
            asset = UNSET
        elif isinstance(self.asset, NullableObjectType0):
            asset = self.asset.to_dict()
        else:
            asset = self.asset

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if asset is not UNSET:
            field_dict["asset"] = asset

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.nullable_object_type_0 import NullableObjectType0  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_asset(data: object) -> None | NullableObjectType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_nullable_object_type_0 = (
                    NullableObjectType0.from_dict(data)
                )

                return componentsschemas_nullable_object_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | NullableObjectType0 | Unset, data)

        asset = _parse_asset(d.pop("asset", UNSET))

        uploaded_asset = cls(
            asset=asset,
        )

        uploaded_asset.additional_properties = d
        return uploaded_asset

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
