"""Detects a pooler between us and PostgreSQL, and whether it shares sessions, which the program cannot bear.

A pooler has process ids of its own: the one that it sends with the connection's cancel key is not the server's. If it
gives a transaction the session of another client that is connected too, settings, temporary tables, advisory locks and
prepared statements would be lost or mixed up.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg

from contactsync.database import statements
from contactsync.domain.errors import DatabaseRefuses

PROBES = 3
"""How many transactions look for a shared session. With an idle pool, one suffices."""

PROBE_SECONDS = 5.0

FIX = "set pool_mode = session in the pooler, or connect to PostgreSQL directly"


def shared() -> DatabaseRefuses:
    """The error for a session that is not ours alone."""
    return DatabaseRefuses(
        "the connection goes through a pooler that shares sessions (transaction or statement pooling)", FIX
    )


def is_pooled(conn: psycopg.Connection[Any], pid: int) -> bool:
    """Whether a pooler is in between; `pid` is the process of the server that runs this session."""
    return conn.info.backend_pid != pid


def require_own_session(
    conn: psycopg.Connection[Any], pid: int, another: Callable[[], psycopg.Connection[Any]]
) -> None:
    """Raise DatabaseRefuses if the pooler gives this session, whose server process is `pid`, to others.

    `another` makes a second connection. If the pool has no room for it, each client has a session of its own.
    """
    with suppress(psycopg.OperationalError):
        for _ in range(PROBES):
            with another() as other:
                if _is_shared(conn, pid, other):
                    raise shared()


def _is_shared(conn: psycopg.Connection[Any], pid: int, other: psycopg.Connection[Any]) -> bool:
    try:
        with other.transaction():
            # While this transaction holds one session of a shared pool, the first connection gets another one.
            return backend(other) == pid or backend(conn) != pid
    except psycopg.errors.ProtocolViolation:
        # Statement pooling has no transactions.
        return True


def backend(conn: psycopg.Connection[Any]) -> int:
    """The process id of the server's process that runs a statement now."""
    found = conn.execute(statements.get("database/backend")).fetchone()
    assert found is not None
    pid: int = found["pid"]
    return pid
