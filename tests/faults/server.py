"""A server on 127.0.0.1 that does to its clients what networks, proxies and broken servers do.

    with FaultServer([[ReadRequest(), Reset()], json_response(200, {"credits": 1})]) as server:
        client = MireloClient("sk-test", base_url=server.url)
        ...
        assert [request.path for request in server.requests] == ["/v2/me", "/v2/me"]

A scenario is a list of scripts or a router. From a list every accepted connection takes the next script at
once, and so does every further request on a kept connection; the last one repeats. A router reads each
request's head first and picks the script: `Routes` has a list per endpoint. The steps are in `steps.py`, the
answers of the API in `mirelo.py`. A proxy is a server that answers CONNECT: `Respond(407)`, `[ReadHead(),
Reset()]`, `[Tunnel(port)]`.
"""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING, Literal, Self

from tests.faults.connection import Connection
from tests.faults.steps import Script
from tests.faults.tls import Certificate, server_context
from tests.faults.wire import Incoming, Received

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

HOST = "127.0.0.1"
EXIT = 30.0
"""Seconds in which every thread must have ended when the server exits: a guard, they end at once."""

LIVE: set[FaultServer] = set()
"""The fault servers of this process that are between their entry and their exit."""

Router = Callable[[Received], Script]
Scenario = Sequence[Script] | Router


class Queue:
    """Scripts to be taken one after another."""

    def __init__(self, scripts: Sequence[Script]) -> None:
        self._scripts = list(scripts)
        self._lock = threading.Lock()

    def take(self) -> Script:
        """Take the next script; the last one stays."""
        with self._lock:
            if not self._scripts:
                raise LookupError("the server has no script: call play() before the client comes")
            return self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]


class Routes:
    """Route by `"METHOD /path"` without the query, `*` for anything: the first pattern that fits.

    Each has a list of scripts of its own, whose last one repeats. A request that fits none closes the
    connection and fails the test at the server's exit.
    """

    def __init__(self, routes: Mapping[str, Sequence[Script]]) -> None:
        self._queues = {pattern: Queue(scripts) for pattern, scripts in routes.items()}

    def __call__(self, request: Received) -> Script:
        route = f"{request.method} {request.path.partition('?')[0]}"
        for pattern, queue in self._queues.items():
            if fnmatchcase(route, pattern):
                return queue.take()
        raise LookupError(f"no route for {route}; there are {list(self._queues)}")


