from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="MidiPreflight")


@_attrs_define
class MidiPreflight:
    """What a transcription would cost and take, and what is missing for it."""

    credits_: int
    """ The price, in credits. """
    billing_mode: None | str | Unset = UNSET
    """ How it is billed. """
    credit_shortfall: int | None | Unset = UNSET
    """ What is missing. """
    credits_available: int | None | Unset = UNSET
    """ What there is. """
    credits_required: int | None | Unset = UNSET
    """ What it takes. """
    estimated_ms: int | None | Unset = UNSET
    """ The expected time, in milliseconds. """
    provisioning_deadline: int | None | Unset = UNSET
    """ Until when it will be. """
    provisioning_state: None | str | Unset = UNSET
    """ `ready` when the account can be used. """
    recovery_action: None | str | Unset = UNSET
    """ What to do, such as view_plans. """
    recovery_url: None | str | Unset = UNSET
    """ Where to do it. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        credits_ = self.credits_

        billing_mode: None | str | Unset
        if isinstance(self.billing_mode, Unset):
            billing_mode = UNSET
        else:
            billing_mode = self.billing_mode

        credit_shortfall: int | None | Unset
        if isinstance(self.credit_shortfall, Unset):
            credit_shortfall = UNSET
        else:
            credit_shortfall = self.credit_shortfall

        credits_available: int | None | Unset
        if isinstance(self.credits_available, Unset):
            credits_available = UNSET
        else:
            credits_available = self.credits_available

        credits_required: int | None | Unset
        if isinstance(self.credits_required, Unset):
            credits_required = UNSET
        else:
            credits_required = self.credits_required

        estimated_ms: int | None | Unset
        if isinstance(self.estimated_ms, Unset):
            estimated_ms = UNSET
        else:
            estimated_ms = self.estimated_ms

        provisioning_deadline: int | None | Unset
        if isinstance(self.provisioning_deadline, Unset):
            provisioning_deadline = UNSET
        else:
            provisioning_deadline = self.provisioning_deadline

        provisioning_state: None | str | Unset
        if isinstance(self.provisioning_state, Unset):
            provisioning_state = UNSET
        else:
            provisioning_state = self.provisioning_state

        recovery_action: None | str | Unset
        if isinstance(self.recovery_action, Unset):
            recovery_action = UNSET
        else:
            recovery_action = self.recovery_action

        recovery_url: None | str | Unset
        if isinstance(self.recovery_url, Unset):
            recovery_url = UNSET
        else:
            recovery_url = self.recovery_url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "credits": credits_,
            }
        )
        if billing_mode is not UNSET:
            field_dict["billing_mode"] = billing_mode
        if credit_shortfall is not UNSET:
            field_dict["credit_shortfall"] = credit_shortfall
        if credits_available is not UNSET:
            field_dict["credits_available"] = credits_available
        if credits_required is not UNSET:
            field_dict["credits_required"] = credits_required
        if estimated_ms is not UNSET:
            field_dict["estimated_ms"] = estimated_ms
        if provisioning_deadline is not UNSET:
            field_dict["provisioning_deadline"] = provisioning_deadline
        if provisioning_state is not UNSET:
            field_dict["provisioning_state"] = provisioning_state
        if recovery_action is not UNSET:
            field_dict["recovery_action"] = recovery_action
        if recovery_url is not UNSET:
            field_dict["recovery_url"] = recovery_url

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        credits_ = d.pop("credits")

        def _parse_billing_mode(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        billing_mode = _parse_billing_mode(d.pop("billing_mode", UNSET))

        def _parse_credit_shortfall(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        credit_shortfall = _parse_credit_shortfall(d.pop("credit_shortfall", UNSET))

        def _parse_credits_available(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        credits_available = _parse_credits_available(d.pop("credits_available", UNSET))

        def _parse_credits_required(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        credits_required = _parse_credits_required(d.pop("credits_required", UNSET))

        def _parse_estimated_ms(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        estimated_ms = _parse_estimated_ms(d.pop("estimated_ms", UNSET))

        def _parse_provisioning_deadline(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        provisioning_deadline = _parse_provisioning_deadline(
            d.pop("provisioning_deadline", UNSET)
        )

        def _parse_provisioning_state(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        provisioning_state = _parse_provisioning_state(
            d.pop("provisioning_state", UNSET)
        )

        def _parse_recovery_action(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        recovery_action = _parse_recovery_action(d.pop("recovery_action", UNSET))

        def _parse_recovery_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        recovery_url = _parse_recovery_url(d.pop("recovery_url", UNSET))

        midi_preflight = cls(
            credits_=credits_,
            billing_mode=billing_mode,
            credit_shortfall=credit_shortfall,
            credits_available=credits_available,
            credits_required=credits_required,
            estimated_ms=estimated_ms,
            provisioning_deadline=provisioning_deadline,
            provisioning_state=provisioning_state,
            recovery_action=recovery_action,
            recovery_url=recovery_url,
        )

        midi_preflight.additional_properties = d
        return midi_preflight

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
