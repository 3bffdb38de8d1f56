from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.free_object import FreeObject
    from ..models.nullable_object_type_0 import NullableObjectType0


T = TypeVar("T", bound="Generation")


@_attrs_define
class Generation:
    """A generation, and what became of it. Statuses and models are open sets."""

    created_at: datetime.datetime
    """ When it was created. """
    id: str
    """ Its id. """
    input_: list[FreeObject]
    """ The inputs, as they were sent. """
    model: str
    """ The model. """
    status: str
    """ PENDING, PROCESSING, or one of the ends: COMPLETED, FAILED, REJECTED. """
    error: None | str | Unset = UNSET
    """ Why it failed, for people. """
    error_code: None | str | Unset = UNSET
    """ Why it failed. Some answers spell it `error_code`, which has no attribute of its own. """
    options: None | NullableObjectType0 | Unset = UNSET
    """ An object whose fields are not promised, or null. """
    output_duration: float | None | Unset = UNSET
    """ The length of the result in seconds. """
    output_url: None | str | Unset = UNSET
    """ The signed URL of the result, once there is one. """
    progress_percent: float | None | Unset = UNSET
    """ How far it is, where `include=progress` asked for it. """
    project_id: None | str | Unset = UNSET
    """ The project that it belongs to. """
    segment_output_url: None | str | Unset = UNSET
    """ The signed URL of the segments' result. """
    segments: list[FreeObject] | None | Unset = UNSET
    """ The segments, as they were sent. """
    webhook_url: None | str | Unset = UNSET
    """ Where it calls back. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.nullable_object_type_0 import NullableObjectType0  # noqa: PLC0415

        created_at = self.created_at.isoformat()

        id = self.id

        input_ = []
        for input_item_data in self.input_:
            input_item = input_item_data.to_dict()
            input_.append(input_item)

        model = self.model

        status = self.status

        error: None | str | Unset
        if isinstance(self.error, Unset):
            error = UNSET
        else:
            error = self.error

        error_code: None | str | Unset
        if isinstance(self.error_code, Unset):
            error_code = UNSET
        else:
            error_code = self.error_code

        options: dict[str, Any] | None | Unset
        if isinstance(self.options, Unset):
            options = UNSET
        elif isinstance(self.options, NullableObjectType0):
            options = self.options.to_dict()
        else:
            options = self.options

        output_duration: float | None | Unset
        if isinstance(self.output_duration, Unset):
            output_duration = UNSET
        else:
            output_duration = self.output_duration

        output_url: None | str | Unset
        if isinstance(self.output_url, Unset):
            output_url = UNSET
        else:
            output_url = self.output_url

        progress_percent: float | None | Unset
        if isinstance(self.progress_percent, Unset):
            progress_percent = UNSET
        else:
            progress_percent = self.progress_percent

        project_id: None | str | Unset
        if isinstance(self.project_id, Unset):
            project_id = UNSET
        else:
            project_id = self.project_id

        segment_output_url: None | str | Unset
        if isinstance(self.segment_output_url, Unset):
            segment_output_url = UNSET
        else:
            segment_output_url = self.segment_output_url

        segments: list[dict[str, Any]] | None | Unset
        if isinstance(self.segments, Unset):
            segments = UNSET
        elif isinstance(self.segments, list):
            segments = []
            for segments_type_0_item_data in self.segments:
                segments_type_0_item = segments_type_0_item_data.to_dict()
                segments.append(segments_type_0_item)

        else:
            segments = self.segments

        webhook_url: None | str | Unset
        if isinstance(self.webhook_url, Unset):
            webhook_url = UNSET
        else:
            webhook_url = self.webhook_url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "createdAt": created_at,
                "id": id,
                "input": input_,
                "model": model,
                "status": status,
            }
        )
        if error is not UNSET:
            field_dict["error"] = error
        if error_code is not UNSET:
            field_dict["errorCode"] = error_code
        if options is not UNSET:
            field_dict["options"] = options
        if output_duration is not UNSET:
            field_dict["outputDuration"] = output_duration
        if output_url is not UNSET:
            field_dict["outputUrl"] = output_url
        if progress_percent is not UNSET:
            field_dict["progress_percent"] = progress_percent
        if project_id is not UNSET:
            field_dict["projectId"] = project_id
        if segment_output_url is not UNSET:
            field_dict["segmentOutputUrl"] = segment_output_url
        if segments is not UNSET:
            field_dict["segments"] = segments
        if webhook_url is not UNSET:
            field_dict["webhookUrl"] = webhook_url

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.free_object import FreeObject  # noqa: PLC0415
        from ..models.nullable_object_type_0 import NullableObjectType0  # noqa: PLC0415

        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("createdAt"))

        id = d.pop("id")

        input_ = []
        _input_ = d.pop("input")
        for input_item_data in _input_:
            input_item = FreeObject.from_dict(input_item_data)

            input_.append(input_item)

        model = d.pop("model")

        status = d.pop("status")

        def _parse_error(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        error = _parse_error(d.pop("error", UNSET))

        def _parse_error_code(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        error_code = _parse_error_code(d.pop("errorCode", UNSET))

        def _parse_options(data: object) -> None | NullableObjectType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_nullable_object_type_0 = (
                    NullableObjectType0.from_dict(data)
                )

                return componentsschemas_nullable_object_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | NullableObjectType0 | Unset, data)

        options = _parse_options(d.pop("options", UNSET))

        def _parse_output_duration(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        output_duration = _parse_output_duration(d.pop("outputDuration", UNSET))

        def _parse_output_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        output_url = _parse_output_url(d.pop("outputUrl", UNSET))

        def _parse_progress_percent(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        progress_percent = _parse_progress_percent(d.pop("progress_percent", UNSET))

        def _parse_project_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        project_id = _parse_project_id(d.pop("projectId", UNSET))

        def _parse_segment_output_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        segment_output_url = _parse_segment_output_url(d.pop("segmentOutputUrl", UNSET))

        def _parse_segments(data: object) -> list[FreeObject] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                segments_type_0 = []
                _segments_type_0 = data
                for segments_type_0_item_data in _segments_type_0:
                    segments_type_0_item = FreeObject.from_dict(
                        segments_type_0_item_data
                    )

                    segments_type_0.append(segments_type_0_item)

                return segments_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[FreeObject] | None | Unset, data)

        segments = _parse_segments(d.pop("segments", UNSET))

        def _parse_webhook_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        webhook_url = _parse_webhook_url(d.pop("webhookUrl", UNSET))

        generation = cls(
            created_at=created_at,
            id=id,
            input_=input_,
            model=model,
            status=status,
            error=error,
            error_code=error_code,
            options=options,
            output_duration=output_duration,
            output_url=output_url,
            progress_percent=progress_percent,
            project_id=project_id,
            segment_output_url=segment_output_url,
            segments=segments,
            webhook_url=webhook_url,
        )

        generation.additional_properties = d
        return generation

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
