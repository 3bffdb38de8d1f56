from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.fixed_tempo_mode import FixedTempoMode, check_fixed_tempo_mode

T = TypeVar("T", bound="FixedTempo")


@_attrs_define
class FixedTempo:
    """One tempo for all of it."""

    bpm: float
    """ Beats a minute. """
    mode: FixedTempoMode
    """ Says that the tempo is given. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        bpm = self.bpm

        mode: str = self.mode

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "bpm": bpm,
                "mode": mode,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        bpm = d.pop("bpm")

        mode = check_fixed_tempo_mode(d.pop("mode"))

        fixed_tempo = cls(
            bpm=bpm,
            mode=mode,
        )

        fixed_tempo.additional_properties = d
        return fixed_tempo

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
