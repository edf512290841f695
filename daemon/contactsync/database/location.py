"""Where the database is, and how to connect to it: read again for each connection, because passwords are rotated."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from psycopg.conninfo import conninfo_to_dict

from contactsync.domain.errors import ConfigurationError, DatabaseRefuses


@dataclass(frozen=True, slots=True)
class Location:
    """A libpq URL or conninfo, and the file with its password if there is one; `source` names it in messages."""

    url: str
    password_file: Path | None = None
    source: str = "database_password_file"
    # Whom root becomes if the server wants to know the user of the process (peer authentication).
    daemon_uid: int | None = None

    def parameters(self) -> dict[str, Any]:
        """The parameters of libpq, with the password that the file contains now. Raises ConfigurationError.

        Messages name `source` but no value (protocol 7). libpq's `passfile` is no alternative: it refuses the file
        mode of systemd's credentials.
        """
        given = conninfo_to_dict(self.url)
        if self.password_file is None:
            return given
        if given.get("password"):
            raise ConfigurationError(
                f"both database_url and {self.source} contain a password: remove it from database_url"
            )
        return {**given, "password": self._password(self.password_file)}

    def _password(self, file: Path) -> str:
        try:
            password = file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise ConfigurationError(
                f"{self.source}: the file with the password cannot be read: {reason}"
            ) from None
        if not password or not password.isprintable():
            raise ConfigurationError(f"{self.source}: write the password to that file, alone and on one line")
        return password


Where: TypeAlias = str | Location
"""A libpq URL or conninfo, or a location."""


def parameters(where: Where) -> dict[str, Any]:
    """The parameters of libpq; raises DatabaseRefuses if the password cannot be read now: a daemon waits for it."""
    if isinstance(where, str):
        return dict(conninfo_to_dict(where))
    try:
        return where.parameters()
    except ConfigurationError as error:
        raise DatabaseRefuses(str(error), "contactsync config show   # see database_password_file") from None


def as_daemon_uid(where: Where) -> int | None:
    """The user that root connects as if the server uses peer authentication; None if there is nobody to become."""
    if isinstance(where, str) or os.geteuid() != 0:
        return None
    return where.daemon_uid
