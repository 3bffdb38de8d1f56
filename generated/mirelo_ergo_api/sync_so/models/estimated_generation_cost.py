from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="EstimatedGenerationCost")


@_attrs_define
class EstimatedGenerationCost:
    """What a generation would take."""

    estimated_frame_count: float
    """ How many frames there are. """
    estimated_generation_cost: float
    """ The price, in US dollars. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        estimated_frame_count = self.estimated_frame_count

        estimated_generation_cost = self.estimated_generation_cost

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "estimatedFrameCount": estimated_frame_count,
                "estimatedGenerationCost": estimated_generation_cost,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        estimated_frame_count = d.pop("estimatedFrameCount")

        estimated_generation_cost = d.pop("estimatedGenerationCost")

        estimated_generation_cost = cls(
            estimated_frame_count=estimated_frame_count,
            estimated_generation_cost=estimated_generation_cost,
        )

        estimated_generation_cost.additional_properties = d
        return estimated_generation_cost

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
