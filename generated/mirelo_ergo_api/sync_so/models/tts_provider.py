from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.tts_provider_name import TtsProviderName, check_tts_provider_name
from ..types import UNSET, Unset

T = TypeVar("T", bound="TtsProvider")


@_attrs_define
class TtsProvider:
    """The synthetic voice, and what it says."""

    name: TtsProviderName
    """ The provider. """
    script: str
    """ What it says. """
    voice_id: str
    """ The provider's id of the voice. """
    similarity_boost: float | Unset = UNSET
    """ How close it keeps to the voice; the range is not published. """
    stability: float | Unset = UNSET
    """ How even the voice is; the range is not published. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        name: str = self.name

        script = self.script

        voice_id = self.voice_id

        similarity_boost = self.similarity_boost

        stability = self.stability

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "name": name,
                "script": script,
                "voiceId": voice_id,
            }
        )
        if similarity_boost is not UNSET:
            field_dict["similarityBoost"] = similarity_boost
        if stability is not UNSET:
            field_dict["stability"] = stability

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = check_tts_provider_name(d.pop("name"))

        script = d.pop("script")

        voice_id = d.pop("voiceId")

        similarity_boost = d.pop("similarityBoost", UNSET)

        stability = d.pop("stability", UNSET)

        tts_provider = cls(
            name=name,
            script=script,
            voice_id=voice_id,
            similarity_boost=similarity_boost,
            stability=stability,
        )

        tts_provider.additional_properties = d
        return tts_provider

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
