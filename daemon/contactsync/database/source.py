"""Selects the PostgreSQL server: the one in `database_url`, or the embedded one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import make_conninfo

from contactsync.database import roles
from contactsync.database.connection import MERGE_SECONDS, Connection, connect
from contactsync.database.embedded.server import EmbeddedServer
from contactsync.database.embedded.server_user import daemon_uid
from contactsync.database.location import Location, Where
from contactsync.database.migrations import migrate, pending

CREDENTIAL = "database_password"
"""The password's name in systemd's LoadCredential=; it wins over `database_password_file`."""


@contextmanager
def database(
    url: str | None, password_file: Path | None, data_dir: Path
) -> Iterator[tuple[Where, EmbeddedServer | None]]:
    """Yield where the database is, and the embedded server if `url` is None. Call it from the main thread.

    Raises ConfigurationError if the password cannot be used, EmbeddedUnavailable.
    """
    if url:
        location = _location(url, password_file, data_dir)
        # At once, although each connection reads the password again.
        location.parameters()
        yield location, None
        return
    with EmbeddedServer(data_dir) as server:
        yield server.url, server


def migrate_embedded(conn: Connection) -> list[str]:
    """Bring the embedded database that `conn` uses up to date, as the migrator; returns the applied migrations.

    Raises as `migrate` does.
    """
    if not pending(conn):
        return []
    with embedded_migrator(conn) as migrator:
        return migrate(migrator)


def embedded_migrator(conn: Connection) -> Connection:
    """Another connection to the embedded database that `conn` uses, as the role that owns everything in it."""
    return connect(make_conninfo(conn.info.dsn, user=roles.MIGRATOR), patience=MERGE_SECONDS)


def _location(url: str, configured: Path | None, data_dir: Path) -> Location:
    """Where `url` is, with the password's file and its name in messages: the service's credential, or the configured one."""
    if folder := os.environ.get("CREDENTIALS_DIRECTORY"):
        credential = Path(folder, CREDENTIAL)
        if credential.exists():
            return Location(url, credential, f"the credential {CREDENTIAL}", daemon_uid(data_dir))
    return Location(url, configured, daemon_uid=daemon_uid(data_dir))
