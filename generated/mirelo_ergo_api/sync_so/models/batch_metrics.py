from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="BatchMetrics")


@_attrs_define
class BatchMetrics:
    """How many generations of a batch are where."""

    failed_count: int
    """ Failed ones. """
    pending_count: int
    """ Those that are still to come. """
    success_count: int
    """ Completed ones. """
    total_generations: int
    """ All of them. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        failed_count = self.failed_count

        pending_count = self.pending_count

        success_count = self.success_count

        total_generations = self.total_generations

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "failed_count": failed_count,
                "pending_count": pending_count,
                "success_count": success_count,
                "total_generations": total_generations,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        failed_count = d.pop("failed_count")

        pending_count = d.pop("pending_count")

        success_count = d.pop("success_count")

        total_generations = d.pop("total_generations")

        batch_metrics = cls(
            failed_count=failed_count,
            pending_count=pending_count,
            success_count=success_count,
            total_generations=total_generations,
        )

        batch_metrics.additional_properties = d
        return batch_metrics

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
