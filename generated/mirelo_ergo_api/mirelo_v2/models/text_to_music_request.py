from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="TextToMusicRequest")


@_attrs_define
class TextToMusicRequest:
    """Music from a text, model v1.0. No limits of it are published."""

    duration_ms: int
    """ Length of each piece, in milliseconds. """
    prompt: str
    """ What the music is to be like. """
    format_: str | Unset = UNSET
    """ The form of the results; mp3 is known. """
    num_samples: int | Unset = 1
    """ How many pieces to make; each is paid. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        duration_ms = self.duration_ms

        prompt = self.prompt

        format_ = self.format_

        num_samples = self.num_samples

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "duration_ms": duration_ms,
                "prompt": prompt,
            }
        )
        if format_ is not UNSET:
            field_dict["format"] = format_
        if num_samples is not UNSET:
            field_dict["num_samples"] = num_samples

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        duration_ms = d.pop("duration_ms")

        prompt = d.pop("prompt")

        format_ = d.pop("format", UNSET)

        num_samples = d.pop("num_samples", UNSET)

        text_to_music_request = cls(
            duration_ms=duration_ms,
            prompt=prompt,
            format_=format_,
            num_samples=num_samples,
        )

        text_to_music_request.additional_properties = d
        return text_to_music_request

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
