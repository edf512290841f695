"""Connects to PostgreSQL, and maps its errors to verdicts on a deposit (protocol 5.5)."""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg.waiting import Wait

from contactsync.database import statements
from contactsync.domain.errors import DatabaseAway, FileRefused
from contactsync.runtime import gil

Connection: TypeAlias = psycopg.Connection[DictRow]

PATIENCE_SECONDS = 30.0
"""How long a server may send nothing before we give it up; longer statements run under `patient`."""

MERGE_SECONDS = 900.0
"""The limit of a merge. `statement_timeout` ends it slightly earlier, so it is not mistaken for a dead server."""

T = TypeVar("T")

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
# The timeouts make the server release what a hung daemon holds; a lock timeout is retried.
_OPTIONS = (
    "-c lock_timeout=20s -c statement_timeout=870s -c idle_in_transaction_session_timeout=120s -c work_mem=64MB "
    "-c temp_buffers=64MB -c default_statistics_target=10 "
    "-c default_transaction_isolation=read\\ committed -c search_path=pg_temp,pg_catalog -c datestyle=ISO,DMY "
    "-c standard_conforming_strings=on -c jit=off"
)


class _Impatient(psycopg.Connection[DictRow]):
    """A connection that gives up on a server which sends nothing for `patience` seconds.

    Keepalives detect a dead host, but not a hung server or pooler whose kernel still answers, and a unix
    socket has none.
    """

    patience = PATIENCE_SECONDS

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Run psycopg's generator; raises OperationalError, the connection closed, once patience has run out."""
        try:
            waited_for = next(gen)
        except StopIteration as done:
            # Nothing to wait for: most rows of a COPY have arrived with an earlier one, and a report has millions.
            arrived: T = done.value
            return arrived
        # Older releases of psycopg have no `timeout`.
        limits = {} if timeout is None else {"timeout": timeout}
        with gil.yielded():
            return super().wait(self._with_deadline(gen, waited_for), interval, **limits)

    def _with_deadline(self, gen: PQGen[T], waited_for: Wait) -> PQGen[T]:
        last_data = time.monotonic()
        try:
            while True:
                ready = yield waited_for
                if ready:
                    last_data = time.monotonic()
                elif time.monotonic() - last_data > self.patience:
                    self.pgconn.finish()
                    raise psycopg.OperationalError("the server has stopped responding")
                waited_for = gen.send(ready)
        except StopIteration as done:
            result: T = done.value
            return result


@contextmanager
def patient(conn: Connection) -> Iterator[None]:
    """Statements in this block may take as long as a merge."""
    assert isinstance(conn, _Impatient)
    before, conn.patience = conn.patience, MERGE_SECONDS
    try:
        yield
    finally:
        conn.patience = before


def connect(url: str, *, patience: float = PATIENCE_SECONDS) -> Connection:
    """Connect, in autocommit, with rows as dicts; raises psycopg.OperationalError if that fails.

    `url` is any libpq URL or conninfo; its settings override ours. If it names several hosts, the one
    that accepts writes is used. `patience` is how many seconds the server may send nothing before the
    connection is given up.
    """
    given = conninfo_to_dict(url)
    if "," in str(given.get("host", "")):
        given.setdefault("target_session_attrs", "read-write")
    options = " ".join([_OPTIONS, str(given.pop("options", None) or "")])
    conninfo = make_conninfo(**{**_DEFAULTS, **given, "options": options})
    conn = _Impatient.connect(conninfo, autocommit=True, row_factory=dict_row)
    conn.patience = patience
    return conn


@contextmanager
def errors_mean() -> Iterator[None]:
    """Turn PostgreSQL's errors into verdicts: FileRefused if the file is at fault, otherwise DatabaseAway.

    The original error is not chained: its DETAIL contains values of the file (protocol 5.7).
    """
    try:
        yield
    except psycopg.Error as error:
        state = error.sqlstate or ""
        kind = type(error).__name__
    else:
        return
    if state.startswith(_FILE_FAULTS) or state == _PROGRAM_LIMIT:
        raise FileRefused("database_refused", {"sqlstate": state}) from None
    raise DatabaseAway(f"{state or 'connection lost'} ({kind})") from None


def _was_closed(conn: Connection) -> bool:
    """Whether an idle connection is readable, which only happens when the server has closed it."""
    return bool(select.select([conn.fileno()], [], [], 0)[0])


class Session:
    """One worker's connection, opened when needed and reopened after a loss."""

    def __init__(self, url: str, *, patience: float = PATIENCE_SECONDS) -> None:
        """Store the URL; the first call connects. For `patience` see `connect`."""
        self._url = url
        self._patience = patience
        self._conn: Connection | None = None

    @contextmanager
    def __call__(self) -> Iterator[Connection]:
        """Yield the connection; close it after a database error. Raises as `errors_mean` does."""
        with errors_mean():
            try:
                if self._conn is None or self._conn.closed or _was_closed(self._conn):
                    self.close()
                    with gil.yielded():
                        self._conn = connect(self._url, patience=self._patience)
                    self._conn.execute(statements.get("database/session"))
                yield self._conn
            except psycopg.Error:
                self.close()
                raise

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        conn, self._conn = self._conn, None
        if conn is not None:
            conn.close()
