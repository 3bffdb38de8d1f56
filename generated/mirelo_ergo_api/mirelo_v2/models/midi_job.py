from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.echoed_request import EchoedRequest
    from ..models.midi_job_error_type_0 import MidiJobErrorType0
    from ..models.midi_job_result_type_0 import MidiJobResultType0


T = TypeVar("T", bound="MidiJob")


@_attrs_define
class MidiJob:
    """A transcription. Statuses are an open set."""

    job_id: str
    """ The job's id. """
    status: str
    """ processing, or an end: succeeded, failed or errored, expired. """
    completed_at: None | str | Unset = UNSET
    """ When it ended. """
    created_at: None | str | Unset = UNSET
    """ When the job was accepted. """
    error: MidiJobErrorType0 | None | Unset = UNSET
    """ Why it failed. """
    progress_percent: int | None | Unset = UNSET
    """ How far it is, in percent. """
    request: EchoedRequest | Unset = UNSET
    """ The parameters that the job was started with. """
    result: MidiJobResultType0 | None | Unset = UNSET
    """ A transcription, or the part of it that is there: its notes come before its files. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.midi_job_error_type_0 import MidiJobErrorType0  # noqa: PLC0415
        from ..models.midi_job_result_type_0 import MidiJobResultType0  # noqa: PLC0415

        job_id = self.job_id

        status = self.status

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

        error: dict[str, Any] | None | Unset
        if isinstance(self.error, Unset):
            error = UNSET
        elif isinstance(self.error, MidiJobErrorType0):
            error = self.error.to_dict()
        else:
            error = self.error

        progress_percent: int | None | Unset
        if isinstance(self.progress_percent, Unset):
            progress_percent = UNSET
        else:
            progress_percent = self.progress_percent

        request: dict[str, Any] | Unset = UNSET
        if not isinstance(self.request, Unset):
            request = self.request.to_dict()

        result: dict[str, Any] | None | Unset
        if isinstance(self.result, Unset):
            result = UNSET
        elif isinstance(self.result, MidiJobResultType0):
            result = self.result.to_dict()
        else:
            result = self.result

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "job_id": job_id,
                "status": status,
            }
        )
        if completed_at is not UNSET:
            field_dict["completed_at"] = completed_at
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if error is not UNSET:
            field_dict["error"] = error
        if progress_percent is not UNSET:
            field_dict["progress_percent"] = progress_percent
        if request is not UNSET:
            field_dict["request"] = request
        if result is not UNSET:
            field_dict["result"] = result

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.echoed_request import EchoedRequest  # noqa: PLC0415
        from ..models.midi_job_error_type_0 import MidiJobErrorType0  # noqa: PLC0415
        from ..models.midi_job_result_type_0 import MidiJobResultType0  # noqa: PLC0415

        d = dict(src_dict)
        job_id = d.pop("job_id")

        status = d.pop("status")

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

        def _parse_error(data: object) -> MidiJobErrorType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_midi_job_error_type_0 = MidiJobErrorType0.from_dict(
                    data
                )

                return componentsschemas_midi_job_error_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(MidiJobErrorType0 | None | Unset, data)

        error = _parse_error(d.pop("error", UNSET))

        def _parse_progress_percent(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        progress_percent = _parse_progress_percent(d.pop("progress_percent", UNSET))

        _request = d.pop("request", UNSET)
        request: EchoedRequest | Unset
        if isinstance(_request, Unset):
            request = UNSET
        else:
            request = EchoedRequest.from_dict(_request)

        def _parse_result(data: object) -> MidiJobResultType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_midi_job_result_type_0 = MidiJobResultType0.from_dict(
                    data
                )

                return componentsschemas_midi_job_result_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(MidiJobResultType0 | None | Unset, data)

        result = _parse_result(d.pop("result", UNSET))

        midi_job = cls(
            job_id=job_id,
            status=status,
            completed_at=completed_at,
            created_at=created_at,
            error=error,
            progress_percent=progress_percent,
            request=request,
            result=result,
        )

        midi_job.additional_properties = d
        return midi_job

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
