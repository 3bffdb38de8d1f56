from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="TextToSfxV16Request")


@_attrs_define
class TextToSfxV16Request:
    """Sound effects from a text, model v1.6."""

    prompt: str
    """ What should be heard, in 1 to 5000 characters. """
    duration_ms: int | Unset = 60000
    """ Length of each sample, in milliseconds; at least 3000 with loop. """
    loop: bool | Unset = False
    """ Make the end run into the beginning, so that the sound can be repeated without a seam. """
    num_samples: int | Unset = 1
    """ How many variants to generate; the preflight tells what they cost. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        prompt = self.prompt

        duration_ms = self.duration_ms

        loop = self.loop

        num_samples = self.num_samples

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "prompt": prompt,
            }
        )
        if duration_ms is not UNSET:
            field_dict["duration_ms"] = duration_ms
        if loop is not UNSET:
            field_dict["loop"] = loop
        if num_samples is not UNSET:
            field_dict["num_samples"] = num_samples

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        prompt = d.pop("prompt")

        duration_ms = d.pop("duration_ms", UNSET)

        loop = d.pop("loop", UNSET)

        num_samples = d.pop("num_samples", UNSET)

        text_to_sfx_v16_request = cls(
            prompt=prompt,
            duration_ms=duration_ms,
            loop=loop,
            num_samples=num_samples,
        )

        text_to_sfx_v16_request.additional_properties = d
        return text_to_sfx_v16_request

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
