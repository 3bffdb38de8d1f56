"""Which service a command talks to, and where: the real one, another address, or an emulator of its own."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

import attrs
from typer import BadParameter

from mirelo_ergo import ConfigurationError, MireloClient, PixazoClient
from mirelo_ergo.services import service_of

from .failures import Exit, Failure, missing_extra

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mirelo_ergo import ModelInfo

    from .output import Output

Client = MireloClient | PixazoClient
CLIENTS: Final[Mapping[str, tuple[type[Client], str]]] = {
    "mirelo": (MireloClient, "MIRELO_API_KEY"),
    "pixazo": (PixazoClient, "PIXAZO_API_KEY"),
}
"""By the name of `--via`, which is also the first word of its tokens: who is called, and where the key comes from."""
EMULATOR_SPEED = 2.0
"""Times faster than the service: quick, and slow enough for a progress bar to be seen."""


@attrs.frozen
class Service:
    """A command's `--emulator`, `--base-url` and `--via`."""

    emulator: bool = False
    base_url: str | None = None
    via: str = "mirelo"

    def of(self, token: str) -> Service:
        """Give the service that a job's token is of; what is no token is the first one's to refuse."""
        name = service_of(token)
        return attrs.evolve(self, via="mirelo" if name is None or name not in CLIENTS else name)

    @property
    def options(self) -> tuple[str, ...]:
        """Give them back as options of another command line."""
        return () if self.base_url is None else ("--base-url", self.base_url)

    @contextmanager
    def mirelo(self, output: Output, timeout_ms: int | None = None) -> Iterator[MireloClient]:
        """Give a client of the one service that tells costs and accounts; refuse any other."""
        if self.via != "mirelo":
            message = f"--via {self.via}: it tells neither costs nor the account; mirelo does; nothing was sent"
            raise Failure(Exit.REFUSED, "usage", message)
        with self.client(output, timeout_ms) as client:
            assert isinstance(client, MireloClient)
            yield client

    @contextmanager
    def client(self, output: Output, timeout_ms: int | None = None) -> Iterator[Client]:
        """Give a client. `timeout_ms` bounds each of its requests."""
        more: dict[str, Any] = {} if timeout_ms is None else {"timeout_ms": timeout_ms}
        with ExitStack() as stack:
            if self.emulator:
                if self.base_url is not None:
                    raise Failure(Exit.REFUSED, "usage", "--emulator and --base-url exclude each other")
                emulator = stack.enter_context(_running())
                output.note("an emulator runs for this command: placeholder sound, made-up credits")
                url = emulator.pixazo_url if self.via == "pixazo" else emulator.url
                client = CLIENTS[self.via][0](emulator.key, base_url=url, **more)
            else:
                client = self._client(more)
            stack.callback(client.close)
            yield client

    def _client(self, more: dict[str, Any]) -> Client:
        make, key = CLIENTS[self.via]
        if not os.environ.get(key):
            raise Failure(
                Exit.KEY,
                "missing_key",
                f"no API key: set {key}, or try it without one: "
                "text, video, extend, inpaint, cost and me take --emulator",
            )
        try:
            return make(base_url=self.base_url, **more)
        except ConfigurationError as error:
            problem = error.message
        try:
            make(host="localhost").close()  # sends nothing: tells a wrong key from a wrong address
        except ConfigurationError as error:
            raise Failure(Exit.KEY, error.code, f"{key}: {error.message}") from None
        raise Failure(Exit.REFUSED, "configuration_error", problem)


def service_name(text: str) -> str:
    """Read a `--via`."""
    if text not in CLIENTS:
        raise BadParameter(f"{text!r} is no service: {' or '.join(CLIENTS)}")
    return text


def known_models() -> list[ModelInfo]:
    """List what the library knows of; needs neither a key nor a service, for nothing is sent."""
    with MireloClient("unused", host="localhost") as client:
        return client.models()


def _running() -> Any:
    import secrets

    try:
        from mirelo_ergo.emulator import running
    except ImportError as error:
        raise missing_extra(error, "--emulator", "emulator") from None
    # another seed each time: equal seeds give equal job ids, and so files that are there already
    return running(speed=EMULATOR_SPEED, seed=secrets.randbits(32))
