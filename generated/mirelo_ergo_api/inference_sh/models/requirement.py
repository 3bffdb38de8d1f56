from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.free_object_type_0 import FreeObjectType0


T = TypeVar("T", bound="Requirement")


@_attrs_define
class Requirement:
    """Something that is missing."""

    key: str
    """ Its name. """
    message: str
    """ What is missing, for people. """
    type_: str
    """ secret, credential or scope. """
    action: FreeObjectType0 | None | Unset = UNSET
    """ An object whose fields are not promised. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.free_object_type_0 import FreeObjectType0  # noqa: PLC0415

        key = self.key

        message = self.message

        type_ = self.type_

        action: dict[str, Any] | None | Unset
        if isinstance(self.action, Unset):
            action = UNSET
        elif isinstance(self.action, FreeObjectType0):
            action = self.action.to_dict()
        else:
            action = self.action

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "key": key,
                "message": message,
                "type": type_,
            }
        )
        if action is not UNSET:
            field_dict["action"] = action

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.free_object_type_0 import FreeObjectType0  # noqa: PLC0415

        d = dict(src_dict)
        key = d.pop("key")

        message = d.pop("message")

        type_ = d.pop("type")

        def _parse_action(data: object) -> FreeObjectType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_free_object_type_0 = FreeObjectType0.from_dict(data)

                return componentsschemas_free_object_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(FreeObjectType0 | None | Unset, data)

        action = _parse_action(d.pop("action", UNSET))

        requirement = cls(
            key=key,
            message=message,
            type_=type_,
            action=action,
        )

        requirement.additional_properties = d
        return requirement

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
