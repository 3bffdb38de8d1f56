from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.audio_source_url_type import (
    AudioSourceUrlType,
    check_audio_source_url_type,
)

T = TypeVar("T", bound="AudioSourceUrl")


@_attrs_define
class AudioSourceUrl:
    """A sound that the service fetches itself."""

    audio_url: str
    """ Where the sound can be read from, ten minutes at most. """
    type_: AudioSourceUrlType
    """ Says that this is a URL. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        audio_url = self.audio_url

        type_: str = self.type_

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "audio_url": audio_url,
                "type": type_,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        audio_url = d.pop("audio_url")

        type_ = check_audio_source_url_type(d.pop("type"))

        audio_source_url = cls(
            audio_url=audio_url,
            type_=type_,
        )

        audio_source_url.additional_properties = d
        return audio_source_url

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
