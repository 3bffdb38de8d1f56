"""What account, preflight and upload give back, and how that is read: tolerantly, the few fields that matter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from .._runtime.api.answers import Unusable, integer_field, read_object, text_field, tolerant_integer
from .._runtime.io.protocol import Reply
from .._runtime.plain import Plain
from .._runtime.redact import SignedUrl, log


@attrs.frozen
class CreditRecovery(Plain):
    """The missing credits, and how to get them. Attributes that the service does not give are None."""

    credits_required: int | None = None
    credits_available: int | None = None
    credit_shortfall: int | None = None
    recovery_action: str | None = None
    recovery_url: str | None = None
    provisioning_state: str | None = None

    @property
    def nothing_missing(self) -> bool:
        """Whether nothing is missing: no shortfall, the account is ready, and no action is needed."""
        ready = self.provisioning_state == "ready"
        return self.credit_shortfall == 0 and ready and self.recovery_action is None


@attrs.frozen
class MeResult(Plain):
    """An account: its id, e-mail address, credits left (whole credits), and whether the balance may be negative."""

    id: str
    email: str
    credits_available: int
    overage_enabled: bool | None
    """None if the account's API does not give it."""
    spend_capacity: int | None = None
    """The credits that may be spent in all; None if not given."""
    recovery: CreditRecovery | None = None
    """What the account needs to continue; None if not given."""


@attrs.frozen
class PreflightResult(Plain):
    """The exact cost of a generation in credits, and its estimated time in ms (about 98 % take less).

    `estimated_ms` is 30000 if the service gave none.
    """

    credits: int
    estimated_ms: int
    credit_recovery: CreditRecovery | None = None
    """The missing credits; None if the API does not give them."""

    @property
    def affordable(self) -> bool | None:
        """Whether the account can pay for it, None if the API does not say."""
        return None if self.credit_recovery is None else self.credit_recovery.nothing_missing


def read_recovery(fields: Mapping[str, Any]) -> CreditRecovery:
    """Read the missing credits from an object."""

    def text(name: str) -> str | None:
        value = fields.get(name)
        return value if isinstance(value, str) else None

    return CreditRecovery(
        tolerant_integer(fields.get("credits_required")),
        tolerant_integer(fields.get("credits_available")),
        tolerant_integer(fields.get("credit_shortfall")),
        text("recovery_action"),
        text("recovery_url"),
        text("provisioning_state"),
    )


def read_me(reply: Reply) -> MeResult:
    """Read GET /v2/me."""
    fields = read_object(reply)
    return MeResult(
        text_field(fields, "id"),
        str(fields.get("email") or ""),
        integer_field(fields, "credits_available"),
        fields.get("overage_enabled") is True,
    )


def read_preflight(reply: Reply) -> PreflightResult:
    """Read a preflight; raises `Unusable` if the cost is not a whole number of credits from 0 on."""
    fields = read_object(reply)
    result = preflight_of(fields, None)
    if tolerant_integer(fields.get("estimated_ms")) is None:
        log.warning("the service gave no estimate with its preflight; 30 s are assumed")
    return result


def preflight_of(fields: Mapping[str, Any], recovery: CreditRecovery | None) -> PreflightResult:
    """Return the preflight in an answer; raises `Unusable` if the cost is not a whole number of credits from 0 on."""
    cost = integer_field(fields, "credits")
    if cost < 0:
        raise Unusable(f"the answer's field 'credits' is {cost}, which is not a cost")
    estimated_ms = tolerant_integer(fields.get("estimated_ms"))
    return PreflightResult(cost, 30_000 if estimated_ms is None else estimated_ms, recovery)


def read_asset(reply: Reply) -> tuple[str, str]:
    """Read POST /v2/assets: the asset id and its upload URL."""
    fields = read_object(reply)
    return text_field(fields, "asset_id"), SignedUrl(text_field(fields, "upload_url"))
