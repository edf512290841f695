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
        self._in_progress = 0
        self._suspects = 0

    @contextmanager
    def beside_others(self) -> Iterator[None]:
        """Process a deposit that no process has died on; waits while a suspect waits or runs."""
        with gil.yielded(when=self._suspects > 0), self._changed:
            self._changed.wait_for(lambda: not self._suspects)
            self._in_progress += 1
        try:
            yield
        finally:
            with self._changed:
                self._in_progress -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Process a suspect; waits for the deposits in progress, and lets no other one begin meanwhile."""
        with gil.yielded(), self._changed:
            self._suspects += 1
            self._changed.wait_for(lambda: not self._in_progress)
            self._in_progress += 1
        try:
            yield
        finally:
            with self._changed:
                self._in_progress -= 1
                self._suspects -= 1
                self._changed.notify_all()
