"""Wakes a thread from a signal handler."""

from __future__ import annotations

import os
import select
from contextlib import suppress


class Wakeup:
    """Wakes the main thread, from a signal handler or another thread, without locks."""

    def __init__(self) -> None:
        """A pipe of our own."""
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def wake(self) -> None:
        """Wake it, now or at its next `wait`."""
        with suppress(BlockingIOError):  # it rings already
            os.write(self._write, b"!")

    def wait(self, seconds: float) -> bool:
        """Sleep until it rings, `seconds` at most; whether it rang."""
        if not select.select([self._read], [], [], seconds)[0]:
            return False
        os.read(self._read, 1 << 16)
        return True