class FaultServer:
    """Serve a scenario on a free port while the context is open; leave no thread and no socket behind.

    `tls` is the certificate to show; "plaintext" makes the URL https and speaks none. `start` says what the
    port does at first: see `listen`, `refuse` and `hang`. `receive_buffer` (bytes) is the kernel's, per
    connection. A malformed request, a missing script and an unknown route raise AssertionError at the exit.
    Put `pytest.raises` inside this context, or it may take that error for its own.
    """

    def __init__(
        self,
        scenario: Scenario = (),
        *,
        tls: Certificate | Literal["plaintext"] | None = None,
        start: Literal["listen", "refuse", "hang"] = "listen",
        receive_buffer: int | None = None,
    ) -> None:
        self.port = 0
        self.tls: ssl.SSLContext | None = None if tls in (None, "plaintext") else server_context(tls)
        self._scheme = "https" if tls else "http"
        self._start = start
        self._receive_buffer = receive_buffer
        self._script: Callable[[Callable[[], Received]], Script]
        self.play(scenario)
        self._port_lock = threading.RLock()
        self._listener: socket.socket | None = None
        self._fillers: list[socket.socket] = []
        self._changed = threading.Condition()  # guards what follows
        self._accepted = 0
        self._open = 0
        self._bytes_seen = 0
        self._requests: list[Incoming] = []
        self._problems: list[str] = []
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._stopping = False

    def __enter__(self) -> Self:
        {"listen": self.listen, "refuse": self.refuse, "hang": self.hang}[self._start]()
        LIVE.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        LIVE.discard(self)
        deadline = time.monotonic() + EXIT
        with self._changed:
            self._stopping = True
            for sock in self._sockets:
                with suppress(OSError):  # not SSLSocket.shutdown: it drops the state that a thread may be using
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)
            threads = list(self._threads)
        for thread in threads:
            if isinstance(thread, threading.Timer):
                thread.cancel()
        with self._port_lock:
            self._close_port()
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        alive = [f"{thread.name} did not end" for thread in threads if thread.is_alive()]
        if not self._problems and not alive:
            return
        report = "\n".join(["the fault server met:", *self._problems, *alive])
        if error is None or isinstance(error, Exception):
            raise AssertionError(report) from error
        error.add_note(report)  # Ctrl-C stays Ctrl-C

    @property
    def hangs(self) -> bool:
        """Whether connection attempts get no answer."""
        return bool(self._fillers)

    @property
    def url(self) -> str:
        return f"{self._scheme}://{HOST}:{self.port}"

    def play(self, scenario: Scenario) -> None:
        """Take this scenario from the next script on; for one that needs the server's own URL."""
        if isinstance(scenario, Sequence):
            queue = Queue(scenario)
            self._script = lambda _head: queue.take()
        else:
            self._script = lambda head: scenario(head())

    # What the port does with a connection attempt.

    def listen(self, after: float = 0.0) -> None:
        """Accept connections, from `after` seconds from now on."""
        if after > 0:
            timer = threading.Timer(after, self.listen)
            with self._changed:
                self._threads.append(timer)
            timer.start()
            return
        with self._port_lock:
            if self._stopping:
                return
            listener = self._rebind()
            listener.listen(256)
            self.spawn(lambda: self._accept(listener))

    def refuse(self) -> None:
        """Refuse connection attempts; open connections stay open."""
        with self._port_lock:
            self._rebind()

    def hang(self) -> None:
        """Leave connection attempts without any answer; open connections stay open."""
        with self._port_lock:
            self._rebind().listen(0)
            for _ in range(8):
                filler = socket.socket()
                self._fillers.append(filler)
                filler.setblocking(False)
                filler.connect_ex((HOST, self.port))
                poller = select.poll()
                poller.register(filler, select.POLLOUT)
                if not poller.poll(50):
                    return  # the backlog is full: Linux drops every further SYN
            raise AssertionError("this kernel goes on accepting with a full backlog")

    def _rebind(self) -> socket.socket:
        self._close_port()
        self._listener = listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self._receive_buffer is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_buffer)
        listener.bind((HOST, self.port))  # until listen() the kernel refuses, and nobody else gets the port
        self.port = listener.getsockname()[1]
        return listener

    def _close_port(self) -> None:
        for sock in (*self._fillers, *([self._listener] if self._listener else [])):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)  # wakes accept
            sock.close()
        self._fillers.clear()
        self._listener = None

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:  # the port was closed
                return
            with self._changed:
                if self._stopping:
                    sock.close()
                    return
                self._accepted += 1
                self._open += 1
                self._sockets.add(sock)
                connection = Connection(self, sock, self._accepted)
                self._changed.notify_all()
                self.spawn(partial(self._serve, connection))

    def _serve(self, connection: Connection) -> None:
        try:
            connection.run()
        except Exception as error:  # whatever it is, the test must hear of it
            with self._changed:
                self._problems.append(f"{type(error).__name__}: {error}")
        finally:
            with self._changed:
                self._open -= 1
                self._changed.notify_all()

    # What came: the tests' oracle.

    @property
    def accepted(self) -> int:
        """How many connections were accepted so far."""
        with self._changed:
            return self._accepted

    @property
    def still_open(self) -> int:
        """How many of them the server has not closed yet."""
        with self._changed:
            return self._open

    @property
    def requests(self) -> tuple[Received, ...]:
        """Every request whose head arrived, in order of arrival."""
        with self._changed:
            return tuple(request.snapshot() for request in self._requests)

    def wait_for(self, n: int, timeout: float = 60.0) -> tuple[Received, ...]:
        """Wait until `n` requests have arrived whole, and return all; raise after `timeout` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: sum(r.complete for r in self._requests) >= n, timeout):
                raise AssertionError(f"waited {timeout} s for {n} whole requests; {self._what_came()}")
        return self.requests

    def assert_quiet(self, seconds: float = 0.1) -> None:
        """Assert that for so long no connection and no byte comes, and that nothing went wrong before."""
        with self._changed:
            before = self._seen()
            if self._changed.wait_for(lambda: self._problems or before != self._seen(), seconds):
                raise AssertionError(f"not quiet: {self._what_came()}")

    def _seen(self) -> tuple[int, int]:
        return self._accepted, self._bytes_seen

    def _what_came(self) -> str:
        requests = [str(request.snapshot()) for request in self._requests]
        return "\n  ".join(["there came:", f"{self._accepted} connections", *requests, *self._problems])

    # What a connection needs of its server.

    def script(self, head: Callable[[], Received]) -> Script:
        return self._script(head)

    def note_bytes(self, count: int) -> None:
        with self._changed:
            self._bytes_seen += count
            self._changed.notify_all()

    def note_request(self, request: Incoming) -> None:
        with self._changed:
            if request not in self._requests:
                self._requests.append(request)
            self._changed.notify_all()

    def keep(self, sock: socket.socket) -> None:
        with self._changed:
            self._sockets.add(sock)
            if self._stopping:
                sock.shutdown(socket.SHUT_RDWR)

    def close(self, sock: socket.socket) -> None:
        with self._changed:  # so that the exit shuts no other socket down that got the same number
            self._sockets.discard(sock)
            sock.close()

    def spawn(self, run: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=run, name=f"fault server {self.port}", daemon=True)
        with self._changed:
            self._threads.append(thread)
        thread.start()
        return thread
