from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.free_object import FreeObject
    from ..models.segment_audio import SegmentAudio


T = TypeVar("T", bound="Segment")


@_attrs_define
class Segment:
    """A stretch of the video, and the audio that speaks in it."""

    audio_input: SegmentAudio
    """ An audio input, or a stretch of it. """
    end_time: float
    """ Where it ends, in seconds. """
    start_time: float
    """ Where it begins, in seconds. """
    options_override: FreeObject | Unset = UNSET
    """ An object whose fields are not promised. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        audio_input = self.audio_input.to_dict()

        end_time = self.end_time

        start_time = self.start_time

        options_override: dict[str, Any] | Unset = UNSET
        if not isinstance(self.options_override, Unset):
            options_override = self.options_override.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "audioInput": audio_input,
                "endTime": end_time,
                "startTime": start_time,
            }
        )
        if options_override is not UNSET:
            field_dict["optionsOverride"] = options_override

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.free_object import FreeObject  # noqa: PLC0415
        from ..models.segment_audio import SegmentAudio  # noqa: PLC0415

        d = dict(src_dict)
        audio_input = SegmentAudio.from_dict(d.pop("audioInput"))

        end_time = d.pop("endTime")

        start_time = d.pop("startTime")

        _options_override = d.pop("optionsOverride", UNSET)
        options_override: FreeObject | Unset
        if isinstance(_options_override, Unset):
            options_override = UNSET
        else:
            options_override = FreeObject.from_dict(_options_override)

        segment = cls(
            audio_input=audio_input,
            end_time=end_time,
            start_time=start_time,
            options_override=options_override,
        )

        segment.additional_properties = d
        return segment

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
