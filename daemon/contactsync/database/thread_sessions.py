"""A connection for each thread that asks: one that hung may come back beside the one that replaced it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from contactsync.database.connection import Session


class ThreadSessions:
    """The sessions of a background thread and of those that it replaced."""

    def __init__(self, make: Callable[[], Session]) -> None:
        """`make` prepares a session; a thread's first use calls it."""
        self._make = make
        self._own = threading.local()

    @property
    def current(self) -> Session:
        """The session of the thread that asks."""
        found: Session | None = getattr(self._own, "session", None)
        if found is None:
            found = self._own.session = self._make()
        return found
