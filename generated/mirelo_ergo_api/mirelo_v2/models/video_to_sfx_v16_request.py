from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.video_to_sfx_v16_request_output import (
    VideoToSfxV16RequestOutput,
    check_video_to_sfx_v16_request_output,
)
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.video_source_asset import VideoSourceAsset
    from ..models.video_source_url import VideoSourceUrl


T = TypeVar("T", bound="VideoToSfxV16Request")


@_attrs_define
class VideoToSfxV16Request:
    """Sound effects for a video, model v1.6."""

    duration_ms: int
    """ Length of the part to make sound for, in milliseconds; the model makes up to 60000 in one go. The clip has
    to last until start_offset_ms + duration_ms. """
    video: VideoSourceAsset | VideoSourceUrl
    """ The clip, by URL or by the id of an uploaded asset. """
    num_samples: int | Unset = 1
    """ How many variants to generate; the preflight tells what they cost. """
    output: VideoToSfxV16RequestOutput | Unset = "audio"
    """ Audio files alone, or the clip with the generated sound mixed in. """
    prompt: str | Unset = UNSET
    """ What should be heard, beside what the clip shows. """
    start_offset_ms: int | Unset = UNSET
    """ Where in the clip the part begins, in milliseconds. Absent means at the beginning. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.video_source_url import VideoSourceUrl  # noqa: PLC0415

        duration_ms = self.duration_ms

        video: dict[str, Any]
        if isinstance(self.video, VideoSourceUrl):
            video = self.video.to_dict()
        else:
            video = self.video.to_dict()

        num_samples = self.num_samples

        output: str | Unset = UNSET
        if not isinstance(self.output, Unset):
            output = self.output

        prompt = self.prompt

        start_offset_ms = self.start_offset_ms

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "duration_ms": duration_ms,
                "video": video,
            }
        )
        if num_samples is not UNSET:
            field_dict["num_samples"] = num_samples
        if output is not UNSET:
            field_dict["output"] = output
        if prompt is not UNSET:
            field_dict["prompt"] = prompt
        if start_offset_ms is not UNSET:
            field_dict["start_offset_ms"] = start_offset_ms

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.video_source_asset import VideoSourceAsset  # noqa: PLC0415
        from ..models.video_source_url import VideoSourceUrl  # noqa: PLC0415

        d = dict(src_dict)
        duration_ms = d.pop("duration_ms")

        def _parse_video(data: object) -> VideoSourceAsset | VideoSourceUrl:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_video_source_type_0 = VideoSourceUrl.from_dict(data)

                return componentsschemas_video_source_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_video_source_type_1 = VideoSourceAsset.from_dict(data)

            return componentsschemas_video_source_type_1

        video = _parse_video(d.pop("video"))

        num_samples = d.pop("num_samples", UNSET)

        _output = d.pop("output", UNSET)
        output: VideoToSfxV16RequestOutput | Unset
        if isinstance(_output, Unset):
            output = UNSET
        else:
            output = check_video_to_sfx_v16_request_output(_output)

        prompt = d.pop("prompt", UNSET)

        start_offset_ms = d.pop("start_offset_ms", UNSET)

        video_to_sfx_v16_request = cls(
            duration_ms=duration_ms,
            video=video,
            num_samples=num_samples,
            output=output,
            prompt=prompt,
            start_offset_ms=start_offset_ms,
        )

        video_to_sfx_v16_request.additional_properties = d
        return video_to_sfx_v16_request

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
