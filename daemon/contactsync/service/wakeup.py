"""Wakes a thread from a signal handler."""

from __future__ import annotations

import os
import select
from contextlib import suppress


class Wakeup:
    """Wakes the main thread, from a signal handler or another thread, without locks."""

    def __init__(self) -> None:
        """Create the pipe."""
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def wake(self) -> None:
        """End the current `wait`, or the next one."""
        # The pipe is full: it is awake already.
        with suppress(BlockingIOError):
            os.write(self._write, b"!")

    def wait(self, seconds: float) -> bool:
        """Sleep until `wake`, for `seconds` at most. Returns whether `wake` was called."""
        if not select.select([self._read], [], [], seconds)[0]:
            return False
        os.read(self._read, 1 << 16)
        return True
