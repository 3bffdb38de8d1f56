"""The ledger of a batch: an SQL database that records for each item what was sent, received and charged.

It is a SQLite file (WAL) or a PostgreSQL database by URL, both through SQLAlchemy Core. Every function takes a
`Connection` of one transaction (`ledger.write()` or `ledger.read()`) and has no other state. The caller passes the
time, preferably `now(connection)`, which is the database server's clock. Several steps may share one transaction.

    with open_ledger("sfx.db") as ledger, ledger.write() as connection:
        for entry in claim(connection, "host/4711/ab12", now(connection), limit=16):
            ...

**The states.** `planned` → `intended` → `submitted` → `succeeded` | `failed` | `unknown` | `refused`.

| step | from → to | money | when |
|---|---|---|---|
| `add` | removed → planned, → planned | | |
| `add` with a `sheet` | planned → removed | | when its row has left the sheet |
| `claim`, `claim_item` | (any except final states and unknown) | | a lease and a new fence |
| `intend` | planned → intended | price reserved, or `CapReachedError` | committed **before** the request leaves |
| `submitted` | intended → submitted | | committed as soon as the job's token is known |
| `succeeded` | submitted → succeeded | reservation → charge | when every file is complete under its name |
| `failed` | → failed, or planned (removed, if it left) with `retry_at` | returned if not charged, else a charge | |
| `refuse_planned` | planned → refused | | the item is wrong, and no worker has started it |
| `refused` | → refused | returned | the service refused it for good, or the request is wrong |
| `unknown` | intended → unknown | stays reserved | the outcome of the request is unknown |
| `reused` | planned → succeeded | | another ledger's result was reused |
| `resubmit` | unknown, failed, refused → planned | counted as charged | a person's decision |
| `drop`, `drop_all` | (any except final states) → failed; reopened → succeeded | as charged | a person's decision |
| `reopen` | succeeded → submitted | the charge stays | its files are gone, and its job still has them |
| `keep` | submitted → succeeded | the charge stays | it was reopened, and its job has them no more |
| `use_token` | unknown, submitted → submitted | stays reserved | a person's decision |

**Fences.** Each claim increases the item's fence, a number. A write needs the fence of the last claim; with another one
it raises `FenceLostError` and changes nothing: then stop, and send nothing more. `intend` also needs a lease that has
not ended. `check` only checks: use it right before a paid request if time has passed since its intent. A lease lasts
`LEASE_S`; `renew` extends the leases of all items of a worker, three times within that.

**Take-over.** An item that is `intended` after a claim was begun by another worker that is gone: its request may have
been sent. With a `key` it is sent again with the same key. Without one, its job is searched for in the service's list,
if there is one and exactly one job matches; otherwise it becomes `unknown`. It is never sent as a new request. A worker
that was only suspended may still report the outcome (`submitted`, `failed`, `refused`) while the item is unknown. The
item is then free, and that worker's claim has ended: compare `entry.worker`.

**Repeated delivery.** `claim_item` returns None for an item that a worker holds, that has ended, or that a person has
to decide. So a queue may deliver an item any number of times.

**Money.** Amounts are whole millionths of a credit or a dollar. `reserve` is one conditional statement on the row of
its currency, so that charged + reserved never exceed the cap, with any number of workers.

A ledger contains no secrets: arguments with pre-signed URLs are refused before, tokens and keys of requests contain no
credentials, and errors are the client's messages without secrets.
"""

from __future__ import annotations

from .adding import REPLACEABLE, Added, NewItem, add, known_names, plan
from .claims import (
    LEASE_S,
    check,
    claim,
    claim_item,
    claimable,
    holders,
    release,
    release_item,
    release_worker,
    renew,
)
from .money import MILLION, Budget, Currency, capped, format_amount, read_budgets, set_cap, to_millionths
from .opening import Ledger, now, open_ledger
from .origin import address_of, bind, check_address
from .outcomes import REOPENED, Reason, failed, intend, refuse_planned, refused, reused, submitted, succeeded, unknown
from .reading import (
    counts,
    is_unplanned,
    job_tokens,
    left_out,
    next_free,
    pending,
    read_item,
    read_items,
    saved_by_reuse,
    services_left,
    twins,
    unplanned,
)
from .resolving import drop, drop_all, keep, reopen, resubmit, use_token
from .rows import Entry, SavedFile
from .schema import ENDED, STATES, VERSION, State

__all__ = [
    "ENDED",
    "LEASE_S",
    "MILLION",
    "REOPENED",
    "REPLACEABLE",
    "STATES",
    "VERSION",
    "Added",
    "Budget",
    "Currency",
    "Entry",
    "Ledger",
    "NewItem",
    "Reason",
    "SavedFile",
    "State",
    "add",
    "address_of",
    "bind",
    "capped",
    "check",
    "check_address",
    "claim",
    "claim_item",
    "claimable",
    "counts",
    "drop",
    "drop_all",
    "failed",
    "format_amount",
    "holders",
    "intend",
    "is_unplanned",
    "job_tokens",
    "keep",
    "known_names",
    "left_out",
    "next_free",
    "now",
    "open_ledger",
    "pending",
    "plan",
    "read_budgets",
    "read_item",
    "read_items",
    "refuse_planned",
    "refused",
    "release",
    "release_item",
    "release_worker",
    "renew",
    "reopen",
    "resubmit",
    "reused",
    "saved_by_reuse",
    "services_left",
    "set_cap",
    "submitted",
    "succeeded",
    "to_millionths",
    "twins",
    "unknown",
    "unplanned",
    "use_token",
]
