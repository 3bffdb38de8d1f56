from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.audio_source_asset import AudioSourceAsset


T = TypeVar("T", bound="DetectInstrumentsRequest")


@_attrs_define
class DetectInstrumentsRequest:
    """A sound whose instruments are to be told."""

    audio: AudioSourceAsset
    """ A sound that was uploaded in the last 24 hours. """
    max_credits: int | Unset = UNSET
    """ The most that it may cost; it is free. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        audio = self.audio.to_dict()

        max_credits = self.max_credits

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "audio": audio,
            }
        )
        if max_credits is not UNSET:
            field_dict["max_credits"] = max_credits

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.audio_source_asset import AudioSourceAsset  # noqa: PLC0415

        d = dict(src_dict)
        audio = AudioSourceAsset.from_dict(d.pop("audio"))

        max_credits = d.pop("max_credits", UNSET)

        detect_instruments_request = cls(
            audio=audio,
            max_credits=max_credits,
        )

        detect_instruments_request.additional_properties = d
        return detect_instruments_request

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
