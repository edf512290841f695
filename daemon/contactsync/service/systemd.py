"""Reports the daemon's state to systemd: sd_notify(3) in a few lines. Without systemd nothing is sent."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from math import inf
from typing import Self

STATUS_SECONDS = 1.0
"""`STATUS=` is for people: a change is sent at most this often."""

FEEDS_PER_WATCHDOG = 4
"""sd_watchdog_enabled(3) asks for two; with four, one feed may be late."""

SEND_SECONDS = 1.0
"""systemd's queue may be full for a moment; the main loop waits no longer than this."""


class Notifier:
    """Sends datagrams to the socket that systemd passed to this process. Main thread only."""

    def __init__(self, address: str | None = None, watchdog_seconds: float | None = None) -> None:
        """`address` as in NOTIFY_SOCKET: a path, or an abstract name that begins with `@`. None: send nothing."""
        known = address is not None and address[:1] in ("/", "@")
        self._address = address.replace("@", "\0", 1) if address and address[0] == "@" else address
        self._address = self._address if known else None
        self._watchdog = watchdog_seconds if known else None
        self._status: str | None = None
        self._sent_at = -inf
        self._owes_ready = False

    @classmethod
    def from_environment(cls) -> Self:
        """Read systemd's variables and remove them from the environment: child processes are not the service."""
        address = os.environ.pop("NOTIFY_SOCKET", None)
        interval = os.environ.pop("WATCHDOG_USEC", "")
        meant = os.environ.pop("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        fed = meant and interval.isdecimal() and int(interval) > 0
        return cls(address, int(interval) / 1e6 if fed else None)

    @property
    def interval(self) -> float:
        """How often, in seconds, `pulse` must be called; infinite without systemd."""
        if self._address is None:
            return inf
        return min(STATUS_SECONDS, self._watchdog / FEEDS_PER_WATCHDOG if self._watchdog else STATUS_SECONDS)

    def send_status(self, status: str) -> None:
        """Send a status at once."""
        self._send(f"STATUS={_line(status)}")

    def reloading(self) -> None:
        """Report that SIGHUP was received; `ready` follows when the settings are applied."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def ready(self) -> None:
        """Report readiness with the next `pulse`, or with the first one that gets through."""
        self._owes_ready = True

    def stopping(self) -> None:
        """Report that the daemon is shutting down."""
        self._send("STOPPING=1", "STATUS=stopping: finishing or rolling back deposits in progress")

    def pulse(self, status: Callable[[], str], *, alive: bool) -> None:
        """Feed the watchdog if the daemon is `alive`, and send what has changed."""
        if self._address is None:
            return
        now, line = time.monotonic(), _line(status())
        changed = line != self._status and (self._owes_ready or now - self._sent_at >= STATUS_SECONDS)
        lines = ["READY=1"] * self._owes_ready + [f"STATUS={line}"] * changed
        lines += ["WATCHDOG=1"] * (alive and self._watchdog is not None)
        if lines and self._send(*lines):
            self._owes_ready = False
            if changed:
                self._status, self._sent_at = line, now

    def _send(self, *lines: str) -> bool:
        """Return whether systemd got the message. A failure never stops the daemon: systemd restarts a silent service."""
        if self._address is None:
            return False
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.settimeout(SEND_SECONDS)
                sender.sendto("\n".join(lines).encode(errors="replace"), self._address)
        except OSError:
            return False
        return True


def _line(status: str) -> str:
    return " ".join(status.split())
