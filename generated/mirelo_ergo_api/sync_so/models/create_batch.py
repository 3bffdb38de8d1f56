from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import types
from ..models.create_batch_dry_run import CreateBatchDryRun, check_create_batch_dry_run
from ..types import UNSET, File, Unset

T = TypeVar("T", bound="CreateBatch")


@_attrs_define
class CreateBatch:
    """A batch to create."""

    input_: File
    """ The file of requests, whose name ends in .jsonl. """
    dry_run: CreateBatchDryRun | Unset = UNSET
    """ Check only. """
    webhook_url: str | Unset = UNSET
    """ Where to call back, by https. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        input_ = self.input_.to_tuple()

        dry_run: str | Unset = UNSET
        if not isinstance(self.dry_run, Unset):
            dry_run = self.dry_run

        webhook_url = self.webhook_url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "input": input_,
            }
        )
        if dry_run is not UNSET:
            field_dict["dry_run"] = dry_run
        if webhook_url is not UNSET:
            field_dict["webhook_url"] = webhook_url

        return field_dict

    def to_multipart(self) -> types.RequestFiles:
        files: types.RequestFiles = []

        files.append(("input", self.input_.to_tuple()))

        if not isinstance(self.dry_run, Unset):
            files.append(("dry_run", (None, str(self.dry_run).encode(), "text/plain")))

        if not isinstance(self.webhook_url, Unset):
            files.append(
                ("webhook_url", (None, str(self.webhook_url).encode(), "text/plain"))
            )

        for prop_name, prop in self.additional_properties.items():
            files.append((prop_name, (None, str(prop).encode(), "text/plain")))

        return files

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        input_ = File(payload=BytesIO(d.pop("input")))

        _dry_run = d.pop("dry_run", UNSET)
        dry_run: CreateBatchDryRun | Unset
        if isinstance(_dry_run, Unset):
            dry_run = UNSET
        else:
            dry_run = check_create_batch_dry_run(_dry_run)

        webhook_url = d.pop("webhook_url", UNSET)

        create_batch = cls(
            input_=input_,
            dry_run=dry_run,
            webhook_url=webhook_url,
        )

        create_batch.additional_properties = d
        return create_batch

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
