from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="VideoToVideoRequest")


@_attrs_define
class VideoToVideoRequest:
    """A video with a sound made for it, SFX 1.6."""

    video_url: str
    """ Where the clip can be read from; MP4, MOV, WEBM, M4V or GIF. """
    duration: float | Unset = 10.0
    """ Length of the sound, in seconds. Over 10, it is made in a sliding window. """
    num_samples: int | Unset = 1
    """ How many variants to generate, each a video. """
    seed: int | Unset = UNSET
    """ Makes a generation repeatable; -1, or none, is random. """
    text_prompt: str | Unset = UNSET
    """ What should be heard, beside what the clip shows. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        video_url = self.video_url

        duration = self.duration

        num_samples = self.num_samples

        seed = self.seed

        text_prompt = self.text_prompt

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "video_url": video_url,
            }
        )
        if duration is not UNSET:
            field_dict["duration"] = duration
        if num_samples is not UNSET:
            field_dict["num_samples"] = num_samples
        if seed is not UNSET:
            field_dict["seed"] = seed
        if text_prompt is not UNSET:
            field_dict["text_prompt"] = text_prompt

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        video_url = d.pop("video_url")

        duration = d.pop("duration", UNSET)

        num_samples = d.pop("num_samples", UNSET)

        seed = d.pop("seed", UNSET)

        text_prompt = d.pop("text_prompt", UNSET)

        video_to_video_request = cls(
            video_url=video_url,
            duration=duration,
            num_samples=num_samples,
            seed=seed,
            text_prompt=text_prompt,
        )

        video_to_video_request.additional_properties = d
        return video_to_video_request

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
