from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="MmaudioInput")


@_attrs_define
class MmaudioInput:
    """The input of infsh/mmaudio. It states no bounds."""

    prompt: str
    """ What should be heard. """
    cfg_strength: float | Unset = 4.5
    """ How closely to follow the prompt. """
    duration: float | Unset = 8.0
    """ The length in seconds. """
    mask_away_clip: bool | Unset = False
    """ Ignore what the clip shows. """
    negative_prompt: str | Unset = ""
    """ What should not be heard. """
    num_steps: int | Unset = 25
    """ How many steps to take. """
    seed: int | Unset = 42
    """ Makes a run repeatable. """
    video_input: str | Unset = UNSET
    """ A clip to make the sound for, as a URL or an uploaded uri. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        prompt = self.prompt

        cfg_strength = self.cfg_strength

        duration = self.duration

        mask_away_clip = self.mask_away_clip

        negative_prompt = self.negative_prompt

        num_steps = self.num_steps

        seed = self.seed

        video_input = self.video_input

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "prompt": prompt,
            }
        )
        if cfg_strength is not UNSET:
            field_dict["cfg_strength"] = cfg_strength
        if duration is not UNSET:
            field_dict["duration"] = duration
        if mask_away_clip is not UNSET:
            field_dict["mask_away_clip"] = mask_away_clip
        if negative_prompt is not UNSET:
            field_dict["negative_prompt"] = negative_prompt
        if num_steps is not UNSET:
            field_dict["num_steps"] = num_steps
        if seed is not UNSET:
            field_dict["seed"] = seed
        if video_input is not UNSET:
            field_dict["video_input"] = video_input

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        prompt = d.pop("prompt")

        cfg_strength = d.pop("cfg_strength", UNSET)

        duration = d.pop("duration", UNSET)

        mask_away_clip = d.pop("mask_away_clip", UNSET)

        negative_prompt = d.pop("negative_prompt", UNSET)

        num_steps = d.pop("num_steps", UNSET)

        seed = d.pop("seed", UNSET)

        video_input = d.pop("video_input", UNSET)

        mmaudio_input = cls(
            prompt=prompt,
            cfg_strength=cfg_strength,
            duration=duration,
            mask_away_clip=mask_away_clip,
            negative_prompt=negative_prompt,
            num_steps=num_steps,
            seed=seed,
            video_input=video_input,
        )

        mmaudio_input.additional_properties = d
        return mmaudio_input

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
