from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.audio_source_asset import AudioSourceAsset
    from ..models.audio_source_url import AudioSourceUrl


T = TypeVar("T", bound="ExtendAudioV16Request")


@_attrs_define
class ExtendAudioV16Request:
    """A sound and what follows it, model v1.6."""

    append_duration_ms: int
    """ Length of what is appended, in milliseconds. The sound before it has to last 3000 at least. With loop, at
    least 2000 are appended, and both together have 5000 to 60000. """
    audio: AudioSourceAsset | AudioSourceUrl
    """ The sound, by URL or by the id of an uploaded asset. """
    loop: bool | Unset = False
    """ Make the end run into the beginning, so that the sound can be repeated without a seam. """
    num_samples: int | Unset = 1
    """ How many variants to generate; the preflight tells what they cost. By analogy with the other families. """
    prompt: str | Unset = UNSET
    """ What should be heard in what is appended. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.audio_source_url import AudioSourceUrl  # noqa: PLC0415

        append_duration_ms = self.append_duration_ms

        audio: dict[str, Any]
        if isinstance(self.audio, AudioSourceUrl):
            audio = self.audio.to_dict()
        else:
            audio = self.audio.to_dict()

        loop = self.loop

        num_samples = self.num_samples

        prompt = self.prompt

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "append_duration_ms": append_duration_ms,
                "audio": audio,
            }
        )
        if loop is not UNSET:
            field_dict["loop"] = loop
        if num_samples is not UNSET:
            field_dict["num_samples"] = num_samples
        if prompt is not UNSET:
            field_dict["prompt"] = prompt

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.audio_source_asset import AudioSourceAsset  # noqa: PLC0415
        from ..models.audio_source_url import AudioSourceUrl  # noqa: PLC0415

        d = dict(src_dict)
        append_duration_ms = d.pop("append_duration_ms")

        def _parse_audio(data: object) -> AudioSourceAsset | AudioSourceUrl:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_audio_source_type_0 = AudioSourceUrl.from_dict(data)

                return componentsschemas_audio_source_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_audio_source_type_1 = AudioSourceAsset.from_dict(data)

            return componentsschemas_audio_source_type_1

        audio = _parse_audio(d.pop("audio"))

        loop = d.pop("loop", UNSET)

        num_samples = d.pop("num_samples", UNSET)

        prompt = d.pop("prompt", UNSET)

        extend_audio_v16_request = cls(
            append_duration_ms=append_duration_ms,
            audio=audio,
            loop=loop,
            num_samples=num_samples,
            prompt=prompt,
        )

        extend_audio_v16_request.additional_properties = d
        return extend_audio_v16_request

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
