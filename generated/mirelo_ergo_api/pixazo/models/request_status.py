from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.request_status_status import (
    RequestStatusStatus,
    check_request_status_status,
)
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.request_output import RequestOutput


T = TypeVar("T", bound="RequestStatus")


@_attrs_define
class RequestStatus:
    """A request, and what became of it."""

    request_id: str
    """ The request's id. """
    status: RequestStatusStatus
    """ How far the request is. FAILED comes with a reason in `error`; ERROR is an error of the system, which is not
    charged. """
    completed_at: None | str | Unset = UNSET
    """ When it ended; see created_at. """
    created_at: None | str | Unset = UNSET
    """ When the request was queued. Times come in two forms, in one answer even: 2026-05-22T13:17:32.110Z, and
    2026-05-22 13:19:23, which has no zone and is UTC. """
    error: None | str | Unset = UNSET
    """ Why it failed, if it did. """
    model_id: str | Unset = UNSET
    """ The model that the request is for. """
    output: None | RequestOutput | Unset = UNSET
    updated_at: None | str | Unset = UNSET
    """ When it last changed; see created_at. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.request_output import RequestOutput  # noqa: PLC0415

        request_id = self.request_id

        status: str = self.status

        completed_at: None | str | Unset
        if isinstance(self.completed_at, Unset):
            completed_at = UNSET
        else:
            completed_at = self.completed_at

        created_at: None | str | Unset
        if isinstance(self.created_at, Unset):
            created_at = UNSET
        else:
            created_at = self.created_at

        error: None | str | Unset
        if isinstance(self.error, Unset):
            error = UNSET
        else:
            error = self.error

        model_id = self.model_id

        output: dict[str, Any] | None | Unset
        if isinstance(self.output, Unset):
            output = UNSET
        elif isinstance(self.output, RequestOutput):
            output = self.output.to_dict()
        else:
            output = self.output

        updated_at: None | str | Unset
        if isinstance(self.updated_at, Unset):
            updated_at = UNSET
        else:
            updated_at = self.updated_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "request_id": request_id,
                "status": status,
            }
        )
        if completed_at is not UNSET:
            field_dict["completed_at"] = completed_at
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if error is not UNSET:
            field_dict["error"] = error
        if model_id is not UNSET:
            field_dict["model_id"] = model_id
        if output is not UNSET:
            field_dict["output"] = output
        if updated_at is not UNSET:
            field_dict["updated_at"] = updated_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.request_output import RequestOutput  # noqa: PLC0415

        d = dict(src_dict)
        request_id = d.pop("request_id")

        status = check_request_status_status(d.pop("status"))

        def _parse_completed_at(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        completed_at = _parse_completed_at(d.pop("completed_at", UNSET))

        def _parse_created_at(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        created_at = _parse_created_at(d.pop("created_at", UNSET))

        def _parse_error(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        error = _parse_error(d.pop("error", UNSET))

        model_id = d.pop("model_id", UNSET)

        def _parse_output(data: object) -> None | RequestOutput | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                output_type_0 = RequestOutput.from_dict(data)

                return output_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RequestOutput | Unset, data)

        output = _parse_output(d.pop("output", UNSET))

        def _parse_updated_at(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        updated_at = _parse_updated_at(d.pop("updated_at", UNSET))

        request_status = cls(
            request_id=request_id,
            status=status,
            completed_at=completed_at,
            created_at=created_at,
            error=error,
            model_id=model_id,
            output=output,
            updated_at=updated_at,
        )

        request_status.additional_properties = d
        return request_status

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
