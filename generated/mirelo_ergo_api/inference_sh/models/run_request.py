from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.run_request_infra import RunRequestInfra, check_run_request_infra
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.app_input import AppInput
    from ..models.app_setup import AppSetup
    from ..models.mmaudio_input import MmaudioInput
    from ..models.run_metadata import RunMetadata


T = TypeVar("T", bound="RunRequest")


@_attrs_define
class RunRequest:
    """A run of an app. What is left out of `input` is the app's own default."""

    input_: AppInput | MmaudioInput
    """ The input of an app; that of infsh/mmaudio, or of another one. """
    app: str | Unset = UNSET
    """ namespace/name, with @ and a version or : and a function behind it if wished; needed unless `app_id` is
    there. """
    app_id: str | Unset = UNSET
    """ The app's id. """
    function: str | Unset = UNSET
    """ Which of the app's functions to run. """
    infra: RunRequestInfra | Unset = UNSET
    """ Where to run it, `cloud` if left out. """
    metadata: RunMetadata | Unset = UNSET
    """ What else to keep with the task. """
    run_at: datetime.datetime | Unset = UNSET
    """ When to run it. """
    session: str | Unset = UNSET
    """ `new`, or the id of a session to go on with. """
    session_timeout: int | Unset = UNSET
    """ Seconds that a new session lives idle; with `session: new` only. """
    setup: AppSetup | Unset = UNSET
    """ The app's own set-up; a worker with the same one is warm. """
    variant: str | Unset = UNSET
    """ Which variant of the app to run. """
    version_id: str | Unset = UNSET
    """ The id of a version of it. """
    webhook: str | Unset = UNSET
    """ Where to POST the end of the task to. """
    workers: list[str] | Unset = UNSET
    """ On which workers, with private infrastructure. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.mmaudio_input import MmaudioInput  # noqa: PLC0415

        input_: dict[str, Any]
        if isinstance(self.input_, MmaudioInput):
            input_ = self.input_.to_dict()
        else:
            input_ = self.input_.to_dict()

        app = self.app

        app_id = self.app_id

        function = self.function

        infra: str | Unset = UNSET
        if not isinstance(self.infra, Unset):
            infra = self.infra

        metadata: dict[str, Any] | Unset = UNSET
        if not isinstance(self.metadata, Unset):
            metadata = self.metadata.to_dict()

        run_at: str | Unset = UNSET
        if not isinstance(self.run_at, Unset):
            run_at = self.run_at.isoformat()

        session = self.session

        session_timeout = self.session_timeout

        setup: dict[str, Any] | Unset = UNSET
        if not isinstance(self.setup, Unset):
            setup = self.setup.to_dict()

        variant = self.variant

        version_id = self.version_id

        webhook = self.webhook

        workers: list[str] | Unset = UNSET
        if not isinstance(self.workers, Unset):
            workers = self.workers

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "input": input_,
            }
        )
        if app is not UNSET:
            field_dict["app"] = app
        if app_id is not UNSET:
            field_dict["app_id"] = app_id
        if function is not UNSET:
            field_dict["function"] = function
        if infra is not UNSET:
            field_dict["infra"] = infra
        if metadata is not UNSET:
            field_dict["metadata"] = metadata
        if run_at is not UNSET:
            field_dict["run_at"] = run_at
        if session is not UNSET:
            field_dict["session"] = session
        if session_timeout is not UNSET:
            field_dict["session_timeout"] = session_timeout
        if setup is not UNSET:
            field_dict["setup"] = setup
        if variant is not UNSET:
            field_dict["variant"] = variant
        if version_id is not UNSET:
            field_dict["version_id"] = version_id
        if webhook is not UNSET:
            field_dict["webhook"] = webhook
        if workers is not UNSET:
            field_dict["workers"] = workers

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.app_input import AppInput  # noqa: PLC0415
        from ..models.app_setup import AppSetup  # noqa: PLC0415
        from ..models.mmaudio_input import MmaudioInput  # noqa: PLC0415
        from ..models.run_metadata import RunMetadata  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_input_(data: object) -> AppInput | MmaudioInput:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_run_input_type_0 = MmaudioInput.from_dict(data)

                return componentsschemas_run_input_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_run_input_type_1 = AppInput.from_dict(data)

            return componentsschemas_run_input_type_1

        input_ = _parse_input_(d.pop("input"))

        app = d.pop("app", UNSET)

        app_id = d.pop("app_id", UNSET)

        function = d.pop("function", UNSET)

        _infra = d.pop("infra", UNSET)
        infra: RunRequestInfra | Unset
        if isinstance(_infra, Unset):
            infra = UNSET
        else:
            infra = check_run_request_infra(_infra)

        _metadata = d.pop("metadata", UNSET)
        metadata: RunMetadata | Unset
        if isinstance(_metadata, Unset):
            metadata = UNSET
        else:
            metadata = RunMetadata.from_dict(_metadata)

        _run_at = d.pop("run_at", UNSET)
        run_at: datetime.datetime | Unset
        if isinstance(_run_at, Unset):
            run_at = UNSET
        else:
            run_at = datetime.datetime.fromisoformat(_run_at)

        session = d.pop("session", UNSET)

        session_timeout = d.pop("session_timeout", UNSET)

        _setup = d.pop("setup", UNSET)
        setup: AppSetup | Unset
        if isinstance(_setup, Unset):
            setup = UNSET
        else:
            setup = AppSetup.from_dict(_setup)

        variant = d.pop("variant", UNSET)

        version_id = d.pop("version_id", UNSET)

        webhook = d.pop("webhook", UNSET)

        workers = cast(list[str], d.pop("workers", UNSET))

        run_request = cls(
            input_=input_,
            app=app,
            app_id=app_id,
            function=function,
            infra=infra,
            metadata=metadata,
            run_at=run_at,
            session=session,
            session_timeout=session_timeout,
            setup=setup,
            variant=variant,
            version_id=version_id,
            webhook=webhook,
            workers=workers,
        )

        run_request.additional_properties = d
        return run_request

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
