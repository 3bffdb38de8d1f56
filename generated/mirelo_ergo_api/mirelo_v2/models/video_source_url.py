from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.video_source_url_type import (
    VideoSourceUrlType,
    check_video_source_url_type,
)

T = TypeVar("T", bound="VideoSourceUrl")


@_attrs_define
class VideoSourceUrl:
    """A clip that the service fetches itself."""

    type_: VideoSourceUrlType
    """ Says that this is a URL. """
    video_url: str
    """ Where the clip can be read from. The service reads its first 128 KB before it takes a job; an MP4 that keeps
    its index at the end needs a second read. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        type_: str = self.type_

        video_url = self.video_url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "type": type_,
                "video_url": video_url,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        type_ = check_video_source_url_type(d.pop("type"))

        video_url = d.pop("video_url")

        video_source_url = cls(
            type_=type_,
            video_url=video_url,
        )

        video_source_url.additional_properties = d
        return video_source_url

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
