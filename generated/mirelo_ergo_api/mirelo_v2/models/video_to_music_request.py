from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.video_source_asset import VideoSourceAsset


T = TypeVar("T", bound="VideoToMusicRequest")


@_attrs_define
class VideoToMusicRequest:
    """Music for a video, model v1.0. No limits of it are published."""

    duration_ms: int
    """ Length of each piece, in milliseconds. """
    video: VideoSourceAsset
    """ A clip that was uploaded in the last 24 hours. """
    format_: str | Unset = UNSET
    """ The form of the results; mp3 is known. """
    num_samples: int | Unset = 1
    """ How many pieces to make; each is paid. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        duration_ms = self.duration_ms

        video = self.video.to_dict()

        format_ = self.format_

        num_samples = self.num_samples

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "duration_ms": duration_ms,
                "video": video,
            }
        )
        if format_ is not UNSET:
            field_dict["format"] = format_
        if num_samples is not UNSET:
            field_dict["num_samples"] = num_samples

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.video_source_asset import VideoSourceAsset  # noqa: PLC0415

        d = dict(src_dict)
        duration_ms = d.pop("duration_ms")

        video = VideoSourceAsset.from_dict(d.pop("video"))

        format_ = d.pop("format", UNSET)

        num_samples = d.pop("num_samples", UNSET)

        video_to_music_request = cls(
            duration_ms=duration_ms,
            video=video,
            format_=format_,
            num_samples=num_samples,
        )

        video_to_music_request.additional_properties = d
        return video_to_music_request

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
