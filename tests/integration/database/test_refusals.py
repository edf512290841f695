"""Why a real server cannot be used: libpq's own message, whether somebody must act, and the command that helps."""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest
from psycopg.conninfo import make_conninfo

from contactsync.database import peer
from contactsync.database.connection import Session, connect
from contactsync.database.location import Location
from contactsync.domain.errors import DatabaseAway, DatabaseRefuses
from tests.guarded_server import DebianServer, GuardedServer, debian_binaries, make_certificate

SECRET = "hunter2-geheim"
LOGIN = {"user": "uploads", "dbname": "contactsync", "password": SECRET}


@pytest.fixture(scope="module")
def server() -> Iterator[GuardedServer]:
    """Below /tmp itself: pytest closes its own folder to other users."""
    with TemporaryDirectory() as folder, GuardedServer(Path(folder)) as server:
        os.chmod(folder, 0o755)
        server.execute(
            f"CREATE ROLE uploads LOGIN PASSWORD '{SECRET}'",
            "CREATE ROLE crowded LOGIN CONNECTION LIMIT 0",
            "CREATE ROLE resting NOLOGIN",
            "CREATE DATABASE crowded CONNECTION LIMIT 0",
        )
        yield server


class Case(NamedTuple):
    """A rule of pg_hba.conf, what is tried, and what is said about it."""

    rule: str
    tried: dict[str, Any]
    message: str
    fix: str
    kind: type[DatabaseAway] = DatabaseRefuses


CASES = {
    "wrong password": Case(
        "local all all scram-sha-256",
        {"password": "another-geheim"},
        'password authentication failed for user "uploads"',
        "sudo -u postgres psql -c '\\password \"uploads\"'",
    ),
    "no password": Case(
        "local all all scram-sha-256", {"password": ""}, "no password supplied", "database_password_file"
    ),
    "missing role": Case(
        "local all all trust",
        {"user": "nobody-here"},
        'role "nobody-here" does not exist',
        "sudo -u postgres createuser nobody-here",
    ),
    "role without login": Case(
        "local all all trust",
        {"user": "resting"},
        'role "resting" is not permitted to log in',
        'ALTER ROLE "resting" LOGIN',
    ),
    "missing database": Case(
        "local all all trust",
        {"dbname": "nothing"},
        'database "nothing" does not exist',
        "createdb --template=template0 --encoding=UTF8 nothing",
    ),
    "rejected by pg_hba": Case(
        "local all all reject",
        {},
        "pg_hba.conf rejects connection",
        'local "contactsync" "uploads" scram-sha-256',
    ),
    "no line in pg_hba": Case("", {}, "no pg_hba.conf entry", "SELECT pg_reload_conf()"),
    "limit of the role": Case(
        "local all all trust",
        {"user": "crowded"},
        'too many connections for role "crowded"',
        'ALTER ROLE "crowded" CONNECTION LIMIT -1',
    ),
    "limit of the database": Case(
        "local all all trust",
        {"dbname": "crowded"},
        'too many connections for database "crowded"',
        'ALTER DATABASE "crowded" CONNECTION LIMIT -1',
    ),
}


def failure(url: str) -> DatabaseAway:
    """What connecting ends with; never a secret."""
    with pytest.raises(DatabaseAway) as caught, connect(url):
        raise AssertionError
    assert "geheim" not in f"{caught.value} {caught.value.fix}"
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("name", CASES)
def test_a_refusal(server: GuardedServer, name: str) -> None:
    """Somebody must act: the server's message is kept, and the fix names the role or the database."""
    case = CASES[name]
    server.let_in(case.rule)
    found = failure(server.over_socket(**{**LOGIN, **case.tried}))
    assert type(found) is case.kind
    assert case.message in str(found)
    assert case.fix in str(found.fix)


def test_a_server_without_tls(server: GuardedServer) -> None:
    server.let_in("host all all 127.0.0.1/32 trust")
    found = failure(server.over_tcp(**LOGIN, sslmode="require"))
    assert isinstance(found, DatabaseRefuses)
    assert "does not support SSL" in str(found)
    assert "ALTER SYSTEM SET ssl = on" in found.fix


