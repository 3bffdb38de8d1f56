from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="GenerationCosts")


@_attrs_define
class GenerationCosts:
    """What a generation cost, as far as it is known."""

    availability: str
    """ complete, pending, partial or unavailable. """
    currency: str
    """ `USD`. """
    generation_id: str
    """ Its id. """
    generation_status: str
    """ Its status. """
    known_subtotal_usd: None | str | Unset = UNSET
    """ What is known of it, as a text. """
    retry_after_seconds: int | None | Unset = UNSET
    """ When to ask again. """
    total_cost_usd: None | str | Unset = UNSET
    """ The price, once it is known, as a text. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        availability = self.availability

        currency = self.currency

        generation_id = self.generation_id

        generation_status = self.generation_status

        known_subtotal_usd: None | str | Unset
        if isinstance(self.known_subtotal_usd, Unset):
            known_subtotal_usd = UNSET
        else:
            known_subtotal_usd = self.known_subtotal_usd

        retry_after_seconds: int | None | Unset
        if isinstance(self.retry_after_seconds, Unset):
            retry_after_seconds = UNSET
        else:
            retry_after_seconds = self.retry_after_seconds

        total_cost_usd: None | str | Unset
        if isinstance(self.total_cost_usd, Unset):
            total_cost_usd = UNSET
        else:
            total_cost_usd = self.total_cost_usd

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "availability": availability,
                "currency": currency,
                "generationId": generation_id,
                "generationStatus": generation_status,
            }
        )
        if known_subtotal_usd is not UNSET:
            field_dict["knownSubtotalUsd"] = known_subtotal_usd
        if retry_after_seconds is not UNSET:
            field_dict["retryAfterSeconds"] = retry_after_seconds
        if total_cost_usd is not UNSET:
            field_dict["totalCostUsd"] = total_cost_usd

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        availability = d.pop("availability")

        currency = d.pop("currency")

        generation_id = d.pop("generationId")

        generation_status = d.pop("generationStatus")

        def _parse_known_subtotal_usd(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        known_subtotal_usd = _parse_known_subtotal_usd(d.pop("knownSubtotalUsd", UNSET))

        def _parse_retry_after_seconds(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        retry_after_seconds = _parse_retry_after_seconds(
            d.pop("retryAfterSeconds", UNSET)
        )

        def _parse_total_cost_usd(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        total_cost_usd = _parse_total_cost_usd(d.pop("totalCostUsd", UNSET))

        generation_costs = cls(
            availability=availability,
            currency=currency,
            generation_id=generation_id,
            generation_status=generation_status,
            known_subtotal_usd=known_subtotal_usd,
            retry_after_seconds=retry_after_seconds,
            total_cost_usd=total_cost_usd,
        )

        generation_costs.additional_properties = d
        return generation_costs

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
