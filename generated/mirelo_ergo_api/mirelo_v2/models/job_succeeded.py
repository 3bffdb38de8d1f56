from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.job_succeeded_status import JobSucceededStatus, check_job_succeeded_status

if TYPE_CHECKING:
    from ..models.echoed_request import EchoedRequest
    from ..models.result import Result


T = TypeVar("T", bound="JobSucceeded")


@_attrs_define
class JobSucceeded:
    """A job that is done and has been charged."""

    completed_at: datetime.datetime
    """ When the job was done. """
    created_at: datetime.datetime
    """ When the job was accepted. """
    job_id: str
    """ The job's id. """
    request: EchoedRequest
    """ The parameters that the job was started with. """
    result: Result
    """ What a generation made. """
    status: JobSucceededStatus
    """ Says that the job is done. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        completed_at = self.completed_at.isoformat()

        created_at = self.created_at.isoformat()

        job_id = self.job_id

        request = self.request.to_dict()

        result = self.result.to_dict()

        status: str = self.status

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "completed_at": completed_at,
                "created_at": created_at,
                "job_id": job_id,
                "request": request,
                "result": result,
                "status": status,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.echoed_request import EchoedRequest  # noqa: PLC0415
        from ..models.result import Result  # noqa: PLC0415

        d = dict(src_dict)
        completed_at = datetime.datetime.fromisoformat(d.pop("completed_at"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        job_id = d.pop("job_id")

        request = EchoedRequest.from_dict(d.pop("request"))

        result = Result.from_dict(d.pop("result"))

        status = check_job_succeeded_status(d.pop("status"))

        job_succeeded = cls(
            completed_at=completed_at,
            created_at=created_at,
            job_id=job_id,
            request=request,
            result=result,
            status=status,
        )

        job_succeeded.additional_properties = d
        return job_succeeded

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
