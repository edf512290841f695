"""Brings the schema up to date: numbered files, each applied once, in order, in its own transaction.

The files are `sql/migrations/NNNN_name.sql`. Table `contactsync.schema_migration` records which were
applied, and their checksums. A session advisory lock excludes other processes. It ends with its
connection, so a killed process blocks nobody. Advisory locks are per node: under Citus, all processes
migrate through the coordinator.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
import psycopg.rows
from psycopg.pq import TransactionStatus

from contactsync.database import roles
from contactsync.database.statements import sql_root
from contactsync.domain.errors import ContactsyncError

# protocol 7
OLDEST_SERVER = 15
# Any other encoding lacks characters that files and names contain.
ENCODING = "UTF8"
# Any number that no other program uses as an advisory lock.
LOCK_KEY = int.from_bytes(b"ctsync\0\1", "big")

_FILE_NAME = re.compile(r"([0-9]{4})_[a-z0-9_]+\.sql")

_CREATE_TABLE = """
CREATE TABLE contactsync.schema_migration (
    version    int         PRIMARY KEY,
    name       text        NOT NULL,
    checksum   text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class MigrationError(ContactsyncError):
    """The schema cannot be migrated; the message is one sentence that names the fix."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its number, its name `NNNN_name`, its text, and the text's SHA-256 in hexadecimal."""

    version: int
    name: str
    text: str
    checksum: str


def migrate(conn: psycopg.Connection[Any]) -> list[str]:
    """Apply the missing migrations and return their names, in order; safe to repeat and to run concurrently.

    `conn` must be idle, with any row factory; its autocommit mode is restored. A current schema is only
    read, so a read-only server or role suffices. A failing file has no effect; those before it stay.
    Afterwards, the roles of `sql/roles.sql` get their rights on the new objects.

    Raises MigrationError; ValueError if a transaction is open; psycopg.Error if the server is
    unreachable, read-only or out of resources, which is worth another try.
    """
    if conn.info.transaction_status != TransactionStatus.IDLE:
        raise ValueError("migrate() needs a connection without an open transaction")
    autocommit = conn.autocommit
    conn.autocommit = True
    try:
        if not pending(conn):
            return []
        with _lock(conn):
            _create_table(conn)
            # Another process may have applied them while we waited for the lock.
            missing = _missing(conn)
            for migration in missing:
                _apply(conn, migration)
            if missing:
                roles.grant_again(conn)
            return [migration.name for migration in missing]
    finally:
        if not conn.closed:
            conn.autocommit = autocommit


def pending(conn: psycopg.Connection[Any]) -> list[str]:
    """The names of the migrations that the database lacks, in order; writes nothing.

    Raises MigrationError if `migrate` would fail: server too old, not UTF8, applied file changed, newer database.
    """
    return [migration.name for migration in _missing(conn)]


def _missing(conn: psycopg.Connection[Any]) -> list[Migration]:
    major = conn.info.server_version // 10000
    if major < OLDEST_SERVER:
        raise MigrationError(f"the server is PostgreSQL {major}: contactsync needs {OLDEST_SERVER} or later")
    encoding = conn.info.parameter_status("server_encoding")
    if encoding != ENCODING:
        raise MigrationError(
            f"the database's encoding is {encoding}, and contactsync needs {ENCODING}: make another database"
            " and name it in database_url: createdb --template=template0 --encoding=UTF8 NAME"
        )
    known = {migration.version: migration for migration in _files()}
    applied = _applied(conn)
    for version, (name, checksum) in applied.items():
        if version not in known:
            raise MigrationError(
                f"the database has migration {name}, which this contactsync does not know:"
                " install the newer version"
            )
        if checksum != known[version].checksum:
            raise MigrationError(
                f"migration {name} was changed after it was applied: restore the file, and make the change"
                " in a new migration"
            )
    missing = [migration for version, migration in sorted(known.items()) if version not in applied]
    if missing and applied and missing[0].version < max(applied):
        raise MigrationError(
            f"migration {missing[0].name} is numbered below ones already applied:"
            f" give it a number above {max(applied):04}"
        )
    return missing


def _files() -> list[Migration]:
    folder = sql_root() / "migrations"
    found: list[Migration] = []
    for path in sorted(folder.glob("*.sql")):
        match = _FILE_NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{path} is not named NNNN_name.sql: rename it")
        version = int(match[1])
        if found and found[-1].version == version:
            raise MigrationError(f"{found[-1].name} and {path.stem} have the same number: renumber one")
        # Universal newlines: a checkout with CRLF has the same checksum.
        text = path.read_text(encoding="utf-8")
        found.append(Migration(version, path.stem, text, hashlib.sha256(text.encode()).hexdigest()))
    if not found:
        raise MigrationError(
            f"there is no migration in {folder}: the installation is incomplete; reinstall contactsync"
        )
    return found


def _applied(conn: psycopg.Connection[Any]) -> dict[int, tuple[str, str]]:
    """Version → (name, checksum) of the applied migrations; empty if there is no such table."""
    with conn.transaction(), conn.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        if not _exists(cursor, "to_regclass('contactsync.schema_migration')"):
            return {}
        cursor.execute("SELECT version, name, checksum FROM contactsync.schema_migration ORDER BY version")
        return {version: (name, checksum) for version, name, checksum in cursor}


def _exists(cursor: psycopg.Cursor[tuple[Any, ...]], lookup: LiteralString) -> bool:
    row = cursor.execute("SELECT " + lookup + " IS NOT NULL").fetchone()
    return row is not None and bool(row[0])


@contextmanager
def _lock(conn: psycopg.Connection[Any]) -> Iterator[None]:
    conn.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
    try:
        yield
    finally:
        # If the connection was lost, the server has released the lock.
        if not conn.closed:
            conn.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])


def _create_table(conn: psycopg.Connection[Any]) -> None:
    with conn.transaction(), conn.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        # Not IF NOT EXISTS: that requires the right to create a schema even if it exists.
        if not _exists(cursor, "to_regnamespace('contactsync')"):
            cursor.execute("CREATE SCHEMA contactsync")
        if not _exists(cursor, "to_regclass('contactsync.schema_migration')"):
            cursor.execute(_CREATE_TABLE)


def _apply(conn: psycopg.Connection[Any], migration: Migration) -> None:
    try:
        with conn.transaction():
            # Without parameters, a file may contain several statements, and % is literal.
            conn.execute(migration.text)
            if conn.info.transaction_status != TransactionStatus.INTRANS:
                raise MigrationError(
                    f"migration {migration.name} ends its transaction: remove COMMIT or ROLLBACK"
                )
            conn.execute(
                "INSERT INTO contactsync.schema_migration (version, name, checksum) VALUES (%s, %s, %s)",
                [migration.version, migration.name, migration.checksum],
            )
    # Connection, locks, disk, memory: not the file's fault. Read-only: a failover is in progress.
    except (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction):
        raise
    except psycopg.Error as error:
        # `from None`: str(error) includes DETAIL, which can contain a contact's values (protocol 5.7).
        raise MigrationError(_failure(migration, error)) from None


def _failure(migration: Migration, error: psycopg.Error) -> str:
    # In characters, counted from 1.
    position = error.diag.statement_position
    line = f" line {migration.text.count(chr(10), 0, int(position) - 1) + 1}" if position else ""
    reason = f"{error.sqlstate} {error.diag.message_primary}"
    return f"migration {migration.name}{line} failed and was rolled back: {reason}"
