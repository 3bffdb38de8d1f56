from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Me")


@_attrs_define
class Me:
    """The account behind an API key."""

    credits_available: int
    """ What is left, in credits. """
    email: str
    """ The account's email address. """
    id: str
    """ The account's id. """
    overage_enabled: bool
    """ Whether the account may go beyond its balance. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        credits_available = self.credits_available

        email = self.email

        id = self.id

        overage_enabled = self.overage_enabled

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "credits_available": credits_available,
                "email": email,
                "id": id,
                "overage_enabled": overage_enabled,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        credits_available = d.pop("credits_available")

        email = d.pop("email")

        id = d.pop("id")

        overage_enabled = d.pop("overage_enabled")

        me = cls(
            credits_available=credits_available,
            email=email,
            id=id,
            overage_enabled=overage_enabled,
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
