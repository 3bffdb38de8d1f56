from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Me")


@_attrs_define
class Me:
    """The account of a key."""

    id: str
    """ Its id. """
    account_type: None | str | Unset = UNSET
    """ `user`. """
    billing_mode: None | str | Unset = UNSET
    """ How it is billed. """
    credits_available: int | None | Unset = UNSET
    """ What is left. """
    email: None | str | Unset = UNSET
    """ Its address. """
    provisioning_deadline: int | None | Unset = UNSET
    """ Until when it will be. """
    provisioning_state: None | str | Unset = UNSET
    """ `ready` when the account can be used. """
    recovery_action: None | str | Unset = UNSET
    """ What to do, such as view_plans. """
    recovery_url: None | str | Unset = UNSET
    """ Where to do it. """
    spend_capacity: int | None | Unset = UNSET
    """ What may be spent. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        account_type: None | str | Unset
        if isinstance(self.account_type, Unset):
            account_type = UNSET
        else:
            account_type = self.account_type

        billing_mode: None | str | Unset
        if isinstance(self.billing_mode, Unset):
            billing_mode = UNSET
        else:
            billing_mode = self.billing_mode

        credits_available: int | None | Unset
        if isinstance(self.credits_available, Unset):
            credits_available = UNSET
        else:
            credits_available = self.credits_available

        email: None | str | Unset
        if isinstance(self.email, Unset):
            email = UNSET
        else:
            email = self.email

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

        spend_capacity: int | None | Unset
        if isinstance(self.spend_capacity, Unset):
            spend_capacity = UNSET
        else:
            spend_capacity = self.spend_capacity

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
            }
        )
        if account_type is not UNSET:
            field_dict["account_type"] = account_type
        if billing_mode is not UNSET:
            field_dict["billing_mode"] = billing_mode
        if credits_available is not UNSET:
            field_dict["credits_available"] = credits_available
        if email is not UNSET:
            field_dict["email"] = email
        if provisioning_deadline is not UNSET:
            field_dict["provisioning_deadline"] = provisioning_deadline
        if provisioning_state is not UNSET:
            field_dict["provisioning_state"] = provisioning_state
        if recovery_action is not UNSET:
            field_dict["recovery_action"] = recovery_action
        if recovery_url is not UNSET:
            field_dict["recovery_url"] = recovery_url
        if spend_capacity is not UNSET:
            field_dict["spend_capacity"] = spend_capacity

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        def _parse_account_type(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        account_type = _parse_account_type(d.pop("account_type", UNSET))

        def _parse_billing_mode(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        billing_mode = _parse_billing_mode(d.pop("billing_mode", UNSET))

        def _parse_credits_available(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        credits_available = _parse_credits_available(d.pop("credits_available", UNSET))

        def _parse_email(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        email = _parse_email(d.pop("email", UNSET))

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

        def _parse_spend_capacity(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        spend_capacity = _parse_spend_capacity(d.pop("spend_capacity", UNSET))

        me = cls(
            id=id,
            account_type=account_type,
            billing_mode=billing_mode,
            credits_available=credits_available,
            email=email,
            provisioning_deadline=provisioning_deadline,
            provisioning_state=provisioning_state,
            recovery_action=recovery_action,
            recovery_url=recovery_url,
            spend_capacity=spend_capacity,
        )

        me.additional_properties = d
        return me

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
