from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.app_output import AppOutput
    from ..models.free_object_type_0 import FreeObjectType0
    from ..models.mmaudio_output import MmaudioOutput


T = TypeVar("T", bound="TaskResult")


@_attrs_define
class TaskResult:
    """A task. `status_text` says how far it is; the number of `status` differs between versions of the service."""

    id: str
    """ Its id. """
    status: int | str
    """ A number or a name. """
    created_at: None | str | Unset = UNSET
    """ When it was created. """
    error: None | str | Unset = UNSET
    """ Why it failed; may be empty. """
    output: AppOutput | MmaudioOutput | None | Unset = UNSET
    run_at: None | str | Unset = UNSET
    """ When it is to run. """
    session_id: None | str | Unset = UNSET
    """ The session it ran in. """
    short_id: None | str | Unset = UNSET
    """ Its short id. """
    socket: FreeObjectType0 | None | Unset = UNSET
    """ An object whose fields are not promised. """
    status_text: None | str | Unset = UNSET
    """ unknown, received, queued, dispatched, preparing, serving, setting_up, running, cancelling, uploading, or an
    end: completed, failed, cancelled, rejected. """
    updated_at: None | str | Unset = UNSET
    """ When it last changed. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.app_output import AppOutput  # noqa: PLC0415
        from ..models.free_object_type_0 import FreeObjectType0  # noqa: PLC0415
        from ..models.mmaudio_output import MmaudioOutput  # noqa: PLC0415

        id = self.id

        status: int | str
        status = self.status

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

        output: dict[str, Any] | None | Unset
        if isinstance(self.output, Unset):
            output = UNSET
        elif isinstance(self.output, MmaudioOutput):
            output = self.output.to_dict()
        elif isinstance(self.output, AppOutput):
            output = self.output.to_dict()
        else:
            output = self.output

        run_at: None | str | Unset
        if isinstance(self.run_at, Unset):
            run_at = UNSET
        else:
            run_at = self.run_at

        session_id: None | str | Unset
        if isinstance(self.session_id, Unset):
            session_id = UNSET
        else:
            session_id = self.session_id

        short_id: None | str | Unset
        if isinstance(self.short_id, Unset):
            short_id = UNSET
        else:
            short_id = self.short_id

        socket: dict[str, Any] | None | Unset
        if isinstance(self.socket, Unset):
            socket = UNSET
        elif isinstance(self.socket, FreeObjectType0):
            socket = self.socket.to_dict()
        else:
            socket = self.socket

        status_text: None | str | Unset
        if isinstance(self.status_text, Unset):
            status_text = UNSET
        else:
            status_text = self.status_text

        updated_at: None | str | Unset
        if isinstance(self.updated_at, Unset):
            updated_at = UNSET
        else:
            updated_at = self.updated_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "status": status,
            }
        )
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if error is not UNSET:
            field_dict["error"] = error
        if output is not UNSET:
            field_dict["output"] = output
        if run_at is not UNSET:
            field_dict["run_at"] = run_at
        if session_id is not UNSET:
            field_dict["session_id"] = session_id
        if short_id is not UNSET:
            field_dict["short_id"] = short_id
        if socket is not UNSET:
            field_dict["socket"] = socket
        if status_text is not UNSET:
            field_dict["status_text"] = status_text
        if updated_at is not UNSET:
            field_dict["updated_at"] = updated_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.app_output import AppOutput  # noqa: PLC0415
        from ..models.free_object_type_0 import FreeObjectType0  # noqa: PLC0415
        from ..models.mmaudio_output import MmaudioOutput  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        def _parse_status(data: object) -> int | str:
            return cast(int | str, data)

        status = _parse_status(d.pop("status"))

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

        def _parse_output(data: object) -> AppOutput | MmaudioOutput | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                output_type_0 = MmaudioOutput.from_dict(data)

                return output_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                output_type_1 = AppOutput.from_dict(data)

                return output_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AppOutput | MmaudioOutput | None | Unset, data)

        output = _parse_output(d.pop("output", UNSET))

        def _parse_run_at(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        run_at = _parse_run_at(d.pop("run_at", UNSET))

        def _parse_session_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        session_id = _parse_session_id(d.pop("session_id", UNSET))

        def _parse_short_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        short_id = _parse_short_id(d.pop("short_id", UNSET))

        def _parse_socket(data: object) -> FreeObjectType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_free_object_type_0 = FreeObjectType0.from_dict(data)

                return componentsschemas_free_object_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(FreeObjectType0 | None | Unset, data)

        socket = _parse_socket(d.pop("socket", UNSET))

        def _parse_status_text(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        status_text = _parse_status_text(d.pop("status_text", UNSET))

        def _parse_updated_at(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        updated_at = _parse_updated_at(d.pop("updated_at", UNSET))

        task_result = cls(
            id=id,
            status=status,
            created_at=created_at,
            error=error,
            output=output,
            run_at=run_at,
            session_id=session_id,
            short_id=short_id,
            socket=socket,
            status_text=status_text,
            updated_at=updated_at,
        )

        task_result.additional_properties = d
        return task_result

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
