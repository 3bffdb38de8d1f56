"""Paid requests: under faults nobody may be charged twice, and against a rate limit nobody may flood the service."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from typing import Any

from bench.children import OURS, VENDOR, Child
from bench.figures import NO_PEER, Figure, Group

FAULT_SHARE = 0.05
ATTEMPT = 0.5
"""Seconds that one attempt may be silent, on both sides."""
LIMIT = 20.0
DUPLICATES = "duplicate charges"


def measure_charges(quick: bool) -> Group:
    """Submit under the fault mix, each side against the same seeded server; the server counts charges by prompt."""
    submits, clients, threads = (500, 20, 20) if quick else (10_000, 250, 48)
    work = {"submits": submits, "clients": clients, "threads": threads, "timeout": ATTEMPT}
    runs = {
        "ours": ("ours_submits", OURS, work),
        "retries=0": ("vendor", VENDOR, {**work, "retries": 0}),
        "retries=3": ("vendor", VENDOR, {**work, "retries": 3}),
    }
    rows: dict[str, dict[str, int]] = {}
    with Child("api") as api:
        url = api.do("serve")
        for name, (module, python, arguments) in runs.items():
            api.do("reset", fault_share=FAULT_SHARE)
            with Child(module, python) as child:
                outcomes = child.do("submit", url=url, **arguments)
            assert len(outcomes) == submits, f"{name}: {len(outcomes)} of {submits} submits have an outcome"
            rows[name] = _count(outcomes, api.do("counts"))
    ours = rows.pop("ours")
    figures = []
    for key, count in ours.items():
        theirs = " · ".join(f"{row[key]:,} ({name})" for name, row in rows.items())
        target, met = ("0", count == 0) if key == DUPLICATES else (NO_PEER, None)
        figures.append(Figure(key, f"{count:,}", theirs, target=target, met=met))
    return Group(
        "Charges under faults",
        f"{submits:,} submits over loopback, {clients} clients, {threads} threads; on {FAULT_SHARE:.0%} of the "
        "requests each: reset after the whole request, bare 504, no answer (these three after the charge), 429, 503 "
        f"with Retry-After (these two before it). One attempt may be silent for {ATTEMPT} s and the first pause is "
        "0.1 s on both sides. The peer is the vendor's SDK. Nobody can get the answer of a lost submit back: what "
        "differs is whether it is paid for again, and whether the caller hears that it may have been paid for.",
        figures,
    )


def measure_keyed(quick: bool) -> Group:
    """Submit under idempotency keys and the same fault mix; what is unknown is sent again by its key."""
    submits, clients, threads = (500, 20, 20) if quick else (10_000, 250, 48)
    work = {"submits": submits, "clients": clients, "threads": threads, "timeout": ATTEMPT}
    with Child("api") as api, Child("ours_submits", OURS) as child:
        url = api.do("serve")
        api.do("reset", fault_share=FAULT_SHARE)
        outcomes = child.do("keyed", url=url, **work)
        counts = api.do("counts")
    assert len(outcomes) == submits, f"{len(outcomes)} of {submits} submits have an outcome"
    total = Counter(outcomes.values())
    duplicates = sum(count - 1 for count in counts["charges"].values())
    unpaid = submits - len(counts["charges"])
    again = total["accepted once resubmitted"]
    return Group(
        "Charges under faults, with keys",
        f"{submits:,} creates of Mirelo v3 under the fault mix of the charges above; each has an idempotency key, and "
        "what is unknown after six attempts is sent again from its error, up to five times.",
        [
            Figure(DUPLICATES, f"{duplicates:,}", target="0", met=duplicates == 0),
            Figure("outcome unknown once resubmitted", f"{total['unknown']:,}", target="0", met=not total["unknown"]),
            Figure("accepted", f"{total['accepted'] + again:,}", ratio=f"{again:,} resubmitted"),
            Figure("another error", f"{total['raised']:,}", ratio=f"{unpaid:,} not charged"),
            Figure("requests", f"{counts['submits']:,}"),
        ],
    )


def _count(outcomes: dict[str, str], seen: dict[str, Any]) -> dict[str, int]:
    charges: dict[str, int] = seen["charges"]
    charged = Counter(outcome for prompt, outcome in outcomes.items() if charges.get(prompt))
    total = Counter(outcomes.values())
    bad = charged["raised"] + charged["escaped"]
    return {
        DUPLICATES: sum(count - 1 for count in charges.values()),
        "submits charged more than once": sum(count > 1 for count in charges.values()),
        "accepted": total["accepted"],
        "outcome unknown, and said so": total["unknown"],
        "another error, not charged": total["raised"] + total["escaped"] - bad,
        "another error, although charged": bad,
        "requests": seen["submits"],
    }


def measure_pacing(quick: bool) -> Group:
    """Submit at once what takes the limiter half a minute; both colours at the same time, each with its own server."""
    submits = 100 if quick else 500
    sides = {"ours, threads": ("ours_submits", OURS, "burst"), "ours, tasks": ("ours_submits", OURS, "burst_async")}
    sides["vendor"] = ("vendor", VENDOR, "burst")
    done = {}
    with ExitStack() as stack:
        running = {}
        for name, (module, python, command) in sides.items():
            api, child = stack.enter_context(Child("api")), stack.enter_context(Child(module, python))
            url = api.do("serve")
            api.do("reset", limit=LIMIT)
            child.start(command, url=url, submits=submits)
            running[name] = child, api
        for name, (child, api) in running.items():
            done[name] = child.result(), api.do("counts")
    ideal = submits / LIMIT
    figures = []
    accepted, seen = done["vendor"]
    theirs = f"{seen['submits']:,} calls, {accepted} accepted (the vendor's SDK, retries=3)"
    for name in ("ours, threads", "ours, tasks"):
        accepted, seen = done[name]
        calls, seconds = seen["submits"], seen["seconds"]
        figures += [
            Figure(
                f"{submits} submits, {name.partition(', ')[2]}: calls made ({accepted} accepted)",
                f"{calls:,}",
                theirs,
                f"{calls / submits:.2f} per submit",
                "all accepted, ≤ 1.2 per submit",
                accepted == submits and calls <= 1.2 * submits,
            ),
            Figure(f"the same: from the first call to the last (limit: {ideal:.0f} s)", f"{seconds:.1f} s"),
        ]
    return Group(
        "Pacing",
        f"{submits} submits at once through one client against a limiter of {LIMIT:.0f} a second (token bucket, a "
        "burst of 20, 429 with Retry-After: 1), real sockets; a thread or a task each.",
        figures,
    )
