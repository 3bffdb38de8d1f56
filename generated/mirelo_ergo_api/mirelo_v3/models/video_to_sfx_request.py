from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.output_options import OutputOptions
    from ..models.speech_controls import SpeechControls
    from ..models.video_input import VideoInput


T = TypeVar("T", bound="VideoToSfxRequest")


@_attrs_define
class VideoToSfxRequest:
    """Sound effects for a video."""

    duration_ms: int
    """ Length of the sound in ms. """
    input_: VideoInput
    """ The clip, and what should be heard beside what it shows. """
    model: str
    """ The model; sfx-1.6, sfx-2.0, or a newer one. """
    num_variants: int
    """ How many variants to generate. """
    controls: SpeechControls | Unset = UNSET
    """ How the sound is to be. """
    output: OutputOptions | Unset = UNSET
    """ The form of the results. """
    start_offset_ms: int | Unset = 0
    """ Where in the clip the sound begins in ms. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        duration_ms = self.duration_ms

        input_ = self.input_.to_dict()

        model = self.model

        num_variants = self.num_variants

        controls: dict[str, Any] | Unset = UNSET
        if not isinstance(self.controls, Unset):
            controls = self.controls.to_dict()

        output: dict[str, Any] | Unset = UNSET
        if not isinstance(self.output, Unset):
            output = self.output.to_dict()

        start_offset_ms = self.start_offset_ms

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "duration_ms": duration_ms,
                "input": input_,
                "model": model,
                "num_variants": num_variants,
            }
        )
        if controls is not UNSET:
            field_dict["controls"] = controls
        if output is not UNSET:
            field_dict["output"] = output
        if start_offset_ms is not UNSET:
            field_dict["start_offset_ms"] = start_offset_ms

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.output_options import OutputOptions  # noqa: PLC0415
        from ..models.speech_controls import SpeechControls  # noqa: PLC0415
        from ..models.video_input import VideoInput  # noqa: PLC0415

        d = dict(src_dict)
        duration_ms = d.pop("duration_ms")

        input_ = VideoInput.from_dict(d.pop("input"))

        model = d.pop("model")

        num_variants = d.pop("num_variants")

        _controls = d.pop("controls", UNSET)
        controls: SpeechControls | Unset
        if isinstance(_controls, Unset):
            controls = UNSET
        else:
            controls = SpeechControls.from_dict(_controls)

        _output = d.pop("output", UNSET)
        output: OutputOptions | Unset
        if isinstance(_output, Unset):
            output = UNSET
        else:
            output = OutputOptions.from_dict(_output)

        start_offset_ms = d.pop("start_offset_ms", UNSET)

        video_to_sfx_request = cls(
            duration_ms=duration_ms,
            input_=input_,
            model=model,
            num_variants=num_variants,
            controls=controls,
            output=output,
            start_offset_ms=start_offset_ms,
        )

        video_to_sfx_request.additional_properties = d
        return video_to_sfx_request

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
