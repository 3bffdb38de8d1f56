from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.list_filter import ListFilter
    from ..models.list_search import ListSearch
    from ..models.list_sort import ListSort


T = TypeVar("T", bound="CursorListRequest")


@_attrs_define
class CursorListRequest:
    """Which page of a list, and in which order."""

    cursor: str | Unset = UNSET
    """ The `next_cursor` of the page before. """
    direction: str | Unset = UNSET
    """ Which way to go. """
    fields: list[str] | Unset = UNSET
    """ Which fields to give. """
    filters: list[ListFilter] | Unset = UNSET
    """ What to leave out. """
    include_others: bool | Unset = UNSET
    """ Give other people's too. """
    include_private: bool | Unset = UNSET
    """ Give private ones too. """
    limit: int | Unset = UNSET
    """ How many to give at most. """
    permissions: list[str] | Unset = UNSET
    """ Which permissions to ask for. """
    preloads: list[str] | Unset = UNSET
    """ What to give with each. """
    search: ListSearch | Unset = UNSET
    """ Words to look for. """
    sort: list[ListSort] | Unset = UNSET
    """ The order. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        cursor = self.cursor

        direction = self.direction

        fields: list[str] | Unset = UNSET
        if not isinstance(self.fields, Unset):
            fields = self.fields

        filters: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.filters, Unset):
            filters = []
            for filters_item_data in self.filters:
                filters_item = filters_item_data.to_dict()
                filters.append(filters_item)

        include_others = self.include_others

        include_private = self.include_private

        limit = self.limit

        permissions: list[str] | Unset = UNSET
        if not isinstance(self.permissions, Unset):
            permissions = self.permissions

        preloads: list[str] | Unset = UNSET
        if not isinstance(self.preloads, Unset):
            preloads = self.preloads

        search: dict[str, Any] | Unset = UNSET
        if not isinstance(self.search, Unset):
            search = self.search.to_dict()

        sort: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.sort, Unset):
            sort = []
            for sort_item_data in self.sort:
                sort_item = sort_item_data.to_dict()
                sort.append(sort_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if cursor is not UNSET:
            field_dict["cursor"] = cursor
        if direction is not UNSET:
            field_dict["direction"] = direction
        if fields is not UNSET:
            field_dict["fields"] = fields
        if filters is not UNSET:
            field_dict["filters"] = filters
        if include_others is not UNSET:
            field_dict["include_others"] = include_others
        if include_private is not UNSET:
            field_dict["include_private"] = include_private
        if limit is not UNSET:
            field_dict["limit"] = limit
        if permissions is not UNSET:
            field_dict["permissions"] = permissions
        if preloads is not UNSET:
            field_dict["preloads"] = preloads
        if search is not UNSET:
            field_dict["search"] = search
        if sort is not UNSET:
            field_dict["sort"] = sort

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.list_filter import ListFilter  # noqa: PLC0415
        from ..models.list_search import ListSearch  # noqa: PLC0415
        from ..models.list_sort import ListSort  # noqa: PLC0415

        d = dict(src_dict)
        cursor = d.pop("cursor", UNSET)

        direction = d.pop("direction", UNSET)

        fields = cast(list[str], d.pop("fields", UNSET))

        _filters = d.pop("filters", UNSET)
        filters: list[ListFilter] | Unset = UNSET
        if _filters is not UNSET:
            filters = []
            for filters_item_data in _filters:
                filters_item = ListFilter.from_dict(filters_item_data)

                filters.append(filters_item)

        include_others = d.pop("include_others", UNSET)

        include_private = d.pop("include_private", UNSET)

        limit = d.pop("limit", UNSET)

        permissions = cast(list[str], d.pop("permissions", UNSET))

        preloads = cast(list[str], d.pop("preloads", UNSET))

        _search = d.pop("search", UNSET)
        search: ListSearch | Unset
        if isinstance(_search, Unset):
            search = UNSET
        else:
            search = ListSearch.from_dict(_search)

        _sort = d.pop("sort", UNSET)
        sort: list[ListSort] | Unset = UNSET
        if _sort is not UNSET:
            sort = []
            for sort_item_data in _sort:
                sort_item = ListSort.from_dict(sort_item_data)

                sort.append(sort_item)

        cursor_list_request = cls(
            cursor=cursor,
            direction=direction,
            fields=fields,
            filters=filters,
            include_others=include_others,
            include_private=include_private,
            limit=limit,
            permissions=permissions,
            preloads=preloads,
            search=search,
            sort=sort,
        )

        cursor_list_request.additional_properties = d
        return cursor_list_request

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
