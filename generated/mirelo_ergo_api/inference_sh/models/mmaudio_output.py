from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.file_ref import FileRef


T = TypeVar("T", bound="MmaudioOutput")


@_attrs_define
class MmaudioOutput:
    """The output of infsh/mmaudio. A file is a URL, or an object with its `uri`."""

    audio_output: FileRef | str
    """ The sound, FLAC. """
    duration: float
    """ The length in seconds. """
    sampling_rate: int
    """ Samples a second. """
    video_output: FileRef | str | Unset = UNSET
    """ The clip with the sound, MP4, if there was a clip. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.file_ref import FileRef  # noqa: PLC0415

        audio_output: dict[str, Any] | str
        if isinstance(self.audio_output, FileRef):
            audio_output = self.audio_output.to_dict()
        else:
            audio_output = self.audio_output

        duration = self.duration

        sampling_rate = self.sampling_rate

        video_output: dict[str, Any] | str | Unset
        if isinstance(self.video_output, Unset):
            video_output = UNSET
        elif isinstance(self.video_output, FileRef):
            video_output = self.video_output.to_dict()
        else:
            video_output = self.video_output

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "audio_output": audio_output,
                "duration": duration,
                "sampling_rate": sampling_rate,
            }
        )
        if video_output is not UNSET:
            field_dict["video_output"] = video_output

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.file_ref import FileRef  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_audio_output(data: object) -> FileRef | str:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                audio_output_type_1 = FileRef.from_dict(data)

                return audio_output_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(FileRef | str, data)

        audio_output = _parse_audio_output(d.pop("audio_output"))

        duration = d.pop("duration")

        sampling_rate = d.pop("sampling_rate")

        def _parse_video_output(data: object) -> FileRef | str | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                video_output_type_1 = FileRef.from_dict(data)

                return video_output_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(FileRef | str | Unset, data)

        video_output = _parse_video_output(d.pop("video_output", UNSET))

        mmaudio_output = cls(
            audio_output=audio_output,
            duration=duration,
            sampling_rate=sampling_rate,
            video_output=video_output,
        )

        mmaudio_output.additional_properties = d
        return mmaudio_output

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
