"""Which PostgreSQL: the one that `database_url` names, or the embedded one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from contactsync.database.embedded.server import EmbeddedServer
from contactsync.domain.errors import ConfigurationError

CREDENTIAL = "database_password"
"""What systemd's LoadCredential= calls the password; it comes before `database_password_file`."""


@contextmanager
def database(
    url: str | None, password_file: Path | None, data_dir: Path
) -> Iterator[tuple[str, EmbeddedServer | None]]:
    """The URL to use, and the embedded server behind it where there is no `database_url`. Main thread only."""
    if url:
        yield _with_password(url, _password_file(password_file)), None
        return
    with EmbeddedServer(data_dir) as server:
        yield server.url, server


def _password_file(configured: Path | None) -> Path | None:
    """Where the password stands: with the service's credentials, else where the settings say."""
    if folder := os.environ.get("CREDENTIALS_DIRECTORY"):
        credential = Path(folder, CREDENTIAL)
        if credential.exists():
            return credential
    return configured


def _with_password(url: str, file: Path | None) -> str:
    """The URL with the password in it, as a conninfo.

    Read here, not by libpq's `passfile`, which refuses the mode that systemd gives to credentials.
    """
    if file is None:
        return url
    try:
        password = file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError(f"{file}: the database's password cannot be read: {reason}") from None
    if not password or not password.isprintable():
        raise ConfigurationError(f"{file}: write the database's password there, on one line")
    if conninfo_to_dict(url).get("password"):
        raise ConfigurationError(
            f"database_url has a password, and so has {file}: take it out of database_url"
        )
    return make_conninfo(url, password=password)
