from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.service_message import ServiceMessage
    from ..models.task_result import TaskResult


T = TypeVar("T", bound="TaskResultEnvelope")


@_attrs_define
class TaskResultEnvelope:
    """A new task in its envelope."""

    data: TaskResult
    """ A task. `status_text` says how far it is; the number of `status` differs between versions of the service.
    """
    messages: list[ServiceMessage] | Unset = UNSET
    """ What the service has to say beside the answer. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        data = self.data.to_dict()

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
        from ..models.service_message import ServiceMessage  # noqa: PLC0415
        from ..models.task_result import TaskResult  # noqa: PLC0415

        d = dict(src_dict)
        data = TaskResult.from_dict(d.pop("data"))

        _messages = d.pop("messages", UNSET)
        messages: list[ServiceMessage] | Unset = UNSET
        if _messages is not UNSET:
            messages = []
            for messages_item_data in _messages:
                messages_item = ServiceMessage.from_dict(messages_item_data)

                messages.append(messages_item)

        task_result_envelope = cls(
            data=data,
            messages=messages,
        )

        task_result_envelope.additional_properties = d
        return task_result_envelope

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
