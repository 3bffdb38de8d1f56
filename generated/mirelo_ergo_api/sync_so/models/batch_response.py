from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.batch_metrics import BatchMetrics


T = TypeVar("T", bound="BatchResponse")


@_attrs_define
class BatchResponse:
    """A batch, and how far it is."""

    created_at: datetime.datetime
    """ When it was created. """
    id: str
    """ Its id. """
    metrics: BatchMetrics
    """ How many generations of a batch are where. """
    output_url: str
    """ Where the results can be read, empty until the batch is done. """
    status: str
    """ PENDING, JOBS_CREATED, PROCESSING, or an end: COMPLETED, FAILED. """
    webhook_url: None | str | Unset = UNSET
    """ Where it calls back. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at.isoformat()

        id = self.id

        metrics = self.metrics.to_dict()

        output_url = self.output_url

        status = self.status

        webhook_url: None | str | Unset
        if isinstance(self.webhook_url, Unset):
            webhook_url = UNSET
        else:
            webhook_url = self.webhook_url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "created_at": created_at,
                "id": id,
                "metrics": metrics,
                "outputUrl": output_url,
                "status": status,
            }
        )
        if webhook_url is not UNSET:
            field_dict["webhookUrl"] = webhook_url

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.batch_metrics import BatchMetrics  # noqa: PLC0415

        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        id = d.pop("id")

        metrics = BatchMetrics.from_dict(d.pop("metrics"))

        output_url = d.pop("outputUrl")

        status = d.pop("status")

        def _parse_webhook_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        webhook_url = _parse_webhook_url(d.pop("webhookUrl", UNSET))

        batch_response = cls(
            created_at=created_at,
            id=id,
            metrics=metrics,
            output_url=output_url,
            status=status,
            webhook_url=webhook_url,
        )

        batch_response.additional_properties = d
        return batch_response

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
