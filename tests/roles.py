"""The database's three roles in tests: the daemon under test is never a superuser (protocol 7)."""

from __future__ import annotations

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from contactsync.database import roles
from contactsync.database.migrations import migrate


def as_daemon(url: str) -> str:
    """The same database for the daemon under test."""
    return make_conninfo(url, user=roles.DAEMON)


def as_migrator(url: str) -> str:
    return make_conninfo(url, user=roles.MIGRATOR)


def as_sender(url: str) -> str:
    """The same database for the sending platform."""
    return make_conninfo(url, user=roles.SENDER)


def make_schema(url: str) -> None:
    """Create the roles as the superuser of `url`, whose password they share, and the schema as the migrator."""
    with psycopg.connect(url, autocommit=True) as admin:
        roles.create(admin)
        if password := conninfo_to_dict(url).get("password"):
            for role in (roles.MIGRATOR, roles.DAEMON, roles.SENDER):
                change = sql.SQL("ALTER ROLE {} PASSWORD {}")
                admin.execute(change.format(sql.Identifier(role), sql.Literal(password)))
    with psycopg.connect(as_migrator(url)) as migrator:
        migrate(migrator)
