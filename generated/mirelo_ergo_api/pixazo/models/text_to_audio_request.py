from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.text_to_audio_request_upload_audio_format import (
    TextToAudioRequestUploadAudioFormat,
    check_text_to_audio_request_upload_audio_format,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="TextToAudioRequest")


@_attrs_define
class TextToAudioRequest:
    """A sound from a text, SFX 1.6."""

    text_prompt: str
    """ What should be heard, in at least 4 characters. """
    ambience: bool | Unset = False
    """ Make a tile whose end runs into its beginning, so that it can be repeated without a seam. """
    double_output: bool | Unset = False
    """ With `ambience`, give the loop twice over. """
    duration: float | Unset = 10.0
    """ Length of the sound, in seconds. """
    num_samples: int | Unset = 1
    """ How many variants to generate. """
    seed: int | Unset = UNSET
    """ Makes a generation repeatable; -1, or none, is random. """
    upload_audio_format: TextToAudioRequestUploadAudioFormat | Unset = "wav"
    """ The format of the results. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        text_prompt = self.text_prompt

        ambience = self.ambience

        double_output = self.double_output

        duration = self.duration

        num_samples = self.num_samples

        seed = self.seed

        upload_audio_format: str | Unset = UNSET
        if not isinstance(self.upload_audio_format, Unset):
            upload_audio_format = self.upload_audio_format

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "text_prompt": text_prompt,
            }
        )
        if ambience is not UNSET:
            field_dict["ambience"] = ambience
        if double_output is not UNSET:
            field_dict["double_output"] = double_output
        if duration is not UNSET:
            field_dict["duration"] = duration
        if num_samples is not UNSET:
            field_dict["num_samples"] = num_samples
        if seed is not UNSET:
            field_dict["seed"] = seed
        if upload_audio_format is not UNSET:
            field_dict["upload_audio_format"] = upload_audio_format

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        text_prompt = d.pop("text_prompt")

        ambience = d.pop("ambience", UNSET)

        double_output = d.pop("double_output", UNSET)

        duration = d.pop("duration", UNSET)

        num_samples = d.pop("num_samples", UNSET)

        seed = d.pop("seed", UNSET)

        _upload_audio_format = d.pop("upload_audio_format", UNSET)
        upload_audio_format: TextToAudioRequestUploadAudioFormat | Unset
        if isinstance(_upload_audio_format, Unset):
            upload_audio_format = UNSET
        else:
            upload_audio_format = check_text_to_audio_request_upload_audio_format(
                _upload_audio_format
            )

        text_to_audio_request = cls(
            text_prompt=text_prompt,
            ambience=ambience,
            double_output=double_output,
            duration=duration,
            num_samples=num_samples,
            seed=seed,
            upload_audio_format=upload_audio_format,
        )

        text_to_audio_request.additional_properties = d
        return text_to_audio_request

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
