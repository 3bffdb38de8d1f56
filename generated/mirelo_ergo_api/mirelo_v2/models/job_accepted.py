from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="JobAccepted")


@_attrs_define
class JobAccepted:
    """A job that has been taken on."""

    estimated_completion_at: datetime.datetime
    """ When the job is expected to be done. """
    estimated_ms: int
    """ The expected time, in milliseconds; about 98 of 100 jobs are done by then. """
    job_id: str
    """ The job's id, known for 24 hours. """
    job_url: str
    """ The path to poll, relative to the server. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        estimated_completion_at = self.estimated_completion_at.isoformat()

        estimated_ms = self.estimated_ms

        job_id = self.job_id

        job_url = self.job_url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "estimated_completion_at": estimated_completion_at,
                "estimated_ms": estimated_ms,
                "job_id": job_id,
                "job_url": job_url,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        estimated_completion_at = datetime.datetime.fromisoformat(
            d.pop("estimated_completion_at")
        )

        estimated_ms = d.pop("estimated_ms")

        job_id = d.pop("job_id")

        job_url = d.pop("job_url")

        job_accepted = cls(
            estimated_completion_at=estimated_completion_at,
            estimated_ms=estimated_ms,
            job_id=job_id,
            job_url=job_url,
        )

        job_accepted.additional_properties = d
        return job_accepted

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
