"""Migrations on a real PostgreSQL: once each, whole or not at all, whoever else is migrating."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from psycopg import sql

from contactsync.database import migrations
from contactsync.database.embedded.server import EmbeddedServer
from contactsync.database.migrations import MigrationError, migrate, pending

REPOSITORY = Path(__file__).parents[3]

PROCESS = """
import sys
from pathlib import Path
import psycopg
from contactsync.database import migrations
migrations.sql_root = lambda: Path(sys.argv[2])
with psycopg.connect(sys.argv[1]) as connection:
    print("ready", flush=True)
    sys.stdin.readline()
    print(",".join(migrations.migrate(connection)), flush=True)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path_factory.mktemp("pg"), durable=False) as server:
        yield server


@pytest.fixture
def url(server: EmbeddedServer, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of the test's own."""
    name = f"t{abs(hash(request.node.name))}"
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield server.url.replace("/contactsync?", f"/{name}?")
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def conn(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url) as connection:
        yield connection


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`sql/migrations` with two files: a table `contactsync.a`, then two rows in it."""
    folder = tmp_path / "sql/migrations"
    folder.mkdir(parents=True)
    (folder / "0001_first.sql").write_text(
        "CREATE TABLE contactsync.a (n int);\nCREATE INDEX ON contactsync.a (n);\n"
    )
    (folder / "0002_second.sql").write_text("INSERT INTO contactsync.a VALUES (10 % 4), (2);\n")
    monkeypatch.setattr(migrations, "sql_root", lambda: tmp_path / "sql")
    return folder


def one(conn: psycopg.Connection[Any], statement: str) -> Any:
    row = conn.execute(statement.encode()).fetchone()
    conn.rollback()
    return row and row[0]


def test_applies_in_order_and_records(conn: psycopg.Connection[Any], folder: Path) -> None:
    """An empty database gets every file in order, each with its row in schema_migration."""
    assert pending(conn) == ["0001_first", "0002_second"]
    conn.rollback()
    assert migrate(conn) == ["0001_first", "0002_second"]
    assert one(conn, "SELECT sum(n) FROM contactsync.a") == 4
    assert one(
        conn, "SELECT array_agg((version, name)::text ORDER BY version) FROM contactsync.schema_migration"
    ) == [
        "(1,0001_first)",
        "(2,0002_second)",
    ]


def test_second_run_does_nothing(conn: psycopg.Connection[Any], folder: Path) -> None:
    """What was applied is not applied again, and the connection is as it was."""
    migrate(conn)
    assert migrate(conn) == []
    assert pending(conn) == []
    conn.rollback()
    assert one(conn, "SELECT count(*) FROM contactsync.a") == 2
    assert not conn.autocommit


def test_new_file_alone_is_applied(conn: psycopg.Connection[Any], folder: Path) -> None:
    """A later version of the program applies what it adds."""
    migrate(conn)
    (folder / "0003_third.sql").write_text("INSERT INTO contactsync.a VALUES (3)")
    assert migrate(conn) == ["0003_third"]


def test_up_to_date_schema_is_only_read(conn: psycopg.Connection[Any], folder: Path) -> None:
    """A server that takes no writes, a standby for instance, is fine when nothing is missing."""
    migrate(conn)
    conn.execute("SET default_transaction_read_only = on")
    conn.commit()
    assert migrate(conn) == []


def test_two_processes_at_once(url: str, folder: Path) -> None:
    """Of two processes that migrate at the same moment one applies each file, the other waits and goes on."""
    (folder / "0002_second.sql").write_text("SELECT pg_sleep(0.3); INSERT INTO contactsync.a VALUES (1)")
    command = [sys.executable, "-c", PROCESS, url, str(folder.parent)]
    both = [
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": f"{REPOSITORY / 'daemon'}"},
        )
        for _ in range(2)
    ]
    try:
        for process in both:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in both:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        said = [process.communicate(timeout=20)[0].strip() for process in both]
    finally:
        for process in both:
            process.kill()
            process.wait()
    assert sorted(said) == ["", "0001_first,0002_second"]
    with psycopg.connect(url) as conn:
        assert one(conn, "SELECT count(*) FROM contactsync.a") == 1


def test_changed_file_is_refused(conn: psycopg.Connection[Any], folder: Path) -> None:
    """A file that was changed after it was applied is named, with what to do."""
    migrate(conn)
    (folder / "0001_first.sql").write_text("CREATE TABLE contactsync.a (n bigint)")
    with pytest.raises(MigrationError, match="0001_first was changed after it was applied"):
        migrate(conn)


def test_other_line_ends_are_no_change(conn: psycopg.Connection[Any], folder: Path) -> None:
    """A checkout with CRLF has the same checksums."""
    migrate(conn)
    path = folder / "0001_first.sql"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert pending(conn) == []


def test_newer_database_is_refused(conn: psycopg.Connection[Any], folder: Path) -> None:
    """A program older than its database says so and touches nothing."""
    migrate(conn)
    (folder / "0002_second.sql").unlink()
    with pytest.raises(MigrationError, match="does not know: install the newer version"):
        migrate(conn)
    with pytest.raises(MigrationError, match="0002_second"):
        pending(conn)


def test_failing_migration_leaves_nothing(conn: psycopg.Connection[Any], folder: Path) -> None:
    """A file that fails half-way leaves nothing of itself; the ones before it stay; mended, it is applied."""
    second = folder / "0002_second.sql"
    second.write_text("INSERT INTO contactsync.a VALUES (1);\n\nSELECT missing;\n")
    with pytest.raises(MigrationError, match="0002_second line 3 failed, nothing of it stays: 42703"):
        migrate(conn)
    assert one(conn, "SELECT count(*) FROM contactsync.a") == 0
    assert pending(conn) == ["0002_second"]
    conn.rollback()
    second.write_text("INSERT INTO contactsync.a VALUES (1);")
    assert migrate(conn) == ["0002_second"]


def test_lock_is_released_after_a_failure(conn: psycopg.Connection[Any], folder: Path) -> None:
    """After a failure no advisory lock is left on the connection, which may go back to a pool."""
    (folder / "0002_second.sql").write_text("SELECT missing")
    with pytest.raises(MigrationError):
        migrate(conn)
    assert one(conn, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0


def test_failure_names_no_value(conn: psycopg.Connection[Any], folder: Path) -> None:
    """The message of a violated key has no value in it, nor has what a traceback would print (protocol 5.7)."""
    (folder / "0002_second.sql").write_text(
        "CREATE TABLE contactsync.b (t text PRIMARY KEY);"
        "INSERT INTO contactsync.b VALUES ('secret'), ('secret')"
    )
    with pytest.raises(MigrationError, match="23505") as caught:
        migrate(conn)
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_file_with_commit_is_refused(conn: psycopg.Connection[Any], folder: Path) -> None:
    """A file that ends its own transaction is named, and not recorded as applied."""
    (folder / "0002_second.sql").write_text("INSERT INTO contactsync.a VALUES (1); COMMIT")
    with pytest.raises(MigrationError, match="take COMMIT or ROLLBACK out"):
        migrate(conn)
    assert pending(conn) == ["0002_second"]


def test_number_below_the_applied_ones_is_refused(conn: psycopg.Connection[Any], folder: Path) -> None:
    """A file slipped in between applied ones could not have the same effect everywhere: it is refused."""
    (folder / "0002_second.sql").rename(folder / "0003_third.sql")
    migrate(conn)
    (folder / "0002_late.sql").write_text("SELECT 1")
    with pytest.raises(MigrationError, match="0002_late is numbered below ones already applied"):
        migrate(conn)


def test_same_number_twice_is_refused(conn: psycopg.Connection[Any], folder: Path) -> None:
    """Two files of one number are named before anything is applied."""
    (folder / "0002_other.sql").write_text("SELECT 1")
    with pytest.raises(MigrationError, match="same number"):
        migrate(conn)


def test_empty_folder_is_refused(conn: psycopg.Connection[Any], folder: Path) -> None:
    """A program installed without its SQL says so instead of finding nothing to do."""
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(MigrationError, match="installation is incomplete"):
        migrate(conn)


def test_old_server_is_refused(folder: Path) -> None:
    """A server older than 15 is named; the version is all that is looked at."""
    old: Any = SimpleNamespace(info=SimpleNamespace(server_version=140012))
    with pytest.raises(MigrationError, match="PostgreSQL 14: contactsync needs 15"):
        pending(old)


def test_open_transaction_is_a_mistake_of_the_caller(conn: psycopg.Connection[Any], folder: Path) -> None:
    """Migrating inside a caller's transaction would lose its atomicity: refused."""
    conn.execute("SELECT 1")
    with pytest.raises(ValueError, match="without an open transaction"):
        migrate(conn)


def test_lost_server_is_not_the_files_fault(conn: psycopg.Connection[Any], folder: Path) -> None:
    """A connection that dies during a migration is an OperationalError, which the caller tries again."""
    (folder / "0002_second.sql").write_text("SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(psycopg.OperationalError):
        migrate(conn)
