from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.free_object_type_0 import FreeObjectType0
    from ..models.service_message import ServiceMessage


T = TypeVar("T", bound="AnyEnvelope")


@_attrs_define
class AnyEnvelope:
    """An answer that says nothing that counts."""

    data: FreeObjectType0 | None
    """ An object whose fields are not promised. """
    messages: list[ServiceMessage] | Unset = UNSET
    """ What the service has to say beside the answer. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.free_object_type_0 import FreeObjectType0  # noqa: PLC0415

        data: dict[str, Any] | None
        if isinstance(self.data, FreeObjectType0):
            data = self.data.to_dict()
        else:
            data = self.data

        messages: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.messages, Unset):
            messages = []
            for messages_item_data in self.messages:
                messages_item = messages_item_data.to_dict()
                messages.append(messages_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "data": data,
            }
        )
        if messages is not UNSET:
            field_dict["messages"] = messages

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.free_object_type_0 import FreeObjectType0  # noqa: PLC0415
        from ..models.service_message import ServiceMessage  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_data(data: object) -> FreeObjectType0 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_free_object_type_0 = FreeObjectType0.from_dict(data)

                return componentsschemas_free_object_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(FreeObjectType0 | None, data)

        data = _parse_data(d.pop("data"))

        _messages = d.pop("messages", UNSET)
        messages: list[ServiceMessage] | Unset = UNSET
        if _messages is not UNSET:
            messages = []
            for messages_item_data in _messages:
                messages_item = ServiceMessage.from_dict(messages_item_data)

                messages.append(messages_item)

        any_envelope = cls(
            data=data,
            messages=messages,
        )

        any_envelope.additional_properties = d
        return any_envelope

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
