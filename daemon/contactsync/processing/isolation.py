"""Protects the deposits that are processed at the same time as a deadly one from being blamed for it.

When the process dies, every deposit in progress looks guilty. A suspect is therefore processed alone: if the process
dies again, only the suspect was in progress, and `attempts` in the ledger blames no other deposit.

Both waits are bounded, so that a suspect that takes all the processor time it may delays nobody for long. A deposit
that is blamed all the same becomes a suspect too, and clears itself the next time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from contactsync.runtime import gil

ALONE_SECONDS = 20.0
"""A suspect waits for others, and others for a suspect, for this long at most: a file that kills the process, by its
memory or by a fault in a library, does so within seconds."""


class Isolation:
    """Many deposits side by side, or one suspect alone. A suspect goes before the others that arrive later."""

    def __init__(self, seconds: float = ALONE_SECONDS) -> None:
        """No deposit is in progress. Others wait for a suspect for `seconds` at most."""
        self._seconds = seconds
        self._changed = threading.Condition()
        # The threads that are in a deposit; a thread may be in two.
        self._in_progress: list[int] = []
        # Until when others wait for each suspect, by a ticket; the time starts again when it is alone.
        self._suspects: dict[object, float] = {}

    @contextmanager
    def beside_others(self) -> Iterator[None]:
        """Process a deposit that no process has died on; waits while a suspect waits or runs."""
        me = threading.get_ident()
        with gil.yielded(when=bool(self._suspects)), self._changed:
            while (rest := self._rest_of_suspects()) > 0:
                self._changed.wait(rest)
            self._in_progress.append(me)
        try:
            yield
        finally:
            with self._changed:
                self._leave(me)

    def _rest_of_suspects(self) -> float:
        return max(self._suspects.values(), default=0.0) - time.monotonic()

    @contextmanager
    def alone(self) -> Iterator[Callable[[], bool]]:
        """Process a suspect; waits for the deposits in progress, and lets no other one begin meanwhile.

        Gives whether it is still alone.
        """
        ticket, me = object(), threading.get_ident()
        with gil.yielded(), self._changed:
            self._suspects[ticket] = time.monotonic() + self._seconds
            self._changed.wait_for(lambda: not self._in_progress, self._seconds)
            self._in_progress.append(me)
            ends = self._suspects[ticket] = time.monotonic() + self._seconds
        try:
            yield lambda: time.monotonic() < ends
        finally:
            with self._changed:
                del self._suspects[ticket]
                self._leave(me)

    def abandon(self, thread: int) -> None:
        """Let no suspect wait for what a thread is in: it hangs. Takes its `threading.get_ident`."""
        with self._changed:
            self._in_progress = [each for each in self._in_progress if each != thread]
            self._changed.notify_all()

    def _leave(self, thread: int) -> None:
        # One that was abandoned has left already.
        if thread in self._in_progress:
            self._in_progress.remove(thread)
        self._changed.notify_all()
