"""The ledger of a batch: one SQL database that says of each item what was sent, what came, and what it cost.

A SQLite file (WAL) or a PostgreSQL by URL, both through SQLAlchemy Core. Every function takes a `Connection` of one
transaction (`ledger.write()` or `ledger.read()`) and nothing else that has a state; the caller gives the time, best
`now(connection)`, which is the database's own clock where it has one. Several steps may share one transaction.

    with open_ledger("sfx.db") as ledger, ledger.write() as connection:
        for entry in claim(connection, "host/4711/ab12", now(connection), limit=16):
            ...

**The states.** `planned` → `intended` → `submitted` → `succeeded` | `failed` | `unknown` | `refused`.

| step | from → to | money | when |
|---|---|---|---|
| `add` | → planned | | |
| `claim`, `claim_item` | (any that is not ended or unknown) | | a lease and a new fence |
| `intend` | planned → intended | price reserved, or `CapReachedError` | committed **before** the request leaves |
| `submitted` | intended → submitted | | committed at once when the job's token is known |
| `succeeded` | submitted → succeeded | reservation → charge | when every file is whole in its place |
| `failed` | → failed, or planned with `retry_at` | given back where not charged, else a charge | |
| `refused` | → refused | given back | the service said no for good, or the request is wrong |
| `unknown` | intended → unknown | stays reserved | an intent whose outcome nobody can tell |
| `reused` | planned → succeeded | | another ledger's result is in its place |
| `resubmit` | unknown → planned | counted as charged | a person's word |
| `drop`, `drop_all` | intended, submitted, unknown → failed | counted as charged | a person's word |
| `use_token` | unknown → submitted | stays reserved | a person's word |

**Fences.** A claim raises the item's fence; each write holds only with the fence of the last claim, else it raises
`FenceLostError` and changes nothing: then stop, and send nothing more. `intend` wants a lease that has not ended as
well. `check` asks without writing: use it right before a paid request if time has passed since its intent. A lease
lasts `LEASE_S` and is extended for all items of a worker by `renew`, three times within that.

**Take-over.** What a worker finds in `intended` after a claim was begun by a worker that is gone: the request may have
left. With a `key` it is sent again as the same request. Without one it is looked for in the service's list, if there
is one and exactly one job fits; otherwise it is written as `unknown`. It is never sent as a new request. A worker that
was only stopped may still deliver its news of that request (`submitted`, `failed`, `refused`) while the item is
unknown; the item is then free, and the news-bearer's claim is over: compare `entry.worker`.

**Delivered twice.** `claim_item` returns None for an item that somebody holds, that has ended, or that a person has to
decide. So an engine may deliver an item any number of times.

**Money.** Whole millionths of a credit or a dollar. `reserve` is one conditional statement on the row of its currency:
charged + reserved never exceed the cap, at no moment, for any number of workers.

Nothing secret is in a ledger: arguments with pre-signed URLs are refused before they come here, tokens and keys of
requests hold no credential, and errors are the client's scrubbed messages.
"""

from __future__ import annotations

from .adding import Added, NewItem, add, known_names, plan
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
from .money import MILLION, Budget, Currency, amount, capped, read_budgets, set_cap, shown
from .opening import Ledger, now, open_ledger
from .origin import address_of, bind
from .outcomes import Reason, failed, intend, refused, reused, submitted, succeeded, unknown
from .reading import (
    counts,
    job_tokens,
    next_free,
    pending,
    read_item,
    read_items,
    saved_by_reuse,
    services_left,
    twins,
    unplanned,
)
from .resolving import drop, drop_all, resubmit, use_token
from .rows import Entry, SavedFile
from .schema import ENDED, STATES, VERSION, State

__all__ = [
    "ENDED",
    "LEASE_S",
    "MILLION",
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
    "amount",
    "bind",
    "capped",
    "check",
    "claim",
    "claim_item",
    "claimable",
    "counts",
    "drop",
    "drop_all",
    "failed",
    "holders",
    "intend",
    "job_tokens",
    "known_names",
    "next_free",
    "now",
    "open_ledger",
    "pending",
    "plan",
    "read_budgets",
    "read_item",
    "read_items",
    "refused",
    "release",
    "release_item",
    "release_worker",
    "renew",
    "resubmit",
    "reused",
    "saved_by_reuse",
    "services_left",
    "set_cap",
    "shown",
    "submitted",
    "succeeded",
    "twins",
    "unknown",
    "unplanned",
    "use_token",
]
