from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.create_project_default_workflow import (
    CreateProjectDefaultWorkflow,
    check_create_project_default_workflow,
)
from ..models.visibility import Visibility, check_visibility
from ..types import UNSET, Unset

T = TypeVar("T", bound="CreateProject")


@_attrs_define
class CreateProject:
    """A project to create."""

    name: str
    """ Its name. """
    default_workflow: CreateProjectDefaultWorkflow | Unset = UNSET
    """ What it opens with. """
    id: UUID | Unset = UNSET
    """ An id of one's own. """
    mode: str | Unset = UNSET
    """ `CREATOR` if left out; others are not published. """
    visibility: Visibility | Unset = UNSET
    """ Who sees it. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        default_workflow: str | Unset = UNSET
        if not isinstance(self.default_workflow, Unset):
            default_workflow = self.default_workflow

        id: str | Unset = UNSET
        if not isinstance(self.id, Unset):
            id = str(self.id)

        mode = self.mode

        visibility: str | Unset = UNSET
        if not isinstance(self.visibility, Unset):
            visibility = self.visibility

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "name": name,
            }
        )
        if default_workflow is not UNSET:
            field_dict["defaultWorkflow"] = default_workflow
        if id is not UNSET:
            field_dict["id"] = id
        if mode is not UNSET:
            field_dict["mode"] = mode
        if visibility is not UNSET:
            field_dict["visibility"] = visibility

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        _default_workflow = d.pop("defaultWorkflow", UNSET)
        default_workflow: CreateProjectDefaultWorkflow | Unset
        if isinstance(_default_workflow, Unset):
            default_workflow = UNSET
        else:
            default_workflow = check_create_project_default_workflow(_default_workflow)

        _id = d.pop("id", UNSET)
        id: UUID | Unset
        if isinstance(_id, Unset):
            id = UNSET
        else:
            id = UUID(_id)

        mode = d.pop("mode", UNSET)

        _visibility = d.pop("visibility", UNSET)
        visibility: Visibility | Unset
        if isinstance(_visibility, Unset):
            visibility = UNSET
        else:
            visibility = check_visibility(_visibility)

        create_project = cls(
            name=name,
            default_workflow=default_workflow,
            id=id,
            mode=mode,
            visibility=visibility,
        )

        create_project.additional_properties = d
        return create_project

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
