from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.audio_input_type import AudioInputType, check_audio_input_type
from ..types import UNSET, Unset

T = TypeVar("T", bound="AudioInput")


@_attrs_define
class AudioInput:
    """What is to be said, as a sound."""

    type_: AudioInputType
    """ Says that it is a sound. """
    asset_id: str | Unset = UNSET
    """ The id of an asset. """
    ref_id: str | Unset = UNSET
    """ A name of one's own for `segments`, unique. """
    url: str | Unset = UNSET
    """ A URL that the service fetches. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        type_: str = self.type_

        asset_id = self.asset_id

        ref_id = self.ref_id

        url = self.url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "type": type_,
            }
        )
        if asset_id is not UNSET:
            field_dict["assetId"] = asset_id
        if ref_id is not UNSET:
            field_dict["refId"] = ref_id
        if url is not UNSET:
            field_dict["url"] = url

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        type_ = check_audio_input_type(d.pop("type"))

        asset_id = d.pop("assetId", UNSET)

        ref_id = d.pop("refId", UNSET)

        url = d.pop("url", UNSET)

        audio_input = cls(
            type_=type_,
            asset_id=asset_id,
            ref_id=ref_id,
            url=url,
        )

        audio_input.additional_properties = d
        return audio_input

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
