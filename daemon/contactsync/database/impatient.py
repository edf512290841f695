"""A connection that gives up on a server which has fallen silent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.rows import DictRow
from psycopg.waiting import Wait

from contactsync.runtime import gil

Connection: TypeAlias = psycopg.Connection[DictRow]

PATIENCE_SECONDS = 30.0
"""How long a server may send nothing before we give it up; longer statements run under `patient`."""

MERGE_SECONDS = 900.0
"""The limit of a merge. `statement_timeout` ends it slightly earlier, so it is not mistaken for a dead server."""

T = TypeVar("T")


class Impatient(psycopg.Connection[DictRow]):
    """A connection that gives up on a server which sends nothing for `patience` seconds.

    Keepalives detect a dead host, but not a hung server or pooler whose kernel still answers, and a unix
    socket has none.
    """

    patience = PATIENCE_SECONDS
    # A pooler is between us and the server; this is the server process that it gave us (`pooling`).
    pooled_pid: int | None = None

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
    assert isinstance(conn, Impatient)
    before, conn.patience = conn.patience, MERGE_SECONDS
    try:
        yield
    finally:
        conn.patience = before
