from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.result_file import ResultFile


T = TypeVar("T", bound="VariantFilesType0")


@_attrs_define
class VariantFilesType0:
    """The files of a variant, null where it failed."""

    audio: ResultFile | Unset = UNSET
    """ A file of a result. """
    speech: ResultFile | Unset = UNSET
    """ A file of a result. """
    video: ResultFile | Unset = UNSET
    """ A file of a result. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        audio: dict[str, Any] | Unset = UNSET
        if not isinstance(self.audio, Unset):
            audio = self.audio.to_dict()

        speech: dict[str, Any] | Unset = UNSET
        if not isinstance(self.speech, Unset):
            speech = self.speech.to_dict()

        video: dict[str, Any] | Unset = UNSET
        if not isinstance(self.video, Unset):
            video = self.video.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if audio is not UNSET:
            field_dict["audio"] = audio
        if speech is not UNSET:
            field_dict["speech"] = speech
        if video is not UNSET:
            field_dict["video"] = video

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.result_file import ResultFile  # noqa: PLC0415

        d = dict(src_dict)
        _audio = d.pop("audio", UNSET)
        audio: ResultFile | Unset
        if isinstance(_audio, Unset):
            audio = UNSET
        else:
            audio = ResultFile.from_dict(_audio)

        _speech = d.pop("speech", UNSET)
        speech: ResultFile | Unset
        if isinstance(_speech, Unset):
            speech = UNSET
        else:
            speech = ResultFile.from_dict(_speech)

        _video = d.pop("video", UNSET)
        video: ResultFile | Unset
        if isinstance(_video, Unset):
            video = UNSET
        else:
            video = ResultFile.from_dict(_video)

        variant_files_type_0 = cls(
            audio=audio,
            speech=speech,
            video=video,
        )

        variant_files_type_0.additional_properties = d
        return variant_files_type_0

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
