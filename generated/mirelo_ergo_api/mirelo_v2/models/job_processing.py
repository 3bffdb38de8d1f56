from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.job_processing_status import (
    JobProcessingStatus,
    check_job_processing_status,
)

if TYPE_CHECKING:
    from ..models.echoed_request import EchoedRequest


T = TypeVar("T", bound="JobProcessing")


@_attrs_define
class JobProcessing:
    """A job that waits or runs."""

    created_at: datetime.datetime
    """ When the job was accepted. """
    estimated_completion_at: datetime.datetime
    """ When the job is expected to be done. """
    estimated_ms: int
    """ The expected time from start to end, in milliseconds. """
    job_id: str
    """ The job's id. """
    progress_percent: int
    """ An estimate, in percent, never above 90 before the job is done. """
    request: EchoedRequest
    """ The parameters that the job was started with. """
    status: JobProcessingStatus
    """ Says that the job waits or runs. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at.isoformat()

        estimated_completion_at = self.estimated_completion_at.isoformat()

        estimated_ms = self.estimated_ms

        job_id = self.job_id

        progress_percent = self.progress_percent

        request = self.request.to_dict()

        status: str = self.status

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "created_at": created_at,
                "estimated_completion_at": estimated_completion_at,
                "estimated_ms": estimated_ms,
                "job_id": job_id,
                "progress_percent": progress_percent,
                "request": request,
                "status": status,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.echoed_request import EchoedRequest  # noqa: PLC0415

        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        estimated_completion_at = datetime.datetime.fromisoformat(
            d.pop("estimated_completion_at")
        )

        estimated_ms = d.pop("estimated_ms")

        job_id = d.pop("job_id")

        progress_percent = d.pop("progress_percent")

        request = EchoedRequest.from_dict(d.pop("request"))

        status = check_job_processing_status(d.pop("status"))

        job_processing = cls(
            created_at=created_at,
            estimated_completion_at=estimated_completion_at,
            estimated_ms=estimated_ms,
            job_id=job_id,
            progress_percent=progress_percent,
            request=request,
            status=status,
        )

        job_processing.additional_properties = d
        return job_processing

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
