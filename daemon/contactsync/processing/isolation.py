"""Keeps a deposit on which a process has died from taking innocent ones with it.

When the process dies, every deposit in work seems guilty. So a suspect is processed alone: if the process dies
again, only the suspect was there, and `attempts` in the ledger blames nobody else.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from contactsync.runtime import gil


class Isolation:
    """Many deposits side by side, or one suspect alone. Suspects come before others that arrive later."""

    def __init__(self) -> None:
        """Nobody is in work."""
        self._changed = threading.Condition()
        self._in_work = 0
        self._suspects = 0

    @contextmanager
    def beside_others(self) -> Iterator[None]:
        """For a deposit that no process has died on."""
        with gil.yielded(when=self._suspects > 0), self._changed:
            self._changed.wait_for(lambda: not self._suspects)
            self._in_work += 1
        try:
            yield
        finally:
            with self._changed:
                self._in_work -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """For a suspect: waits for what is in work, and lets nothing begin meanwhile."""
        with gil.yielded(), self._changed:
            self._suspects += 1
            self._changed.wait_for(lambda: not self._in_work)
            self._in_work += 1
        try:
            yield
        finally:
            with self._changed:
                self._in_work -= 1
                self._suspects -= 1
                self._changed.notify_all()
