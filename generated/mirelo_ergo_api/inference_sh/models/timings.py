from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.free_object_type_0 import FreeObjectType0


T = TypeVar("T", bound="Timings")


@_attrs_define
class Timings:
    """How long each step took."""

    events: list[FreeObjectType0 | None] | None | Unset = UNSET
    """ The changes of status. """
    groups: list[FreeObjectType0 | None] | None | Unset = UNSET
    """ The steps. """
    status: int | str | Unset = UNSET
    """ A number or a name. """
    task_id: None | str | Unset = UNSET
    """ The task's id. """
    total_duration: None | str | Unset = UNSET
    """ All of it, for people. """
    total_duration_ms: int | None | Unset = UNSET
    """ All of it in ms. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.free_object_type_0 import FreeObjectType0  # noqa: PLC0415

        events: list[dict[str, Any] | None] | None | Unset
        if isinstance(self.events, Unset):
            events = UNSET
        elif isinstance(self.events, list):
            events = []
            for events_type_0_item_data in self.events:
                events_type_0_item: dict[str, Any] | None
                if isinstance(events_type_0_item_data, FreeObjectType0):
                    events_type_0_item = events_type_0_item_data.to_dict()
                else:
                    events_type_0_item = events_type_0_item_data
                events.append(events_type_0_item)

        else:
            events = self.events

        groups: list[dict[str, Any] | None] | None | Unset
        if isinstance(self.groups, Unset):
            groups = UNSET
        elif isinstance(self.groups, list):
            groups = []
            for groups_type_0_item_data in self.groups:
                groups_type_0_item: dict[str, Any] | None
                if isinstance(groups_type_0_item_data, FreeObjectType0):
                    groups_type_0_item = groups_type_0_item_data.to_dict()
                else:
                    groups_type_0_item = groups_type_0_item_data
                groups.append(groups_type_0_item)

        else:
            groups = self.groups

        status: int | str | Unset
        if isinstance(self.status, Unset):
            status = UNSET
        else:
            status = self.status

        task_id: None | str | Unset
        if isinstance(self.task_id, Unset):
            task_id = UNSET
        else:
            task_id = self.task_id

        total_duration: None | str | Unset
        if isinstance(self.total_duration, Unset):
            total_duration = UNSET
        else:
            total_duration = self.total_duration

        total_duration_ms: int | None | Unset
        if isinstance(self.total_duration_ms, Unset):
            total_duration_ms = UNSET
        else:
            total_duration_ms = self.total_duration_ms

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if events is not UNSET:
            field_dict["events"] = events
        if groups is not UNSET:
            field_dict["groups"] = groups
        if status is not UNSET:
            field_dict["status"] = status
        if task_id is not UNSET:
            field_dict["task_id"] = task_id
        if total_duration is not UNSET:
            field_dict["total_duration"] = total_duration
        if total_duration_ms is not UNSET:
            field_dict["total_duration_ms"] = total_duration_ms

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.free_object_type_0 import FreeObjectType0  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_events(data: object) -> list[FreeObjectType0 | None] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                events_type_0 = []
                _events_type_0 = data
                for events_type_0_item_data in _events_type_0:

                    def _parse_events_type_0_item(
                        data: object,
                    ) -> FreeObjectType0 | None:
                        if data is None:
                            return data
                        try:
                            if not isinstance(data, dict):
                                raise TypeError()
                            componentsschemas_free_object_type_0 = (
                                FreeObjectType0.from_dict(data)
                            )

                            return componentsschemas_free_object_type_0
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        return cast(FreeObjectType0 | None, data)

                    events_type_0_item = _parse_events_type_0_item(
                        events_type_0_item_data
                    )

                    events_type_0.append(events_type_0_item)

                return events_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[FreeObjectType0 | None] | None | Unset, data)

        events = _parse_events(d.pop("events", UNSET))

        def _parse_groups(data: object) -> list[FreeObjectType0 | None] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                groups_type_0 = []
                _groups_type_0 = data
                for groups_type_0_item_data in _groups_type_0:

                    def _parse_groups_type_0_item(
                        data: object,
                    ) -> FreeObjectType0 | None:
                        if data is None:
                            return data
                        try:
                            if not isinstance(data, dict):
                                raise TypeError()
                            componentsschemas_free_object_type_0 = (
                                FreeObjectType0.from_dict(data)
                            )

                            return componentsschemas_free_object_type_0
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        return cast(FreeObjectType0 | None, data)

                    groups_type_0_item = _parse_groups_type_0_item(
                        groups_type_0_item_data
                    )

                    groups_type_0.append(groups_type_0_item)

                return groups_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[FreeObjectType0 | None] | None | Unset, data)

        groups = _parse_groups(d.pop("groups", UNSET))

        def _parse_status(data: object) -> int | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(int | str | Unset, data)

        status = _parse_status(d.pop("status", UNSET))

        def _parse_task_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        task_id = _parse_task_id(d.pop("task_id", UNSET))

        def _parse_total_duration(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        total_duration = _parse_total_duration(d.pop("total_duration", UNSET))

        def _parse_total_duration_ms(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        total_duration_ms = _parse_total_duration_ms(d.pop("total_duration_ms", UNSET))

        timings = cls(
            events=events,
            groups=groups,
            status=status,
            task_id=task_id,
            total_duration=total_duration,
            total_duration_ms=total_duration_ms,
        )

        timings.additional_properties = d
        return timings

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
