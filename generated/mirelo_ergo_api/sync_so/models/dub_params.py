from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="DubParams")


@_attrs_define
class DubParams:
    """A translation; the audio inputs are then ignored."""

    target_lang: str
    """ The language to speak. The values are not published. """
    num_speakers: int | Unset = UNSET
    """ How many people speak, 0 (find out) if left out. """
    source_lang: str | Unset = UNSET
    """ The language that is spoken, `auto` if left out. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        target_lang = self.target_lang

        num_speakers = self.num_speakers

        source_lang = self.source_lang

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "targetLang": target_lang,
            }
        )
        if num_speakers is not UNSET:
            field_dict["numSpeakers"] = num_speakers
        if source_lang is not UNSET:
            field_dict["sourceLang"] = source_lang

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        target_lang = d.pop("targetLang")

        num_speakers = d.pop("numSpeakers", UNSET)

        source_lang = d.pop("sourceLang", UNSET)

        dub_params = cls(
            target_lang=target_lang,
            num_speakers=num_speakers,
            source_lang=source_lang,
        )

        dub_params.additional_properties = d
        return dub_params

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
