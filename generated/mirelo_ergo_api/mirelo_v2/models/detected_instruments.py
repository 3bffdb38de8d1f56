from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="DetectedInstruments")


@_attrs_define
class DetectedInstruments:
    """The instruments of a sound."""

    recommended_instruments: list[str]
    """ What a transcription should look for. """
    instrument_detection_id: None | str | Unset = UNSET
    """ An id to name in the transcription. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        recommended_instruments = self.recommended_instruments

        instrument_detection_id: None | str | Unset
        if isinstance(self.instrument_detection_id, Unset):
            instrument_detection_id = UNSET
        else:
            instrument_detection_id = self.instrument_detection_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "recommended_instruments": recommended_instruments,
            }
        )
        if instrument_detection_id is not UNSET:
            field_dict["instrument_detection_id"] = instrument_detection_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        recommended_instruments = cast(list[str], d.pop("recommended_instruments"))

        def _parse_instrument_detection_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        instrument_detection_id = _parse_instrument_detection_id(
            d.pop("instrument_detection_id", UNSET)
        )

        detected_instruments = cls(
            recommended_instruments=recommended_instruments,
            instrument_detection_id=instrument_detection_id,
        )

        detected_instruments.additional_properties = d
        return detected_instruments

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
