from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.queued_request_status import (
    QueuedRequestStatus,
    check_queued_request_status,
)

T = TypeVar("T", bound="QueuedRequest")


@_attrs_define
class QueuedRequest:
    """A request that has been queued."""

    polling_url: str
    """ Where to ask for the request, absolute. """
    request_id: str
    """ The id to ask for the request with. """
    status: QueuedRequestStatus
    """ Says that the request is queued. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        polling_url = self.polling_url

        request_id = self.request_id

        status: str = self.status

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "polling_url": polling_url,
                "request_id": request_id,
                "status": status,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        polling_url = d.pop("polling_url")

        request_id = d.pop("request_id")

        status = check_queued_request_status(d.pop("status"))

        queued_request = cls(
            polling_url=polling_url,
            request_id=request_id,
            status=status,
        )

        queued_request.additional_properties = d
        return queued_request

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
