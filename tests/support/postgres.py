"""A real PostgreSQL for tests: started on a free loopback port, in a folder of its own, never as root."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import psycopg

from scripts import system_packages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PATIENCE_S = 60
"""The longest that a step of starting or stopping may take; usually each takes under two seconds."""

READY = "database system is ready to accept connections"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",  # a test's crash is a process's, never a machine's
    "full_page_writes": "off",
    "authentication_timeout": "2s",  # a stop waits for clients that have connected and say nothing
    "max_connections": "200",
    "shared_buffers": "32MB",
    "autovacuum_naptime": "1h",
}
USERS = ("postgres", "nobody")
PLACES = (tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm")
ADMIN = "postgres"


def unprivileged() -> pwd.struct_passwd | None:
    """Return the user that the server runs as when root starts it, or None: the user of the tests."""
    if os.geteuid() != 0:
        return None
    return next(user for user in pwd.getpwall() if user.pw_name == next(filter(_exists, USERS)))


def _exists(name: str) -> bool:
    return any(user.pw_name == name for user in pwd.getpwall())


def _open_to_all(place: str) -> bool:
    """Return whether every user can enter this folder; those of a checkout and of pytest may be closed."""
    path = Path(place).resolve()
    return path.is_dir() and all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


@attrs.define
class Postgres:
    """A server: `url` for a database of it, `restart` and `stop` for its troubles."""

    folder: Path
    port: int = 0
    process: subprocess.Popen[str] | None = None
    listener: threading.Thread | None = None
    last_words: deque[str] = attrs.field(factory=lambda: deque[str](maxlen=20))
    made: int = 0
    settings: Mapping[str, str] = attrs.field(factory=lambda: SETTINGS)
    keeper: ThreadPoolExecutor = attrs.field(factory=lambda: ThreadPoolExecutor(1))
    """Its one thread starts the programs, because on Linux these end with the thread that started them."""

    def url(self, database: str) -> str:
        """Return a database's address in SQLAlchemy's form."""
        return f"postgresql+psycopg://{ADMIN}@127.0.0.1:{self.port}/{database}"

    def fresh_database(self) -> str:
        """Make an empty database and return its address."""
        self.made += 1
        name = f"test_{self.made}"
        self.administer(f"CREATE DATABASE {name}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database, whatever is still connected to it."""
        self.administer(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")

    def administer(self, statement: str) -> None:
        """Run a statement outside of a transaction."""
        with psycopg.connect(f"postgresql://{ADMIN}@127.0.0.1:{self.port}/postgres", autocommit=True) as connection:
            connection.execute(statement.encode())

    def start(self) -> None:
        """Start the server and return when it takes connections; a port that somebody else took is left for another."""
        for _ in range(5):
            port = self.port or _free_port()
            if self._started(port):
                self.port = port
                return
        raise RuntimeError("PostgreSQL did not start:\n" + "".join(self.last_words))

    def _started(self, port: int) -> bool:
        options = [f"-c{name}={value}" for name, value in {**self.settings, "port": port}.items()]
        self.process = self.keeper.submit(self._run, "postgres", "-D", "data", *options).result()
        settled = threading.Event()
        ready: list[str] = []

        def listen(log: Iterator[str]) -> None:
            for line in log:  # read to the end, so that the server never waits for its log
                self.last_words.append(line)
                if READY in line:
                    ready.append(line)
                    settled.set()
            settled.set()

        assert self.process.stderr is not None
        self.listener = threading.Thread(target=listen, args=(self.process.stderr,), daemon=True)
        self.listener.start()
        if not settled.wait(PATIENCE_S) or not ready:
            self.stop()
        return bool(ready)

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[str]:
        """Start one of PostgreSQL's programs; it ends with the tests, also when these are killed (on Linux)."""
        found = system_packages.find("postgresql")
        assert found is not None, system_packages.way_out("postgresql")
        user = unprivileged()
        follow = ["setpriv", "--pdeathsig=INT", "--"] if shutil.which("setpriv") else []
        return subprocess.Popen(
            [*follow, str(Path(found).with_name(program)), *arguments],
            cwd=self.folder,
            env={"LC_ALL": "C", "PATH": os.defpath, "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a Ctrl-C is for the tests
            user=user and user.pw_uid,
            group=user and user.pw_gid,
            extra_groups=user and (),
        )

    def initialise(self) -> None:
        """Make the server's files."""
        user = unprivileged()
        if user is not None:
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        options = ["--auth=trust", f"--username={ADMIN}", "--encoding=UTF8", "--no-locale", "--no-sync"]
        process = self.keeper.submit(self._run, "initdb", "-D", "data", *options).result()
        _, error = process.communicate(timeout=PATIENCE_S)
        if process.returncode:
            raise RuntimeError(f"initdb: {error}")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT ends its connections and writes everything, SIGQUIT is a crash."""
        if self.process is None:
            return
        for strength in (how, signal.SIGQUIT, signal.SIGKILL):
            self.process.send_signal(strength)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(PATIENCE_S)
                break
        if self.listener is not None and self.process.stderr is not None:
            self.listener.join(PATIENCE_S)
            self.process.stderr.close()
        self.process = None

    def restart(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server and start it on the same port with the same files."""
        self.stop(how)
        self.start()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def postgres(*, durable: bool = False) -> Iterator[Postgres]:
    """Start a server for this process, and remove it with its files; `durable`: a commit waits for the disk."""
    place = next(filter(_open_to_all, PLACES)) if os.geteuid() == 0 else tempfile.gettempdir()
    folder = Path(tempfile.mkdtemp(prefix="mirelo-postgres-", dir=place))
    server = Postgres(folder, settings={**SETTINGS, "fsync": "on", "full_page_writes": "on"} if durable else SETTINGS)
    try:
        server.initialise()
        server.start()
        yield server
    finally:
        server.stop()
        server.keeper.shutdown()
        shutil.rmtree(folder, ignore_errors=True)
