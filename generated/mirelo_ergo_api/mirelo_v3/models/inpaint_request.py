from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.audio_edit_input import AudioEditInput
    from ..models.output_options import OutputOptions
    from ..models.region import Region


T = TypeVar("T", bound="InpaintRequest")


@_attrs_define
class InpaintRequest:
    """A sound of which one stretch is generated again."""

    input_: AudioEditInput
    """ The sound, and with it a clip and what should be heard. """
    model: str
    """ The model; sfx-1.6, sfx-2.0, or a newer one. """
    num_variants: int
    """ How many variants to generate. """
    region: Region
    """ A stretch of a sound. """
    output: OutputOptions | Unset = UNSET
    """ The form of the results. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        input_ = self.input_.to_dict()

        model = self.model

        num_variants = self.num_variants

        region = self.region.to_dict()

        output: dict[str, Any] | Unset = UNSET
        if not isinstance(self.output, Unset):
            output = self.output.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "input": input_,
                "model": model,
                "num_variants": num_variants,
                "region": region,
            }
        )
        if output is not UNSET:
            field_dict["output"] = output

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.audio_edit_input import AudioEditInput  # noqa: PLC0415
        from ..models.output_options import OutputOptions  # noqa: PLC0415
        from ..models.region import Region  # noqa: PLC0415

        d = dict(src_dict)
        input_ = AudioEditInput.from_dict(d.pop("input"))

        model = d.pop("model")

        num_variants = d.pop("num_variants")

        region = Region.from_dict(d.pop("region"))

        _output = d.pop("output", UNSET)
        output: OutputOptions | Unset
        if isinstance(_output, Unset):
            output = UNSET
        else:
            output = OutputOptions.from_dict(_output)

        inpaint_request = cls(
            input_=input_,
            model=model,
            num_variants=num_variants,
            region=region,
            output=output,
        )

        inpaint_request.additional_properties = d
        return inpaint_request

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
