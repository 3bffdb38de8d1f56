from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.audio_source_asset import AudioSourceAsset
    from ..models.audio_source_url import AudioSourceUrl
    from ..models.segment import Segment
    from ..models.video_source_asset import VideoSourceAsset
    from ..models.video_source_url import VideoSourceUrl


T = TypeVar("T", bound="InpaintAudioWithVideoV16Request")


@_attrs_define
class InpaintAudioWithVideoV16Request:
    """A sound with one segment made anew, fitting a video, model v1.6."""

    audio: AudioSourceAsset | AudioSourceUrl
    """ The sound, by URL or by the id of an uploaded asset. """
    segment: Segment
    """ The part of a sound to make anew, 1000 to 8000 milliseconds wide. """
    video: VideoSourceAsset | VideoSourceUrl
    """ The clip, by URL or by the id of an uploaded asset. """
    num_samples: int | Unset = 1
    """ How many variants to generate; the preflight tells what they cost. By analogy with the other families. """
    prompt: str | Unset = UNSET
    """ What should be heard in the segment. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.audio_source_url import AudioSourceUrl  # noqa: PLC0415
        from ..models.video_source_url import VideoSourceUrl  # noqa: PLC0415

        audio: dict[str, Any]
        if isinstance(self.audio, AudioSourceUrl):
            audio = self.audio.to_dict()
        else:
            audio = self.audio.to_dict()

        segment = self.segment.to_dict()

        video: dict[str, Any]
        if isinstance(self.video, VideoSourceUrl):
            video = self.video.to_dict()
        else:
            video = self.video.to_dict()

        num_samples = self.num_samples

        prompt = self.prompt

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "audio": audio,
                "segment": segment,
                "video": video,
            }
        )
        if num_samples is not UNSET:
            field_dict["num_samples"] = num_samples
        if prompt is not UNSET:
            field_dict["prompt"] = prompt

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.audio_source_asset import AudioSourceAsset  # noqa: PLC0415
        from ..models.audio_source_url import AudioSourceUrl  # noqa: PLC0415
        from ..models.segment import Segment  # noqa: PLC0415
        from ..models.video_source_asset import VideoSourceAsset  # noqa: PLC0415
        from ..models.video_source_url import VideoSourceUrl  # noqa: PLC0415

        d = dict(src_dict)

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

        segment = Segment.from_dict(d.pop("segment"))

        def _parse_video(data: object) -> VideoSourceAsset | VideoSourceUrl:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_video_source_type_0 = VideoSourceUrl.from_dict(data)

                return componentsschemas_video_source_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_video_source_type_1 = VideoSourceAsset.from_dict(data)

            return componentsschemas_video_source_type_1

        video = _parse_video(d.pop("video"))

        num_samples = d.pop("num_samples", UNSET)

        prompt = d.pop("prompt", UNSET)

        inpaint_audio_with_video_v16_request = cls(
            audio=audio,
            segment=segment,
            video=video,
            num_samples=num_samples,
            prompt=prompt,
        )

        inpaint_audio_with_video_v16_request.additional_properties = d
        return inpaint_audio_with_video_v16_request

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
