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


T = TypeVar("T", bound="Task")


@_attrs_define
class Task:
    """A task with all that is known of it. Only `id` and `status` are relied on."""

    id: str
    """ Its id. """
    status: int | str
    """ A number or a name. """
    app: FreeObjectType0 | None | Unset = UNSET
    """ An object whose fields are not promised. """
    app_id: None | str | Unset = UNSET
    """ The app's id. """
    app_version_id: None | str | Unset = UNSET
    """ The id of the app's version. """
    created_at: None | str | Unset = UNSET
    """ When it was created. """
    deleted_at: None | str | Unset = UNSET
    """ When it was deleted. """
    egress: FreeObjectType0 | None | Unset = UNSET
    """ An object whose fields are not promised. """
    error: None | str | Unset = UNSET
    """ Why it failed; may be empty. """
    function: None | str | Unset = UNSET
    """ Which of the app's functions ran. """
    infra: None | str | Unset = UNSET
    """ Where it ran. """
    input_: FreeObjectType0 | None | Unset = UNSET
    """ An object whose fields are not promised. """
    metadata: FreeObjectType0 | None | Unset = UNSET
    """ An object whose fields are not promised. """
    output: AppOutput | MmaudioOutput | None | Unset = UNSET
    rating: None | str | Unset = UNSET
    """ What it shows. """
    run_at: None | str | Unset = UNSET
    """ When it is to run. """
    session_id: None | str | Unset = UNSET
    """ The session it ran in. """
    setup: FreeObjectType0 | None | Unset = UNSET
    """ An object whose fields are not promised. """
    short_id: None | str | Unset = UNSET
    """ Its short id. """
    status_text: None | str | Unset = UNSET
    """ As in TaskResult; absent in most answers. """
    updated_at: None | str | Unset = UNSET
    """ When it last changed. """
    visibility: None | str | Unset = UNSET
    """ Who sees it. """
    webhook: None | str | Unset = UNSET
    """ Where its end is POSTed to. """
    workers: list[str] | None | Unset = UNSET
    """ On which workers. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.app_output import AppOutput  # noqa: PLC0415
        from ..models.free_object_type_0 import FreeObjectType0  # noqa: PLC0415
        from ..models.mmaudio_output import MmaudioOutput  # noqa: PLC0415

        id = self.id

        status: int | str
        status = self.status

        app: dict[str, Any] | None | Unset
        if isinstance(self.app, Unset):
            app = UNSET
        elif isinstance(self.app, FreeObjectType0):
            app = self.app.to_dict()
        else:
            app = self.app

        app_id: None | str | Unset
        if isinstance(self.app_id, Unset):
            app_id = UNSET
        else:
            app_id = self.app_id

        app_version_id: None | str | Unset
        if isinstance(self.app_version_id, Unset):
            app_version_id = UNSET
        else:
            app_version_id = self.app_version_id

        created_at: None | str | Unset
        if isinstance(self.created_at, Unset):
            created_at = UNSET
        else:
            created_at = self.created_at

        deleted_at: None | str | Unset
        if isinstance(self.deleted_at, Unset):
            deleted_at = UNSET
        else:
            deleted_at = self.deleted_at

        egress: dict[str, Any] | None | Unset
        if isinstance(self.egress, Unset):
            egress = UNSET
        elif isinstance(self.egress, FreeObjectType0):
            egress = self.egress.to_dict()
        else:
            egress = self.egress

        error: None | str | Unset
        if isinstance(self.error, Unset):
            error = UNSET
        else:
            error = self.error

        function: None | str | Unset
        if isinstance(self.function, Unset):
            function = UNSET
        else:
            function = self.function

        infra: None | str | Unset
        if isinstance(self.infra, Unset):
            infra = UNSET
        else:
            infra = self.infra

        input_: dict[str, Any] | None | Unset
        if isinstance(self.input_, Unset):
            input_ = UNSET
        elif isinstance(self.input_, FreeObjectType0):
            input_ = self.input_.to_dict()
        else:
            input_ = self.input_

        metadata: dict[str, Any] | None | Unset
        if isinstance(self.metadata, Unset):
            metadata = UNSET
        elif isinstance(self.metadata, FreeObjectType0):
            metadata = self.metadata.to_dict()
        else:
            metadata = self.metadata

        output: dict[str, Any] | None | Unset
        if isinstance(self.output, Unset):
            output = UNSET
        elif isinstance(self.output, MmaudioOutput):
            output = self.output.to_dict()
        elif isinstance(self.output, AppOutput):
            output = self.output.to_dict()
        else:
            output = self.output

        rating: None | str | Unset
        if isinstance(self.rating, Unset):
            rating = UNSET
        else:
            rating = self.rating

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

        setup: dict[str, Any] | None | Unset
        if isinstance(self.setup, Unset):
            setup = UNSET
        elif isinstance(self.setup, FreeObjectType0):
            setup = self.setup.to_dict()
        else:
            setup = self.setup

        short_id: None | str | Unset
        if isinstance(self.short_id, Unset):
            short_id = UNSET
        else:
            short_id = self.short_id

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

        visibility: None | str | Unset
        if isinstance(self.visibility, Unset):
            visibility = UNSET
        else:
            visibility = self.visibility

        webhook: None | str | Unset
        if isinstance(self.webhook, Unset):
            webhook = UNSET
        else:
            webhook = self.webhook

        workers: list[str] | None | Unset
        if isinstance(self.workers, Unset):
            workers = UNSET
        elif isinstance(self.workers, list):
            workers = self.workers

        else:
            workers = self.workers

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "status": status,
            }
        )
        if app is not UNSET:
            field_dict["app"] = app
        if app_id is not UNSET:
            field_dict["app_id"] = app_id
        if app_version_id is not UNSET:
            field_dict["app_version_id"] = app_version_id
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if deleted_at is not UNSET:
            field_dict["deleted_at"] = deleted_at
        if egress is not UNSET:
            field_dict["egress"] = egress
        if error is not UNSET:
            field_dict["error"] = error
        if function is not UNSET:
            field_dict["function"] = function
        if infra is not UNSET:
            field_dict["infra"] = infra
        if input_ is not UNSET:
            field_dict["input"] = input_
        if metadata is not UNSET:
            field_dict["metadata"] = metadata
        if output is not UNSET:
            field_dict["output"] = output
        if rating is not UNSET:
            field_dict["rating"] = rating
        if run_at is not UNSET:
            field_dict["run_at"] = run_at
        if session_id is not UNSET:
            field_dict["session_id"] = session_id
        if setup is not UNSET:
            field_dict["setup"] = setup
        if short_id is not UNSET:
            field_dict["short_id"] = short_id
        if status_text is not UNSET:
            field_dict["status_text"] = status_text
        if updated_at is not UNSET:
            field_dict["updated_at"] = updated_at
        if visibility is not UNSET:
            field_dict["visibility"] = visibility
        if webhook is not UNSET:
            field_dict["webhook"] = webhook
        if workers is not UNSET:
            field_dict["workers"] = workers

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

        def _parse_app(data: object) -> FreeObjectType0 | None | Unset:
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

        app = _parse_app(d.pop("app", UNSET))

        def _parse_app_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        app_id = _parse_app_id(d.pop("app_id", UNSET))

        def _parse_app_version_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        app_version_id = _parse_app_version_id(d.pop("app_version_id", UNSET))

        def _parse_created_at(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        created_at = _parse_created_at(d.pop("created_at", UNSET))

        def _parse_deleted_at(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        deleted_at = _parse_deleted_at(d.pop("deleted_at", UNSET))

        def _parse_egress(data: object) -> FreeObjectType0 | None | Unset:
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

        egress = _parse_egress(d.pop("egress", UNSET))

        def _parse_error(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        error = _parse_error(d.pop("error", UNSET))

        def _parse_function(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        function = _parse_function(d.pop("function", UNSET))

        def _parse_infra(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        infra = _parse_infra(d.pop("infra", UNSET))

        def _parse_input_(data: object) -> FreeObjectType0 | None | Unset:
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

        input_ = _parse_input_(d.pop("input", UNSET))

        def _parse_metadata(data: object) -> FreeObjectType0 | None | Unset:
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

        metadata = _parse_metadata(d.pop("metadata", UNSET))

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

        def _parse_rating(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        rating = _parse_rating(d.pop("rating", UNSET))

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

        def _parse_setup(data: object) -> FreeObjectType0 | None | Unset:
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

        setup = _parse_setup(d.pop("setup", UNSET))

        def _parse_short_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        short_id = _parse_short_id(d.pop("short_id", UNSET))

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

        def _parse_visibility(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        visibility = _parse_visibility(d.pop("visibility", UNSET))

        def _parse_webhook(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        webhook = _parse_webhook(d.pop("webhook", UNSET))

        def _parse_workers(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                workers_type_0 = cast(list[str], data)

                return workers_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        workers = _parse_workers(d.pop("workers", UNSET))

        task = cls(
            id=id,
            status=status,
            app=app,
            app_id=app_id,
            app_version_id=app_version_id,
            created_at=created_at,
            deleted_at=deleted_at,
            egress=egress,
            error=error,
            function=function,
            infra=infra,
            input_=input_,
            metadata=metadata,
            output=output,
            rating=rating,
            run_at=run_at,
            session_id=session_id,
            setup=setup,
            short_id=short_id,
            status_text=status_text,
            updated_at=updated_at,
            visibility=visibility,
            webhook=webhook,
            workers=workers,
        )

        task.additional_properties = d
        return task

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
