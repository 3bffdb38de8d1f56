"""The faults with a button on the page: one for each kind, with example parameters."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import attrs

from mirelo_ergo.emulator.faults.kinds import (
    AssetNotReady,
    BadJson,
    BufferedStream,
    CutBody,
    CutStream,
    Drip,
    EndStream,
    ExpiredResultUrl,
    ExpiredUploadUrl,
    FailedJob,
    HeartbeatsOnly,
    HtmlPage,
    InFlight,
    KeyForgotten,
    Latency,
    LostResults,
    NoAnswer,
    PolicyExpired,
    RateLimit,
    Reset,
    SlowUpload,
    Status,
    StuckJob,
    WrongEstimate,
)

if TYPE_CHECKING:
    from mirelo_ergo.emulator.faults.kinds import Fault


@attrs.frozen
class Preset:
    """A button. `operation` is its operation; None: the one chosen in the form."""

    label: str
    fault: Fault
    operation: str | None = None

    @property
    def about(self) -> str:
        """A sentence that says what the fault does."""
        return (inspect.getdoc(type(self.fault)) or "").split("\n")[0]


CALLS = {
    "latency": Preset("2 s late", Latency(2)),
    "unavailable": Preset("503, try again", Status(503, retry_after=1)),
    "failed": Preset("500", Status(500)),
    "failed-after": Preset("500, but done", Status(500, when="after")),
    "reset": Preset("Reset", Reset()),
    "reset-after": Preset("Reset, but done", Reset("after")),
    "no-answer": Preset("No answer", NoAnswer()),
    "cut-body": Preset("Cut body", CutBody(after_bytes=20)),
    "drip": Preset("Drip", Drip()),
    "bad-json": Preset("Bad JSON", BadJson()),
    "html-page": Preset("HTML page", HtmlPage()),
    "rate-limit": Preset("One a second", RateLimit(per_s=1)),
}
KEYED = {
    "in-flight": Preset("In flight", InFlight(), "generate"),
    "key-forgotten": Preset("Key forgotten", KeyForgotten(), "generate"),
    "asset-not-ready": Preset("File not ready", AssetNotReady(), "generate"),
}
STREAMS = {
    "cut-stream": Preset("Cut", CutStream(inside=True), "stream"),
    "end-stream": Preset("Ends early", EndStream(), "stream"),
    "heartbeats": Preset("Heartbeats only", HeartbeatsOnly(), "stream"),
    "buffered-stream": Preset("Held back", BufferedStream(), "stream"),
}
JOBS = {
    "failed-job": Preset("Fails", FailedJob(), "generate"),
    "stuck-job": Preset("Never ends", StuckJob(), "generate"),
    "lost-results": Preset("Loses a result", LostResults(), "generate"),
    "wrong-estimate": Preset("Estimate of a tenth", WrongEstimate(0.1), "generate"),
}
TRANSFERS = {
    "slow-upload": Preset("Slow upload", SlowUpload(32 << 10), "upload"),
    "expired-upload": Preset("Upload URL expired", ExpiredUploadUrl(), "upload"),
    "policy-expired": Preset("Upload form expired", PolicyExpired(), "upload"),
    "expired-result": Preset("Result URL expired", ExpiredResultUrl(), "result"),
}
SETS = {
    "The next call": CALLS,
    "The next submit": KEYED,
    "The next job": JOBS,
    "The next transfer": TRANSFERS,
    "The next stream": STREAMS,
}
PRESETS = {name: preset for each in SETS.values() for name, preset in each.items()}
