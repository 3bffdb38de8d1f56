from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.credit_recovery import CreditRecovery
    from ..models.planned_output import PlannedOutput


T = TypeVar("T", bound="Preflight")


@_attrs_define
class Preflight:
    """What a generation would cost."""

    credits_: int
    """ The price in credits. """
    billing_mode: None | str | Unset = UNSET
    """ How it is billed. """
    credit_recovery: CreditRecovery | Unset = UNSET
    """ What is missing, and how to get it. """
    estimated_ms: int | None | Unset = UNSET
    """ How long it would take in ms. """
    outputs: list[PlannedOutput] | None | Unset = UNSET
    """ What would be made. """
    plan_expires_at: None | str | Unset = UNSET
    """ Until when the plan holds. """
    plan_id: None | str | Unset = UNSET
    """ The id of this plan. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        credits_ = self.credits_

        billing_mode: None | str | Unset
        if isinstance(self.billing_mode, Unset):
            billing_mode = UNSET
        else:
            billing_mode = self.billing_mode

        credit_recovery: dict[str, Any] | Unset = UNSET
        if not isinstance(self.credit_recovery, Unset):
            credit_recovery = self.credit_recovery.to_dict()

        estimated_ms: int | None | Unset
        if isinstance(self.estimated_ms, Unset):
            estimated_ms = UNSET
        else:
            estimated_ms = self.estimated_ms

        outputs: list[dict[str, Any]] | None | Unset
        if isinstance(self.outputs, Unset):
            outputs = UNSET
        elif isinstance(self.outputs, list):
            outputs = []
            for outputs_type_0_item_data in self.outputs:
                outputs_type_0_item = outputs_type_0_item_data.to_dict()
                outputs.append(outputs_type_0_item)

        else:
            outputs = self.outputs

        plan_expires_at: None | str | Unset
        if isinstance(self.plan_expires_at, Unset):
            plan_expires_at = UNSET
        else:
            plan_expires_at = self.plan_expires_at

        plan_id: None | str | Unset
        if isinstance(self.plan_id, Unset):
            plan_id = UNSET
        else:
            plan_id = self.plan_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "credits": credits_,
            }
        )
        if billing_mode is not UNSET:
            field_dict["billing_mode"] = billing_mode
        if credit_recovery is not UNSET:
            field_dict["credit_recovery"] = credit_recovery
        if estimated_ms is not UNSET:
            field_dict["estimated_ms"] = estimated_ms
        if outputs is not UNSET:
            field_dict["outputs"] = outputs
        if plan_expires_at is not UNSET:
            field_dict["plan_expires_at"] = plan_expires_at
        if plan_id is not UNSET:
            field_dict["plan_id"] = plan_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.credit_recovery import CreditRecovery  # noqa: PLC0415
        from ..models.planned_output import PlannedOutput  # noqa: PLC0415

        d = dict(src_dict)
        credits_ = d.pop("credits")

        def _parse_billing_mode(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        billing_mode = _parse_billing_mode(d.pop("billing_mode", UNSET))

        _credit_recovery = d.pop("credit_recovery", UNSET)
        credit_recovery: CreditRecovery | Unset
        if isinstance(_credit_recovery, Unset):
            credit_recovery = UNSET
        else:
            credit_recovery = CreditRecovery.from_dict(_credit_recovery)

        def _parse_estimated_ms(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        estimated_ms = _parse_estimated_ms(d.pop("estimated_ms", UNSET))

        def _parse_outputs(data: object) -> list[PlannedOutput] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                outputs_type_0 = []
                _outputs_type_0 = data
                for outputs_type_0_item_data in _outputs_type_0:
                    outputs_type_0_item = PlannedOutput.from_dict(
                        outputs_type_0_item_data
                    )

                    outputs_type_0.append(outputs_type_0_item)

                return outputs_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[PlannedOutput] | None | Unset, data)

        outputs = _parse_outputs(d.pop("outputs", UNSET))

        def _parse_plan_expires_at(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        plan_expires_at = _parse_plan_expires_at(d.pop("plan_expires_at", UNSET))

        def _parse_plan_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        plan_id = _parse_plan_id(d.pop("plan_id", UNSET))

        preflight = cls(
            credits_=credits_,
            billing_mode=billing_mode,
            credit_recovery=credit_recovery,
            estimated_ms=estimated_ms,
            outputs=outputs,
            plan_expires_at=plan_expires_at,
            plan_id=plan_id,
        )

        preflight.additional_properties = d
        return preflight

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
