"""A session with a connection for each thread that uses it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from contactsync.database.connection import Connection, Session, Where


class ThreadSession(Session):
    """The session of a background thread that may be replaced: one that hung may come back beside its successor."""

    def __init__(self, url: Where) -> None:
        """Store where the database is; the first use in a thread connects."""
        super().__init__(url)
        self._where = url
        self._own = threading.local()

    @contextmanager
    def __call__(self, *, of_file: bool = False) -> Iterator[Connection]:
        """Yield the connection of the current thread. Raises what `Session` raises."""
        with self._of_thread()(of_file=of_file) as conn:
            yield conn

    def close(self) -> None:
        """Close the connection of the current thread."""
        self._of_thread().close()

    def _of_thread(self) -> Session:
        found: Session | None = getattr(self._own, "session", None)
        if found is None:
            found = self._own.session = Session(self._where)
        return found
