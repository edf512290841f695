"""Protects the deposits that are processed at the same time as a deadly one from being blamed for it.

When the process dies, every deposit in progress looks guilty. A suspect is therefore processed alone: if the process
dies again, only the suspect was in progress, and `attempts` in the ledger blames no other deposit.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from contactsync.runtime import gil


class Isolation:
    """Many deposits side by side, or one suspect alone. A suspect goes before the others that arrive later."""

    def __init__(self) -> None:
        """No deposit is in progress."""
        self._changed = threading.Condition()
        # The threads that are in a deposit, and those that have a suspect; a thread may be in two deposits.
        self._in_progress: list[int] = []
        self._suspects: list[int] = []

    def abandon(self, thread: int) -> None:
        """Wait no longer for what a thread is in: it hangs. Whoever notices that gives its `threading.get_ident`."""
        with self._changed:
            self._in_progress = [each for each in self._in_progress if each != thread]
            self._suspects = [each for each in self._suspects if each != thread]
            self._changed.notify_all()

    @contextmanager
    def beside_others(self) -> Iterator[None]:
        """Process a deposit that no process has died on; waits while a suspect waits or runs."""
        me = threading.get_ident()
        with gil.yielded(when=bool(self._suspects)), self._changed:
            self._changed.wait_for(lambda: not self._suspects)
            self._in_progress.append(me)
        try:
            yield
        finally:
            self._leave(me)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Process a suspect; waits for the deposits in progress, and lets no other one begin meanwhile."""
        me = threading.get_ident()
        with gil.yielded(), self._changed:
            self._suspects.append(me)
            self._changed.wait_for(lambda: not self._in_progress)
            self._in_progress.append(me)
        try:
            yield
        finally:
            self._leave(me, suspect=True)

    def _leave(self, thread: int, *, suspect: bool = False) -> None:
        """End a deposit; an abandoned thread that returns has nothing to end."""
        with self._changed:
            for threads in [self._in_progress, *([self._suspects] if suspect else [])]:
                if thread in threads:
                    threads.remove(thread)
            self._changed.notify_all()
