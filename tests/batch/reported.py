"""Items of a ledger as the report gets them."""

from __future__ import annotations

from typing import Any

STATES = ("succeeded", "failed", "unknown", "planned", "submitted", "refused")
NOW = 1_800_000_000.0


def item(number: int, **changes: Any) -> dict[str, Any]:
    """Return an item as `Entry.to_dict` gives it; its state goes round, unless it is among the changes."""
    state = changes.get("state", STATES[number % 6])
    trouble = {"type": "JobFailedError", "code": "failed", "message": f"nothing came of shot {number}"}
    usual = {
        "id": f"shot-{number}",
        "line": number,
        "service": "mirelo",
        "operation": "text_to_sfx",
        "arguments": {"prompt": f"rain on roof {number}", "duration_ms": 2000},
        "take": 1,
        "state": state,
        "attempts": 1,
        "files": [{"name": f"shot-{number}.wav", "size": 3, "sha256": "0" * 64}] if state == "succeeded" else [],
        "token": "mjt1.secret" if state != "planned" else None,
        "currency": "credits",
        "price": 4.0,
        "charged": float(number) if state == "succeeded" else 0.0,
        "reused": None,
        "error": trouble if state in ("failed", "refused", "unknown") else None,
        "submitted_at": NOW,
        "ended_at": NOW + number if state == "succeeded" else None,
    }
    return {**usual, **changes}
