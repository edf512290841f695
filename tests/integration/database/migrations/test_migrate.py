"""Migrations on a real PostgreSQL: each is applied once, completely or not at all, also concurrently."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from contactsync.database.migrations import MigrationError, migrate, pending
from tests.integration.database.migrations.query import one

REPOSITORY = Path(__file__).parents[4]

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
    """Applied files are not applied again, and the connection's mode is restored."""
    migrate(conn)
    assert migrate(conn) == []
    assert pending(conn) == []
    conn.rollback()
    assert one(conn, "SELECT count(*) FROM contactsync.a") == 2
    assert not conn.autocommit


def test_new_file_alone_is_applied(conn: psycopg.Connection[Any], folder: Path) -> None:
    """A later version of the program applies only its new files."""
    migrate(conn)
    (folder / "0003_third.sql").write_text("INSERT INTO contactsync.a VALUES (3)")
    assert migrate(conn) == ["0003_third"]


def test_up_to_date_schema_is_only_read(conn: psycopg.Connection[Any], folder: Path) -> None:
    """If nothing is missing, a read-only server such as a standby suffices."""
    migrate(conn)
    conn.execute("SET default_transaction_read_only = on")
    conn.commit()
    assert migrate(conn) == []


def test_two_processes_at_once(url: str, folder: Path) -> None:
    """If two processes migrate concurrently, one applies the files; the other waits, and finds nothing to do."""
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
        applied = [process.communicate(timeout=60)[0].strip() for process in both]
    finally:
        for process in both:
            process.kill()
            process.wait()
    assert sorted(applied) == ["", "0001_first,0002_second"]
    with psycopg.connect(url) as conn:
        assert one(conn, "SELECT count(*) FROM contactsync.a") == 1


def test_other_line_ends_are_no_change(conn: psycopg.Connection[Any], folder: Path) -> None:
    """A checkout with CRLF has the same checksums."""
    migrate(conn)
    path = folder / "0001_first.sql"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert pending(conn) == []


def test_failing_migration_leaves_nothing(conn: psycopg.Connection[Any], folder: Path) -> None:
    """A failing file is rolled back, those before it stay applied; once corrected, it is applied."""
    second = folder / "0002_second.sql"
    second.write_text("INSERT INTO contactsync.a VALUES (1);\n\nSELECT missing;\n")
    with pytest.raises(MigrationError, match="0002_second line 3 failed and was rolled back: 42703"):
        migrate(conn)
    assert one(conn, "SELECT count(*) FROM contactsync.a") == 0
    assert pending(conn) == ["0002_second"]
    conn.rollback()
    second.write_text("INSERT INTO contactsync.a VALUES (1);")
    assert migrate(conn) == ["0002_second"]


def test_lock_is_released_after_a_failure(conn: psycopg.Connection[Any], folder: Path) -> None:
    """After a failure the connection holds no advisory lock, so it can be used again."""
    (folder / "0002_second.sql").write_text("SELECT missing")
    with pytest.raises(MigrationError):
        migrate(conn)
    assert one(conn, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0


def test_failure_names_no_value(conn: psycopg.Connection[Any], folder: Path) -> None:
    """Neither the message of a violated key nor a traceback contains its value (protocol 5.7)."""
    (folder / "0002_second.sql").write_text(
        "CREATE TABLE contactsync.b (t text PRIMARY KEY);"
        "INSERT INTO contactsync.b VALUES ('secret'), ('secret')"
    )
    with pytest.raises(MigrationError, match="23505") as caught:
        migrate(conn)
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_lost_server_is_not_the_files_fault(conn: psycopg.Connection[Any], folder: Path) -> None:
    """A connection lost during a migration raises OperationalError, which the caller retries."""
    (folder / "0002_second.sql").write_text("SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(psycopg.OperationalError):
        migrate(conn)
