"""Connects to PostgreSQL, and maps its errors to verdicts on a deposit (protocol 5.5)."""

from __future__ import annotations

import select
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from contactsync.database import failures, peer, pooling, session_settings, statements
from contactsync.database.impatient import (
    MERGE_SECONDS,
    PATIENCE_SECONDS,
    Connection,
    Impatient,
    patient,
)
from contactsync.database.location import Where, as_daemon_uid, parameters
from contactsync.domain.errors import DatabaseRefuses, FileRefused
from contactsync.runtime import gil

__all__ = [
    "MERGE_SECONDS",
    "PATIENCE_SECONDS",
    "Connection",
    "Session",
    "Where",
    "connect",
    "errors_mean",
    "is_pooled",
    "patient",
]

# Data exception and integrity violation (protocol 5.5).
_FILE_FAULTS = ("22", "23")
# For example a value that is too long for its index.
_PROGRAM_LIMIT = "54000"

_DEFAULTS: dict[str, Any] = {
    "application_name": "contactsync",
    "connect_timeout": 5,
    # Give up an unresponsive peer after about 25 seconds.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
    "client_encoding": "utf8",
}


def connect(where: Where, *, patience: float = PATIENCE_SECONDS) -> Connection:
    """Connect, in autocommit, with rows as dicts and the session's settings pinned.

    `where` is any libpq URL or conninfo, or a location; its parameters override ours, and so do the settings in its
    `options`, except those that results depend on. If it names several hosts, the one that accepts writes is used.
    `patience` is how many seconds the server may send nothing before the connection is given up.

    Raises DatabaseAway, or DatabaseRefuses if somebody must act.
    """
    given = parameters(where)
    if "," in str(given.get("host", "")):
        given.setdefault("target_session_attrs", "read-write")
    settings, options = session_settings.from_options(str(given.pop("options", None) or ""))
    if options:
        given["options"] = options
    conn = _open(given, as_daemon_uid(where))
    conn.patience = patience
    try:
        with errors_mean():
            _prepare(conn, settings, given)
    except BaseException:
        conn.close()
        raise
    return conn


def _open(given: Mapping[str, Any], daemon_uid: int | None) -> Impatient:
    """Connect; as another user of this host if root is refused because it is root."""
    conninfo = make_conninfo(**{**_DEFAULTS, **given})
    try:
        try:
            return Impatient.connect(conninfo, autocommit=True, row_factory=dict_row)
        except psycopg.OperationalError as error:
            if daemon_uid is None or not (failures.is_peer_refusal(error) and peer.can_become()):
                raise
            with peer.acting_as(daemon_uid):
                return Impatient.connect(conninfo, autocommit=True, row_factory=dict_row)
    except psycopg.OperationalError as error:
        raise failures.of_connecting(error, given) from None


def _for_probe(conninfo: str) -> Impatient:
    conn = Impatient.connect(conninfo, autocommit=True, row_factory=dict_row)
    # A pool without room lets it wait.
    conn.patience = pooling.PROBE_SECONDS
    return conn


def _prepare(conn: Impatient, settings: Mapping[str, str], given: Mapping[str, Any]) -> None:
    """Pin the settings; behind a pooler, make sure of a session that nobody else has or has left something in."""
    pid = session_settings.pin(conn, settings)
    if not pooling.is_pooled(conn, pid):
        return
    conninfo = make_conninfo(**{**_DEFAULTS, **given})
    pooling.require_own_session(conn, pid, lambda: _for_probe(conninfo))
    conn.execute("DISCARD ALL")
    conn.pooled_pid = session_settings.pin(conn, settings)


@contextmanager
def errors_mean(*, of_file: bool = False) -> Iterator[None]:
    """Turn PostgreSQL's errors into DatabaseAway or DatabaseRefuses; `of_file`: into FileRefused if the file is at fault.

    Only statements that process a file may refuse it. The original error is not chained: its DETAIL contains values of
    the file (protocol 5.7).
    """
    try:
        yield
    except psycopg.Error as error:
        state = error.sqlstate or ""
        failure = failures.of_statement(error)
    else:
        return
    if of_file and (state.startswith(_FILE_FAULTS) or state == _PROGRAM_LIMIT):
        raise FileRefused("database_refused", {"sqlstate": state}) from None
    raise failure from None


def _was_closed(conn: Connection) -> bool:
    """Whether an idle connection is readable, which only happens when the server has closed it."""
    return bool(select.select([conn.fileno()], [], [], 0)[0])


class Session:
    """One worker's connection, opened when needed and reopened after a loss."""

    def __init__(self, where: Where, *, patience: float = PATIENCE_SECONDS) -> None:
        """Store where the database is; the first call connects. For `patience` see `connect`."""
        self._where = where
        self._patience = patience
        self._conn: Connection | None = None

    @contextmanager
    def __call__(self, *, of_file: bool = False) -> Iterator[Connection]:
        """Yield the connection; close it after a database error. Raises as `errors_mean` does."""
        with errors_mean():
            conn = self._ready()
        with errors_mean(of_file=of_file):
            try:
                yield conn
            except psycopg.Error:
                self.close()
                raise

    def _ready(self) -> Connection:
        if self._conn is not None and not self._conn.closed and not _was_closed(self._conn):
            try:
                is_pooled(self._conn)
            except (psycopg.Error, DatabaseRefuses):
                self.close()
                raise
            return self._conn
        self.close()
        with gil.yielded():
            conn = connect(self._where, patience=self._patience)
        try:
            conn.execute(statements.get("database/session"))
        except psycopg.Error:
            conn.close()
            raise
        self._conn = conn
        return conn

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        conn, self._conn = self._conn, None
        if conn is not None:
            conn.close()


def is_pooled(conn: Connection) -> bool:
    """Whether a pooler is in between. Raises DatabaseRefuses if it has given the session away: its mode can change."""
    assert isinstance(conn, Impatient)
    if conn.pooled_pid is None:
        return False
    if pooling.backend(conn) != conn.pooled_pid:
        raise pooling.shared()
    return True
