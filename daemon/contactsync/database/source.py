"""Selects the PostgreSQL server: the one in `database_url`, or the embedded one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from contactsync.database import roles
from contactsync.database.connection import MERGE_SECONDS, Connection, connect
from contactsync.database.embedded.server import EmbeddedServer
from contactsync.database.migrations import migrate, pending
from contactsync.domain.errors import ConfigurationError

CREDENTIAL = "database_password"
"""The password's name in systemd's LoadCredential=; it wins over `database_password_file`."""


@contextmanager
def database(
    url: str | None, password_file: Path | None, data_dir: Path
) -> Iterator[tuple[str, EmbeddedServer | None]]:
    """Yield the URL to use, and the embedded server if `url` is None. Call it from the main thread.

    Raises ConfigurationError if the password cannot be used, EmbeddedUnavailable.
    """
    if url:
        yield _with_password(url, *_password_file(password_file)), None
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


def _password_file(configured: Path | None) -> tuple[str, Path | None]:
    """The password's file and its name in messages: the service's credential if any, or the configured file."""
    if folder := os.environ.get("CREDENTIALS_DIRECTORY"):
        credential = Path(folder, CREDENTIAL)
        if credential.exists():
            return f"the credential {CREDENTIAL}", credential
    return "database_password_file", configured


def _with_password(url: str, source: str, file: Path | None) -> str:
    """The URL with the password added, as a conninfo. Messages name `source` but no value (protocol 7).

    libpq's `passfile` is no alternative: it refuses the file mode of systemd's credentials.
    """
    if file is None:
        return url
    try:
        password = file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError(f"{source}: the file with the password cannot be read: {reason}") from None
    if not password or not password.isprintable():
        raise ConfigurationError(f"{source}: write the password to that file, alone and on one line")
    if conninfo_to_dict(url).get("password"):
        raise ConfigurationError(
            f"both database_url and {source} contain a password: remove it from database_url"
        )
    return make_conninfo(url, password=password)
