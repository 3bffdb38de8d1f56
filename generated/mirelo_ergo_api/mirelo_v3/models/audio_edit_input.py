from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.asset_ref import AssetRef


T = TypeVar("T", bound="AudioEditInput")


@_attrs_define
class AudioEditInput:
    """The sound, and with it a clip and what should be heard."""

    audio: AssetRef
    """ An uploaded file. """
    prompt: str | Unset = UNSET
    """ What should be heard. """
    video: AssetRef | Unset = UNSET
    """ An uploaded file. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        audio = self.audio.to_dict()

        prompt = self.prompt

        video: dict[str, Any] | Unset = UNSET
        if not isinstance(self.video, Unset):
            video = self.video.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "audio": audio,
            }
        )
        if prompt is not UNSET:
            field_dict["prompt"] = prompt
        if video is not UNSET:
            field_dict["video"] = video

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.asset_ref import AssetRef  # noqa: PLC0415

        d = dict(src_dict)
        audio = AssetRef.from_dict(d.pop("audio"))

        prompt = d.pop("prompt", UNSET)

        _video = d.pop("video", UNSET)
        video: AssetRef | Unset
        if isinstance(_video, Unset):
            video = UNSET
        else:
            video = AssetRef.from_dict(_video)

        audio_edit_input = cls(
            audio=audio,
            prompt=prompt,
            video=video,
        )

        audio_edit_input.additional_properties = d
        return audio_edit_input

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
