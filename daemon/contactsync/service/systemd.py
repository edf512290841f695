"""Tells systemd how the daemon is: sd_notify(3) in a few lines. Without systemd nothing is sent."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from math import inf
from typing import Self

STATUS_SECONDS = 1.0
"""`STATUS=` is for people: a change is told so often at most."""

FEEDS_PER_WATCHDOG = 4
"""sd_watchdog_enabled(3) asks for two; with four a feed may be late once."""

SEND_SECONDS = 1.0
"""systemd's queue may be full for a moment; the main loop does not wait longer for it."""


class Notifier:
    """Sends datagrams to the socket that systemd gave us. Used by the main thread alone."""

    def __init__(self, address: str | None = None, watchdog_seconds: float | None = None) -> None:
        """`address` as in NOTIFY_SOCKET: a path, or an abstract name that begins with `@`; None: send nothing."""
        known = address is not None and address[:1] in ("/", "@")
        self._address = address.replace("@", "\0", 1) if address and address[0] == "@" else address
        self._address = self._address if known else None
        self._watchdog = watchdog_seconds if known else None
        self._status: str | None = None
        self._told_at = -inf
        self._owes_ready = False

    @classmethod
    def from_environment(cls) -> Self:
        """What systemd has set for this process, taken out of the environment: our children are not the service."""
        address = os.environ.pop("NOTIFY_SOCKET", None)
        interval = os.environ.pop("WATCHDOG_USEC", "")
        meant = os.environ.pop("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        fed = meant and interval.isdecimal() and int(interval) > 0
        return cls(address, int(interval) / 1e6 if fed else None)

    @property
    def interval(self) -> float:
        """How often, in seconds, `pulse` wants to be called; infinite where nobody listens."""
        if self._address is None:
            return inf
        return min(STATUS_SECONDS, self._watchdog / FEEDS_PER_WATCHDOG if self._watchdog else STATUS_SECONDS)

    def tell(self, status: str) -> None:
        """Say now what the daemon does."""
        self._send(f"STATUS={_line(status)}")

    def reloading(self) -> None:
        """SIGHUP was heard; `ready` follows when its work is done."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def ready(self) -> None:
        """The daemon works; the next `pulse` says so, or the first one that gets through."""
        self._owes_ready = True

    def stopping(self) -> None:
        """The daemon is ending."""
        self._send("STOPPING=1", "STATUS=stopping: finishing or rolling back what is in work")

    def pulse(self, status: Callable[[], str], *, alive: bool) -> None:
        """Feed the watchdog, where the daemon is `alive`, and tell what has changed."""
        if self._address is None:
            return
        now, line = time.monotonic(), _line(status())
        tells = line != self._status and (self._owes_ready or now - self._told_at >= STATUS_SECONDS)
        said = ["READY=1"] * self._owes_ready + [f"STATUS={line}"] * tells
        said += ["WATCHDOG=1"] * (alive and self._watchdog is not None)
        if said and self._send(*said):
            self._owes_ready = False
            if tells:
                self._status, self._told_at = line, now

    def _send(self, *lines: str) -> bool:
        """Whether systemd has it. It never stops the daemon: a service that is not heard is restarted."""
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
