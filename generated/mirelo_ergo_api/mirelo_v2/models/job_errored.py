from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.job_errored_status import JobErroredStatus, check_job_errored_status
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.echoed_request import EchoedRequest
    from ..models.error_detail import ErrorDetail


T = TypeVar("T", bound="JobErrored")


@_attrs_define
class JobErrored:
    """A job that failed and has not been charged."""

    created_at: datetime.datetime
    """ When the job was accepted. """
    error: ErrorDetail
    """ What went wrong. """
    job_id: str
    """ The job's id. """
    request: EchoedRequest
    """ The parameters that the job was started with. """
    status: JobErroredStatus
    """ Says that the job failed. """
    completed_at: datetime.datetime | None | Unset = UNSET
    """ When the job ended, if known. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at.isoformat()

        error = self.error.to_dict()

        job_id = self.job_id

        request = self.request.to_dict()

        status: str = self.status

        completed_at: None | str | Unset
        if isinstance(self.completed_at, Unset):
            completed_at = UNSET
        elif isinstance(self.completed_at, datetime.datetime):
            completed_at = self.completed_at.isoformat()
        else:
            completed_at = self.completed_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "created_at": created_at,
                "error": error,
                "job_id": job_id,
                "request": request,
                "status": status,
            }
        )
        if completed_at is not UNSET:
            field_dict["completed_at"] = completed_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.echoed_request import EchoedRequest  # noqa: PLC0415
        from ..models.error_detail import ErrorDetail  # noqa: PLC0415

        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        error = ErrorDetail.from_dict(d.pop("error"))

        job_id = d.pop("job_id")

        request = EchoedRequest.from_dict(d.pop("request"))

        status = check_job_errored_status(d.pop("status"))

        def _parse_completed_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                completed_at_type_0 = datetime.datetime.fromisoformat(data)

                return completed_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        completed_at = _parse_completed_at(d.pop("completed_at", UNSET))

        job_errored = cls(
            created_at=created_at,
            error=error,
            job_id=job_id,
            request=request,
            status=status,
            completed_at=completed_at,
        )

        job_errored.additional_properties = d
        return job_errored

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
