"""The PostgreSQL that the tests start: real, unprivileged, on loopback, a database for each test, gone at the end."""

from __future__ import annotations

import os
import pwd
import signal
from pathlib import Path

import psycopg
import pytest

from scripts import system_packages
from tests.conftest import need
from tests.support import postgres as support
from tests.support.postgres import Postgres, postgres


def connected(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""))


def value(url: str, query: str) -> object:
    with connected(url) as connection:
        row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]


def test_each_test_has_an_empty_database_of_its_own(postgres_server: Postgres, postgres_url: str) -> None:
    with connected(postgres_url) as connection:
        connection.execute("CREATE TABLE sounds (id int)")
    other = postgres_server.fresh_database()
    assert value(other, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    postgres_server.drop(other)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        connected(other)


def test_it_runs_as_no_privileged_user_and_listens_on_loopback_only(postgres_server: Postgres) -> None:
    assert postgres_server.process is not None
    owner = Path(f"/proc/{postgres_server.process.pid}")
    if owner.exists():
        assert owner.stat().st_uid != 0
    url = postgres_server.url("postgres")
    assert value(url, "SHOW listen_addresses") == "127.0.0.1"
    assert value(url, "SHOW unix_socket_directories") == ""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_restart_ends_connections_and_keeps_what_was_committed(
    how: signal.Signals, postgres_server: Postgres, postgres_url: str
) -> None:
    with connected(postgres_url) as connection:
        connection.execute("CREATE TABLE sounds AS SELECT 7 AS id")
    left_open = connected(postgres_url)
    postgres_server.restart(how)
    with pytest.raises(psycopg.OperationalError):
        left_open.execute("SELECT 1")
    left_open.close()
    assert value(postgres_url, "SELECT id FROM sounds") == 7


def test_nothing_is_left_of_it_and_a_taken_port_is_left_to_its_owner(
    postgres_server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = iter([postgres_server.port])
    real = support._free_port
    monkeypatch.setattr(support, "_free_port", lambda: next(ports, 0) or real())
    with postgres() as another:
        assert another.port not in (0, postgres_server.port)
        assert another.process is not None
        pid, folder = another.process.pid, another.folder
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_closed_folder_is_not_where_an_unprivileged_server_is_put(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "in").mkdir()
    assert not support._open_to_all(str(tmp_path / "in"))
    assert not support._open_to_all(str(tmp_path / "missing"))
    assert support._open_to_all("/")


def test_an_unprivileged_user_is_chosen_for_root_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert support.unprivileged() is None
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(support, "USERS", ("not-a-user", "nobody"))
    assert support.unprivileged() == pwd.getpwnam("nobody")


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_without_it_one_line_says_how_to_get_it(
    ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system_packages, "find", lambda name: None)
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match=r"^postgresql is missing, .*: sudo apt-get install postgresql$"):
        need("postgresql")