@pytest.mark.skipif(
    shutil.which("openssl") is None or debian_binaries() is None,
    reason="needs openssl and Debian's PostgreSQL",
)
def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    """The message is that of the TLS library, and the fix names sslrootcert. So is a missing file, and no TLS at all."""
    make_certificate(tmp_path, "other")
    with TemporaryDirectory() as folder, DebianServer(Path(folder)) as server:
        login = {"host": "127.0.0.1", "port": server.port, "user": "postgres", "dbname": "postgres"}
        with connect(make_conninfo(**login, sslmode="require")) as conn:
            assert conn.pgconn.ssl_in_use
        tried = {
            "certificate verify failed": {"sslmode": "verify-full", "sslrootcert": tmp_path / "other.crt"},
            "does not exist": {"sslmode": "verify-ca", "sslrootcert": tmp_path / "none.crt"},
            "no pg_hba.conf entry": {"sslmode": "disable"},
        }
        for message, parameters in tried.items():
            found = failure(make_conninfo(**login, **{key: str(value) for key, value in parameters.items()}))
            assert isinstance(found, DatabaseRefuses)
            assert message in str(found)
            assert ("sslrootcert" in found.fix) == ("sslrootcert" in parameters)


def full(others: ExitStack, url: str) -> DatabaseAway | None:
    """Connect until the server is full; what it says then."""
    try:
        for _ in range(10):
            others.enter_context(connect(url))
    except DatabaseAway as error:
        return error
    return None


def test_a_server_that_is_full_or_stopped_is_awaited(tmp_path: Path) -> None:
    """Both pass: they are retried and not called a refusal. The fix is the command in case they do not."""
    server = GuardedServer(tmp_path / "full", max_connections="4", superuser_reserved_connections="1")
    with server, ExitStack() as others:
        server.execute("CREATE ROLE uploads LOGIN")
        server.let_in("local all all trust")
        url = server.over_socket(**LOGIN)
        caught = full(others, url)
        assert type(caught) is DatabaseAway
        assert "connection" in str(caught)
        assert "max_connections" in str(caught.fix)
    stopped = failure(url)
    assert type(stopped) is DatabaseAway
    assert "failed: No such file or directory" in str(stopped)
    assert str(stopped.fix).startswith("systemctl start postgresql")


def test_a_rotated_password_is_read_at_the_next_connection(server: GuardedServer, tmp_path: Path) -> None:
    """Nothing is restarted."""
    server.let_in("local all all scram-sha-256")
    file = tmp_path / "password"
    file.write_text(f"{SECRET}\n")
    location = Location(server.over_socket(user="uploads", dbname="contactsync"), file)
    session = Session(location)
    try:
        with session() as conn:
            first = conn.info.backend_pid
        server.execute(
            "ALTER ROLE uploads PASSWORD 'rotated'",
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE usename = 'uploads'",
        )
        with pytest.raises(DatabaseRefuses, match="password authentication failed"), session():
            raise AssertionError
        file.write_text("rotated\n")
        with session() as conn:
            assert conn.info.backend_pid != first
    finally:
        session.close()
        server.execute(f"ALTER ROLE uploads PASSWORD '{SECRET}'")


@pytest.mark.skipif(not peer.can_become(), reason="only root becomes another user")
def test_root_connects_as_the_daemons_user(server: GuardedServer) -> None:
    """Peer authentication refuses root; the process stays root, and other users are refused with the command to use."""
    games = pwd.getpwnam("games")
    server.execute("CREATE ROLE games LOGIN")
    server.let_in("local all all peer")
    server.host.chmod(0o755)
    url = server.over_socket(user="games", dbname="contactsync")
    with connect(Location(url, daemon_uid=games.pw_uid)) as conn:
        assert conn.execute("SELECT current_user AS me").fetchone() == {"me": "games"}
    assert (os.getuid(), os.geteuid(), os.getresuid()[2]) == (0, 0, 0)
    refused = failure(url)
    assert isinstance(refused, DatabaseRefuses)
    assert "Peer authentication failed" in str(refused)
    assert refused.fix.startswith("sudo -u games contactsync")


def test_a_session_that_ends_is_no_refusal(server: GuardedServer) -> None:
    """The SQLSTATE says why the server ended it; it is tried again."""
    server.let_in("local all all trust")
    session = Session(server.over_socket(**LOGIN))
    with pytest.raises(DatabaseAway) as caught, session() as conn:
        conn.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert type(caught.value) is DatabaseAway
    assert str(caught.value) == "57P01 (AdminShutdown)"
