"""The three roles of `sql/roles.sql`: who migrates, who runs the daemon, and who sends campaigns (protocol 7)."""

from __future__ import annotations

from typing import Any

import psycopg
import psycopg.rows

from contactsync.database import statements

MIGRATOR = "contactsync_migrator"
DAEMON = "contactsync_daemon"
SENDER = "contactsync_sender"


def create(conn: psycopg.Connection[Any]) -> None:
    """Create the roles and grant them their rights, in one transaction; safe to repeat. Needs a superuser."""
    with conn.transaction():
        conn.execute(statements.get("roles"))


def are_used(conn: psycopg.Connection[Any]) -> bool:
    """Whether `create` was run on this database: the schema belongs to the migrator."""
    with conn.cursor(row_factory=psycopg.rows.scalar_row) as cursor:
        return bool(cursor.execute(statements.get("database/schema_owner"), {"owner": MIGRATOR}).fetchone())


def grant_again(conn: psycopg.Connection[Any]) -> None:
    """Grant the roles, if they are used, their rights on objects that a migration has just created."""
    if are_used(conn):
        create(conn)
