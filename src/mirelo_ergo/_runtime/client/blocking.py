"""The base class of all services' sync clients. `asynchronous.py` is the same with await."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from ..api.execute import Runtime
from ..api.service import Api
from ..io.protocol import run
from ..lazy import LazyModule
from ..pickling import NotPickled
from .setup import prepare

if TYPE_CHECKING:
    from ..http import blocking as http
    from ..http.settings import HttpSettings
    from ..jobs import blocking as jobs
    from ..jobs.flows import JobFlows
    from ..jobs.tokens import JobRecord
else:
    http = LazyModule("mirelo_ergo._runtime.http.blocking")
    jobs = LazyModule("mirelo_ergo._runtime.jobs.blocking")


C = TypeVar("C", bound="JobFlows")
L = TypeVar("L")


class ServiceClient(NotPickled, Generic[C]):
    """The base class of all services' clients: it owns the connections, resumes jobs and closes."""

    _core: C
    _runtime: Runtime
    _io: http.BlockingIO

    def _open(self, api: Api, **arguments: Any) -> Runtime:
        """Check the client's arguments and create its runtime; raises `ConfigurationError`."""
        options, settings = prepare(api, handler="handle_request", sender="Client", **arguments)
        self._io = self._new_io(settings)
        own = options.secret, options.base_url, options.policy, options.timeout
        self._runtime = Runtime(self._io, api, *own)
        return self._runtime

    def _new_io(self, settings: HttpSettings) -> http.BlockingIO:
        """Return the I/O for the core. The clients of the test fixtures override it."""
        return http.BlockingIO(settings)

    def _carry(self, generated: Callable[..., L]) -> L:
        """Return a generated client whose requests use our connections, key and errors."""
        from ..http.low_level import low_level_arguments

        package = generated.__module__.rpartition(".")[0]
        arguments = low_level_arguments(self._runtime, self._io, package)
        return generated(self._runtime.base_url, token="***", httpx_args=arguments)  # noqa: S106  # the transport adds the key

    @property
    def base_url(self) -> str:
        """Address of the API that this client asks. It holds no key."""
        return self._core.runtime.base_url

    def job(self, token: str) -> jobs.Job:
        """Resume a job from its token, here or in any process with a key of the same account. Sends nothing yet.

        Raises `InvalidRequestError` if it is not a token of this service.
        """
        record = self._core.resume(token)
        return self._job(record, max(0.0, self._io.wall() - record.submitted_at))

    def _job(self, record: JobRecord, age: float) -> jobs.Job:
        return jobs.Job(self._core, record, age)

    def close(self) -> None:
        """Close the connections. Jobs go on; a later call raises `ConfigurationError`."""
        self._runtime.close()
        run(self._io.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _instead(self) -> str:
        return "make a client in each process"

    def __repr__(self) -> str:
        where = self._runtime.base_url if hasattr(self, "_runtime") else "that was refused"
        return f"<{type(self).__name__} {where}>"


__all__ = ["ServiceClient"]
