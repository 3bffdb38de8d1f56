"""The interface of an emulated service: its folder has a subclass, and `registry` a row.

The class has the service's names, its spec file, the header of its key and the form of its errors. An instance is the
service within one `State`, from a start or reset to the next reset, and has the routes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from mirelo_ergo.emulator.refusals import Refusal
from mirelo_ergo.emulator.spec import spec
from mirelo_ergo.emulator.spec.targets import Target
from mirelo_ergo.emulator.state.idempotency import IdempotencyKeys
from mirelo_ergo.emulator.state.records import KEY_PREFIX
from mirelo_ergo.emulator.web import wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route
    from starlette.types import Scope

    from mirelo_ergo.emulator.shared import State
    from mirelo_ergo.emulator.spec.bounds import Bound
    from mirelo_ergo.emulator.spec.spec import Operation

T = TypeVar("T")
KEY_FORGOTTEN = "key_forgotten"


class EmulatedService(ABC):
    """The base class of the emulated services.

    All services share the accounts, clock, object store, faults and recorded requests of a `State`.
    """

    name: ClassVar[str]
    """Its name in Python, in the ready file and in the record of requests: `pixazo`."""
    title: ClassVar[str]
    """Its name for people, on the page."""
    spec: ClassVar[str]
    """Its file in `openapi/`."""
    port_of: ClassVar[str] = ""
    """The service on whose port it answers; without it, it has a port of its own."""
    clients: ClassVar[tuple[str, str]]
    """The sync and the async client class of `mirelo_ergo` that the pytest fixtures give."""
    options: ClassVar[Mapping[str, Any]] = {}
    """What these clients are made with, beside key and address."""
    key_header: ClassVar[str] = "Authorization"
    key_scheme: ClassVar[str] = "Bearer"
    """What stands before the key in its header; "" where the header has only the key."""
    key_prefix: ClassVar[str] = KEY_PREFIX
    """What a key begins with. An account has the same key for every service, but for the prefix."""

    heartbeat: ClassVar[bytes] = b'{"type": "heartbeat"}\n'
    """A line of its streams that says nothing."""

    settings: ClassVar[Mapping[str, Bound]] = {}
    """Its attributes that can be set, with what each may be: in Python on the instance, elsewhere over the wire."""

    if not TYPE_CHECKING:  # or the type checkers would let any name be set

        def __setattr__(self, name: str, value: object) -> None:
            bound = self.settings.get(name)
            if bound is not None and not bound.allows(value):
                raise ValueError(f"{name} is {value!r}: it has to be {bound.words()}")
            super().__setattr__(name, value)

    def __init__(self, state: State) -> None:
        self._state = state
        self._keys = IdempotencyKeys[Any](state.clock)

    @classmethod
    def operations(cls) -> tuple[Operation, ...]:
        """Return the operations of its spec."""
        return spec.load(cls.spec)

    @classmethod
    def targets(cls) -> tuple[Target, ...]:
        """Return its operations as targets of faults."""
        return tuple(map(cls.target, cls.operations()))

    @classmethod
    def target(cls, operation: Operation) -> Target:
        """Return an operation as a target of faults."""
        return Target(operation.id, operation.method, operation.path, cls.group(operation), cls.name)

    @classmethod
    @abstractmethod
    def group(cls, operation: Operation) -> str:
        """Return the operation's group, one of `targets.GROUPS`."""

    @classmethod
    @abstractmethod
    def refuse(cls, refusal: Refusal) -> Response:
        """Return a refusal in the form of the service's errors."""

    async def not_emulated(self, request: Request, operation: Operation, key: str) -> Response:
        """Refuse a call of an operation that the spec has and the emulator does not play yet."""
        raise Refusal(
            "not_emulated",
            501,
            f"the emulator does not play {operation.id} ({operation.method} {operation.path}) yet",
        )

    @abstractmethod
    def routes(self) -> list[Route]:
        """Return its routes, without those of the object store."""

    @classmethod
    def written_key(cls, key: str) -> str:
        """Return an account's key in this service's form."""
        return cls.key_prefix + key.removeprefix(KEY_PREFIX)

    @classmethod
    def sent_key(cls, scope: Scope) -> str:
        """Return the key in a request's header, "" if there is none."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        sent = headers.get(cls.key_header.lower().encode(), b"").decode("latin-1").strip()
        if not cls.key_scheme:
            return sent
        scheme, _, key = sent.partition(" ")
        return key.strip() if scheme.lower() == cls.key_scheme.lower() else ""

    async def once(
        self, request: Request, account: str, body: bytes, make: Callable[[], Awaitable[T]]
    ) -> tuple[T, bool]:
        """Return the result of `make`, and whether it is an earlier one, of a request with the same idempotency key.

        Without the header Idempotency-Key every request is new. Refuses with 409 as `IdempotencyKeys` does.
        """
        key = request.headers.get("idempotency-key")
        if key is None:
            return await make(), False
        if wire.asked(request, KEY_FORGOTTEN):
            self._keys.forget(account, key)
        return await self._keys.once(account, key, f"{request.url.path}\n".encode() + body, make)

    def key(self, request: Request) -> str:
        """Return the key of a request's account, which is created at its first use; refuse a wrong key with 401."""
        sent = self.sent_key(request.scope)
        if not sent:
            shown = f"{self.key_header}: {self.key_scheme} {self.key_prefix}…".replace(":  ", ": ")
            raise Refusal("unauthorized", 401, f"the header {shown} is missing")
        if not sent.startswith(self.key_prefix):
            raise Refusal(
                "unauthorized", 401, f"this API key is not valid: a key of the emulator begins with {self.key_prefix}"
            )
        return self._state.store.account(KEY_PREFIX + sent.removeprefix(self.key_prefix)).key
