"""Connections to PostgreSQL, and what its errors mean for a deposit (protocol 5.5)."""

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

from contactsync.database import statements
from contactsync.domain.errors import DatabaseAway, FileRefused
from contactsync.runtime import gil

Connection: TypeAlias = psycopg.Connection[DictRow]

PATIENCE_SECONDS = 30.0
"""A server that says nothing for so long has fallen silent; statements that take longer are given more."""

MERGE_SECONDS = 900.0
"""What a merge may take. The server ends it a little earlier (`statement_timeout`), so silence is not mistaken."""

T = TypeVar("T")

_FILE_FAULTS = ("22", "23")  # data exception, integrity violation (protocol 5.5)
_PROGRAM_LIMIT = "54000"  # for example a value that is too long for its index

_DEFAULTS: dict[str, Any] = {
    "application_name": "contactsync",
    "connect_timeout": 5,
    # A peer that has fallen silent is given up after some 25 seconds.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
    "client_encoding": "utf8",
}
# What a hung daemon could hold is let go by the server; a lock that is not to be had is waited for, then retried.
_OPTIONS = (
    "-c lock_timeout=20s -c statement_timeout=870s -c idle_in_transaction_session_timeout=120s -c work_mem=64MB "
    "-c temp_buffers=64MB -c default_statistics_target=10 "
    "-c default_transaction_isolation=read\\ committed -c search_path=pg_temp,pg_catalog -c datestyle=ISO,DMY "
    "-c standard_conforming_strings=on -c jit=off"
)


class _Impatient(psycopg.Connection[DictRow]):
    """A connection that gives up a server which says nothing.

    Keepalives see a host that is gone, not a hung server or pooler whose kernel still answers, and on a unix
    socket there are none.
    """

    patience = PATIENCE_SECONDS

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Run psycopg's generator; raises OperationalError, the connection closed, once patience has run out."""
        limits = {} if timeout is None else {"timeout": timeout}  # older releases do not know it
        with gil.yielded():
            return super().wait(self._hurried(gen), interval, **limits)

    def _hurried(self, gen: PQGen[T]) -> PQGen[T]:
        heard = time.monotonic()
        try:
            waited_for = next(gen)
            while True:
                ready = yield waited_for
                if ready:
                    heard = time.monotonic()
                elif time.monotonic() - heard > self.patience:
                    self.pgconn.finish()
                    raise psycopg.OperationalError("the server has fallen silent")
                waited_for = gen.send(ready)
        except StopIteration as done:
            result: T = done.value
            return result


@contextmanager
def patient(conn: Connection) -> Iterator[None]:
    """Statements in this block may take as long as a merge takes."""
    assert isinstance(conn, _Impatient)
    before, conn.patience = conn.patience, MERGE_SECONDS
    try:
        yield
    finally:
        conn.patience = before


def connect(url: str, *, patience: float = PATIENCE_SECONDS) -> Connection:
    """A connection in autocommit whose rows are dicts; raises psycopg.OperationalError where there is none.

    `patience` is how many seconds the server may be silent before the connection is given up.

    `url` is any libpq URL or conninfo, with several hosts too: then the one that takes writes is used. Its own
    settings come before ours.
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
    """Turn PostgreSQL's errors into verdicts: the file's fault is FileRefused, everything else Retryable.

    The original is not chained: its DETAIL holds values of the file (protocol 5.7).
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


def _has_news(conn: Connection) -> bool:
    """Whether an idle link has something to say: that the server has gone, and nothing else."""
    return bool(select.select([conn.fileno()], [], [], 0)[0])


class Session:
    """One worker's connection, made when it is needed and made again after it was lost."""

    def __init__(self, url: str, *, patience: float = PATIENCE_SECONDS) -> None:
        """Remember where; nothing is connected yet. For `patience` see `connect`."""
        self._url = url
        self._patience = patience
        self._conn: Connection | None = None

    @contextmanager
    def __call__(self) -> Iterator[Connection]:
        """The connection, for a while; after an error of the database it is given up."""
        with errors_mean():
            try:
                if self._conn is None or self._conn.closed or _has_news(self._conn):
                    self.close()
                    with gil.yielded():
                        self._conn = connect(self._url, patience=self._patience)
                    self._conn.execute(statements.get("database/session"))
                yield self._conn
            except psycopg.Error:
                self.close()
                raise

    def close(self) -> None:
        """Give the connection up."""
        conn, self._conn = self._conn, None
        if conn is not None:
            conn.close()
