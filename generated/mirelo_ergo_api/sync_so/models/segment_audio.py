from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="SegmentAudio")


@_attrs_define
class SegmentAudio:
    """An audio input, or a stretch of it."""

    ref_id: str
    """ The `refId` of the audio input. """
    end_time: float | Unset = UNSET
    """ Where in the audio it ends, in seconds. """
    start_time: float | Unset = UNSET
    """ Where in the audio it begins, in seconds; with `endTime` or not at all. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        ref_id = self.ref_id

        end_time = self.end_time

        start_time = self.start_time

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "refId": ref_id,
            }
        )
        if end_time is not UNSET:
            field_dict["endTime"] = end_time
        if start_time is not UNSET:
            field_dict["startTime"] = start_time

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        ref_id = d.pop("refId")

        end_time = d.pop("endTime", UNSET)

        start_time = d.pop("startTime", UNSET)

        segment_audio = cls(
            ref_id=ref_id,
            end_time=end_time,
            start_time=start_time,
        )

        segment_audio.additional_properties = d
        return segment_audio

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
