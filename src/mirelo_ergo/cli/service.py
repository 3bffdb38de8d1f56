"""Which service a command talks to: the real one, another address, or an emulator of its own."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import attrs

from mirelo_ergo import ConfigurationError, MireloClient

from .failures import Exit, Failure, missing_extra

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mirelo_ergo import ModelInfo

    from .output import Output

KEY = "MIRELO_API_KEY"
EMULATOR_SPEED = 2.0
"""Times faster than the service: quick, and slow enough for a progress bar to be seen."""


@attrs.frozen
class Service:
    """A command's `--emulator` and `--base-url`."""

    emulator: bool = False
    base_url: str | None = None

    @property
    def options(self) -> tuple[str, ...]:
        """Give them back as options of another command line."""
        return () if self.base_url is None else ("--base-url", self.base_url)

    @contextmanager
    def client(self, output: Output, timeout_ms: int | None = None) -> Iterator[MireloClient]:
        """Give a client. `timeout_ms` bounds each of its requests."""
        more: dict[str, Any] = {} if timeout_ms is None else {"timeout_ms": timeout_ms}
        with ExitStack() as stack:
            if self.emulator:
                if self.base_url is not None:
                    raise Failure(Exit.REFUSED, "usage", "--emulator and --base-url exclude each other")
                emulator = stack.enter_context(_running())
                output.note("an emulator runs for this command: placeholder sound, made-up credits")
                client = MireloClient(emulator.key, base_url=emulator.url, **more)
            else:
                client = self._client(more)
            yield stack.enter_context(client)

    def _client(self, more: dict[str, Any]) -> MireloClient:
        if not os.environ.get(KEY):
            raise Failure(
                Exit.KEY,
                "missing_key",
                f"no API key: set {KEY}, or try it without one: "
                "text, video, extend, inpaint, cost and me take --emulator",
            )
        try:
            return MireloClient(base_url=self.base_url, **more)
        except ConfigurationError as error:
            problem = error.message
        try:
            MireloClient(host="localhost").close()  # sends nothing: tells a wrong key from a wrong address
        except ConfigurationError as error:
            raise Failure(Exit.KEY, error.code, f"{KEY}: {error.message}") from None
        raise Failure(Exit.REFUSED, "configuration_error", problem)


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
