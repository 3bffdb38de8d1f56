from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.app_input import AppInput
    from ..models.mmaudio_input import MmaudioInput


T = TypeVar("T", bound="EstimateRequest")


@_attrs_define
class EstimateRequest:
    """The run to estimate."""

    input_: AppInput | MmaudioInput
    """ The input of an app; that of infsh/mmaudio, or of another one. """
    function: str | Unset = UNSET
    """ Which of the app's functions to run. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.mmaudio_input import MmaudioInput  # noqa: PLC0415

        input_: dict[str, Any]
        if isinstance(self.input_, MmaudioInput):
            input_ = self.input_.to_dict()
        else:
            input_ = self.input_.to_dict()

        function = self.function

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "input": input_,
            }
        )
        if function is not UNSET:
            field_dict["function"] = function

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.app_input import AppInput  # noqa: PLC0415
        from ..models.mmaudio_input import MmaudioInput  # noqa: PLC0415

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

        function = d.pop("function", UNSET)

        estimate_request = cls(
            input_=input_,
            function=function,
        )

        estimate_request.additional_properties = d
        return estimate_request

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
