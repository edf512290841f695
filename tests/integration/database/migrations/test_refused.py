"""Migrations that are refused: the message names the file, and the fix."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from contactsync.database.migrations import MigrationError, migrate, pending


def test_changed_file_is_refused(conn: psycopg.Connection[Any], folder: Path) -> None:
    """The error names a file that was changed after it was applied, and the fix."""
    migrate(conn)
    (folder / "0001_first.sql").write_text("CREATE TABLE contactsync.a (n bigint)")
    with pytest.raises(MigrationError, match="0001_first was changed after it was applied"):
        migrate(conn)


def test_newer_database_is_refused(conn: psycopg.Connection[Any], folder: Path) -> None:
    """A program older than its database reports that and changes nothing."""
    migrate(conn)
    (folder / "0002_second.sql").unlink()
    with pytest.raises(MigrationError, match="does not know: install the newer version"):
        migrate(conn)
    with pytest.raises(MigrationError, match="0002_second"):
        pending(conn)


def test_file_with_commit_is_refused(conn: psycopg.Connection[Any], folder: Path) -> None:
    """The error names a file that ends its own transaction; the file is not recorded as applied."""
    (folder / "0002_second.sql").write_text("INSERT INTO contactsync.a VALUES (1); COMMIT")
    with pytest.raises(MigrationError, match="remove COMMIT or ROLLBACK"):
        migrate(conn)
    assert pending(conn) == ["0002_second"]


def test_number_below_the_applied_ones_is_refused(conn: psycopg.Connection[Any], folder: Path) -> None:
    """A file numbered below applied ones is refused: databases would get it in a different order."""
    (folder / "0002_second.sql").rename(folder / "0003_third.sql")
    migrate(conn)
    (folder / "0002_late.sql").write_text("SELECT 1")
    with pytest.raises(MigrationError, match="0002_late is numbered below ones already applied"):
        migrate(conn)


def test_same_number_twice_is_refused(conn: psycopg.Connection[Any], folder: Path) -> None:
    """Two files with the same number are reported before anything is applied."""
    (folder / "0002_other.sql").write_text("SELECT 1")
    with pytest.raises(MigrationError, match="same number"):
        migrate(conn)


def test_empty_folder_is_refused(conn: psycopg.Connection[Any], folder: Path) -> None:
    """A program installed without its SQL files reports that, instead of finding nothing to do."""
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(MigrationError, match="installation is incomplete"):
        migrate(conn)


def test_old_server_is_refused(folder: Path) -> None:
    """A server older than PostgreSQL 15 is refused, by its version alone."""
    old: Any = SimpleNamespace(info=SimpleNamespace(server_version=140012))
    with pytest.raises(MigrationError, match="PostgreSQL 14: contactsync needs 15"):
        pending(old)


def test_open_transaction_is_a_mistake_of_the_caller(conn: psycopg.Connection[Any], folder: Path) -> None:
    """`migrate` refuses to run inside the caller's transaction, which it would have to commit."""
    conn.execute("SELECT 1")
    with pytest.raises(ValueError, match="without an open transaction"):
        migrate(conn)
