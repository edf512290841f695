"""Ends the process if an orderly end takes too long: the last resort against whatever hangs."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

import structlog

from contactsync.telemetry.log import flush

EXIT_STATUS = 1
FLUSH_SECONDS = 0.5
MIN_SECONDS = 5.0
"""What an orderly end takes on a busy host, with no deposit in progress."""

log = structlog.get_logger()


class ExitGuard:
    """Counts down from SIGTERM or SIGINT.

    The kernel's signal is noticed in C, whatever the main thread is in, and a thread of its own counts. The main
    thread's own handlers run as well.
    """

    def __init__(self, seconds: Callable[[], float]) -> None:
        """`seconds` returns how long the end may take, asked when the signal comes; `MIN_SECONDS` at least.

        SIGHUP may have changed the setting since the start.
        """
        self._seconds = seconds
        self._read, self._write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        os.set_blocking(self._read, True)

    def start(self) -> None:
        """Begin to watch for the signals. Main thread only."""
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        threading.Thread(target=self._run, name="exit-guard", daemon=True).start()

    def _run(self) -> None:
        wanted = {signal.SIGTERM, signal.SIGINT}
        while not wanted.intersection(os.read(self._read, 1 << 12)):
            pass
        seconds = max(self._seconds(), MIN_SECONDS)
        time.sleep(seconds - FLUSH_SECONDS)
        log.error("daemon.end_forced", seconds=seconds)
        flush(FLUSH_SECONDS)
        os._exit(EXIT_STATUS)
