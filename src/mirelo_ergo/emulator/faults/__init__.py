"""Fault injection: the faults (`Status`, `Reset`, …), where and how often they happen (`Rule`), and sets (`Scenario`).

::

    emu.fail_next("submit", faults.Status(503, retry_after=1))
    emu.add_fault(faults.Rule("poll", faults.Reset(), every=3))
    emu.play("flaky")
"""

from mirelo_ergo.emulator.faults.kinds import (
    KINDS,
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
    Fault,
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
from mirelo_ergo.emulator.faults.plan import ActiveFault, Rule
from mirelo_ergo.emulator.faults.scenario import Scenario

__all__ = [
    "KINDS",
    "ActiveFault",
    "AssetNotReady",
    "BadJson",
    "BufferedStream",
    "CutBody",
    "CutStream",
    "Drip",
    "EndStream",
    "ExpiredResultUrl",
    "ExpiredUploadUrl",
    "FailedJob",
    "Fault",
    "HeartbeatsOnly",
    "HtmlPage",
    "InFlight",
    "KeyForgotten",
    "Latency",
    "LostResults",
    "NoAnswer",
    "PolicyExpired",
    "RateLimit",
    "Reset",
    "Rule",
    "Scenario",
    "SlowUpload",
    "Status",
    "StuckJob",
    "WrongEstimate",
]
