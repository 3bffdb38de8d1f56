from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Estimate")


@_attrs_define
class Estimate:
    """What a run would cost."""

    confidence: None | str | Unset = UNSET
    """ exact, range or unknown. """
    depends_on: list[str] | None | Unset = UNSET
    """ What it depends on. """
    estimate_error: None | str | Unset = UNSET
    """ Why there is none. """
    max_: int | None | Unset = UNSET
    """ The most that it may be. """
    microcents: int | None | Unset = UNSET
    """ The price in millionths of a cent. """
    min_: int | None | Unset = UNSET
    """ The least that it may be. """
    pricing_description: None | str | Unset = UNSET
    """ The price, for people. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        confidence: None | str | Unset
        if isinstance(self.confidence, Unset):
            confidence = UNSET
        else:
            confidence = self.confidence

        depends_on: list[str] | None | Unset
        if isinstance(self.depends_on, Unset):
            depends_on = UNSET
        elif isinstance(self.depends_on, list):
            depends_on = self.depends_on

        else:
            depends_on = self.depends_on

        estimate_error: None | str | Unset
        if isinstance(self.estimate_error, Unset):
            estimate_error = UNSET
        else:
            estimate_error = self.estimate_error

        max_: int | None | Unset
        if isinstance(self.max_, Unset):
            max_ = UNSET
        else:
            max_ = self.max_

        microcents: int | None | Unset
        if isinstance(self.microcents, Unset):
            microcents = UNSET
        else:
            microcents = self.microcents

        min_: int | None | Unset
        if isinstance(self.min_, Unset):
            min_ = UNSET
        else:
            min_ = self.min_

        pricing_description: None | str | Unset
        if isinstance(self.pricing_description, Unset):
            pricing_description = UNSET
        else:
            pricing_description = self.pricing_description

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if confidence is not UNSET:
            field_dict["confidence"] = confidence
        if depends_on is not UNSET:
            field_dict["depends_on"] = depends_on
        if estimate_error is not UNSET:
            field_dict["estimate_error"] = estimate_error
        if max_ is not UNSET:
            field_dict["max"] = max_
        if microcents is not UNSET:
            field_dict["microcents"] = microcents
        if min_ is not UNSET:
            field_dict["min"] = min_
        if pricing_description is not UNSET:
            field_dict["pricing_description"] = pricing_description

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_confidence(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        confidence = _parse_confidence(d.pop("confidence", UNSET))

        def _parse_depends_on(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                depends_on_type_0 = cast(list[str], data)

                return depends_on_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        depends_on = _parse_depends_on(d.pop("depends_on", UNSET))

        def _parse_estimate_error(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        estimate_error = _parse_estimate_error(d.pop("estimate_error", UNSET))

        def _parse_max_(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        max_ = _parse_max_(d.pop("max", UNSET))

        def _parse_microcents(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        microcents = _parse_microcents(d.pop("microcents", UNSET))

        def _parse_min_(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        min_ = _parse_min_(d.pop("min", UNSET))

        def _parse_pricing_description(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        pricing_description = _parse_pricing_description(
            d.pop("pricing_description", UNSET)
        )

        estimate = cls(
            confidence=confidence,
            depends_on=depends_on,
            estimate_error=estimate_error,
            max_=max_,
            microcents=microcents,
            min_=min_,
            pricing_description=pricing_description,
        )

        estimate.additional_properties = d
        return estimate

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
