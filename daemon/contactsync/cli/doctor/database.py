"""`doctor` on the database: version, schema, whether it accepts writes, clock, connections."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from contactsync.cli.doctor import server_settings
from contactsync.cli.doctor.finding import SKEW_SECONDS, Finding, Level

if TYPE_CHECKING:
    from contactsync.database.connection import Connection
    from contactsync.domain.account import Account
    from contactsync.settings.settings import Settings

BAD_SKEW_SECONDS = 60.0
SPARE_CONNECTIONS = 5
"""Connections that a daemon needs besides its workers': main thread, reports, retention, metrics, a command."""


def findings(conn: Connection, settings: Settings, *, embedded: bool) -> Iterator[Finding]:
    """Check the database, with a handful of queries."""
    version = conn.info.server_version
    name = f"PostgreSQL {version // 10000}.{version % 10000}{', embedded' if embedded else ''}"
    yield from _schema(conn, name)
    yield from server_settings.findings(conn)
    row = conn.execute(
        "SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only') AS ro"
    ).fetchone()
    if row and (row["standby"] or row["ro"] == "on"):
        message = "it does not accept writes: it is a standby, or default_transaction_read_only is on"
        fix = "list all hosts in database_url (host1,host2): the one that accepts writes is used"
        yield Finding("error", "database", message, fix)
    yield _clock(conn)
    yield from _connections(conn, settings)


def _schema(conn: Connection, name: str) -> Iterator[Finding]:
    from contactsync.database.migrations import MigrationError, pending

    try:
        missing = pending(conn)
    except MigrationError as error:
        yield Finding("error", "database", f"{name}: {error}")
        return
    if missing:
        yield Finding("error", "database", f"{name}: it lacks {', '.join(missing)}", "contactsync migrate")
    else:
        yield Finding("ok", "database", f"{name}, schema up to date")


def _clock(conn: Connection) -> Finding:
    before = time.time()
    row = conn.execute("SELECT extract(epoch FROM clock_timestamp())::float8 AS now").fetchone()
    after = time.time()
    assert row
    skew = row["now"] - (before + after) / 2
    if abs(skew) <= SKEW_SECONDS + (after - before):
        return Finding("ok", "clock", f"the database's clock agrees ({skew:+.2f} s)")
    level: Level = "error" if abs(skew) > BAD_SKEW_SECONDS else "warning"
    message = f"the database's clock is {abs(skew):.1f} s {'ahead' if skew > 0 else 'behind'}"
    return Finding(level, "clock", message, "timedatectl set-ntp true   # on both hosts")


def _connections(conn: Connection, settings: Settings) -> Iterator[Finding]:
    row = conn.execute("SELECT current_setting('max_connections')::int AS most").fetchone()
    # A single worker has two: it gives way to short deposits.
    needed = max(settings.workers, 2) + SPARE_CONNECTIONS
    if row and row["most"] < needed:
        message = f"max_connections is {row['most']}, but {settings.workers} workers need {needed}"
        fix = f"ALTER SYSTEM SET max_connections = {needed + 20};  -- and restart it"
        yield Finding("error", "database", message, fix)


def accounts_of(conn: Connection) -> list[Account] | None:
    """The accounts; None if the schema is not up to date."""
    from contactsync.accounts import store
    from contactsync.database.migrations import MigrationError, pending

    try:
        return None if pending(conn) else store.every(conn)
    except MigrationError:
        return None
