"""The services, and a command's connection: to the real service, another address, or its own emulator."""

from __future__ import annotations

import os
import re
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

import attrs

from .exits import Exit
from .failures import KEY_VARIABLE, Failure, missing_extra, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mirelo_ergo import InferenceClient, MireloClient, PixazoClient, SyncSoClient

    from .output import Output

    Client = MireloClient | PixazoClient | SyncSoClient | InferenceClient

EMULATOR_SPEED: Final = 2.0
"""The speed of a command's emulator: fast, but slow enough to see a progress bar."""


@attrs.frozen
class Service:
    """One service: `name` begins its tokens, `group` its commands, and `client` imports its client."""

    name: str
    group: str
    client: Callable[[], type[Client]]
    key_variable: str
    url_variable: str


def _mirelo() -> type[MireloClient]:
    from mirelo_ergo import MireloClient

    return MireloClient


def _pixazo() -> type[PixazoClient]:
    from mirelo_ergo import PixazoClient

    return PixazoClient


def _sync_so() -> type[SyncSoClient]:
    from mirelo_ergo import SyncSoClient

    return SyncSoClient


def _inference_sh() -> type[InferenceClient]:
    from mirelo_ergo import InferenceClient

    return InferenceClient


MIRELO: Final = Service(
    "mirelo",
    "",
    _mirelo,
    "MIRELO_API_KEY",
    "MIRELO_BASE_URL",
)
PIXAZO: Final = Service(
    "pixazo",
    "pixazo",
    _pixazo,
    "PIXAZO_API_KEY",
    "PIXAZO_BASE_URL",
)
SYNC_SO: Final = Service(
    "sync_so",
    "sync-so",
    _sync_so,
    "SYNC_API_KEY",
    "SYNC_BASE_URL",
)
INFERENCE_SH: Final = Service(
    "inference_sh",
    "inference-sh",
    _inference_sh,
    "INFERENCE_API_KEY",
    "INFERENCE_BASE_URL",
)
SERVICES: Final[Mapping[str, Service]] = {service.name: service for service in (MIRELO, PIXAZO, SYNC_SO, INFERENCE_SH)}


@attrs.frozen
class Connection:
    """A service, and a command's `--emulator`, `--base-url` and `--allow-private-hosts`."""

    service: Service
    emulator: bool = False
    base_url: str | None = None
    allow_private_hosts: bool = False

    @property
    def options(self) -> tuple[str, ...]:
        """Its values, as options of another command line."""
        address = () if self.base_url is None else ("--base-url", self.base_url)
        return (*address, *(("--allow-private-hosts",) if self.allow_private_hosts else ()))

    @contextmanager
    def client(self, output: Output, timeout_ms: int | None = None) -> Iterator[Any]:
        """Open a client. `timeout_ms` is the time limit of each of its requests."""
        more: dict[str, Any] = {} if timeout_ms is None else {"timeout_ms": timeout_ms}
        make = self.service.client()
        with ExitStack() as stack:
            if self.emulator:
                if self.base_url is not None:
                    raise refused("--emulator and --base-url exclude each other")
                emulator = stack.enter_context(running())
                output.note("an emulator runs for this command: placeholder sound, made-up credits")
                name = self.service.name
                client = make(emulator.keys[name], base_url=emulator.urls[name], **more)
            else:
                _check_key(self.service)
                KEY_VARIABLE.set(self.service.key_variable)
                client = make(base_url=self.base_url, allow_private_hosts=self.allow_private_hosts, **more)
            stack.callback(client.close)
            yield client


def _check_key(service: Service) -> None:
    """Refuse an environment without a valid key. The message shows no key."""
    key = os.environ.get(service.key_variable, "")
    if not key:
        message = f"no API key: set {service.key_variable}, or try it without one: add --emulator"
        raise Failure(Exit.KEY, "missing_key", message, hints=tuple(_near_misses(service)))
    problem = None
    if key.strip() != key:
        problem = "begins or ends with a space or line break"
    elif key[0] in "'\"" and key[-1] == key[0]:
        problem = "has quotation marks around it: give the key without them"
    elif key.lower().startswith(("http://", "https://")):
        problem = f"holds an address: that is for {service.url_variable}"
    elif key.lower().startswith("bearer "):
        problem = "begins with 'Bearer': give the key alone"
    elif not key.isascii() or not key.isprintable() or " " in key:
        problem = "holds a space, a line break or a character that no key has: was it pasted with something else?"
    if problem is not None:
        raise Failure(Exit.KEY, "invalid_key", f"{service.key_variable} {problem}")
    if os.environ.get(service.url_variable, "").startswith(("sk-", "inf_")):
        raise refused(f"{service.url_variable} holds what looks like a key: that is for {service.key_variable}")


def _near_misses(service: Service) -> Iterator[str]:
    """Return hints about other places of the key."""
    begins = service.key_variable.partition("_")[0]
    for name in sorted(os.environ):
        plain = re.sub(r"[^A-Z]", "", name.upper())
        right = plain.startswith(begins) and re.search(r"KEY|TOKEN|SECRET", plain)
        if right and name != service.key_variable and os.environ[name]:
            yield f"{name} is set, but the key is read from {service.key_variable}"
    for other in SERVICES.values():
        if other is not service and os.environ.get(other.key_variable):
            commands = f"those of mirelo-ergo {other.group}" if other.group else "text, video, extend and inpaint"
            yield f"{other.key_variable} is set: its commands are {commands}"


def running() -> Any:
    """Return an emulator for one command; raises `Failure` where the extra is missing."""
    import secrets

    try:
        from mirelo_ergo.emulator import running
    except ImportError as error:
        raise missing_extra(error.name, "--emulator", "emulator") from None
    # another seed each time: equal seeds give equal job ids, and so files that are there already
    return running(speed=EMULATOR_SPEED, seed=secrets.randbits(32))
