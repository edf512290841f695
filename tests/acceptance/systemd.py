"""systemd as its services see it: the socket that receives their messages."""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DEADLINE = 120.0
"""Seconds after which a message counts as missing: guards against a hang."""


class Systemd:
    """A notification socket, on a path or with an abstract name; `heard` keeps all assignments in their order."""

    def __init__(self, folder: Path, *, abstract: bool = False) -> None:
        self.address = f"@contactsync-{os.getpid()}-{folder.name}" if abstract else str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.bind(self.address.replace("@", "\0", 1) if abstract else self.address)
        self.heard: list[str] = []
        # What came in one message with an awaited assignment, and was sent after it.
        self._unread: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def hear(self, seconds: float = DEADLINE) -> list[str]:
        """The assignments of the next message; empty if none arrives within `seconds`."""
        self._socket.settimeout(seconds)
        try:
            said = self._socket.recv(1 << 16).decode().split("\n")
        except (TimeoutError, BlockingIOError):
            return []
        self.heard += said
        return said

    def until(self, wanted: Callable[[str], bool] | str) -> str:
        """Wait for this assignment, and return it."""
        deadline = time.monotonic() + DEADLINE
        while (left := deadline - time.monotonic()) > 0:
            self._unread = self._unread or self.hear(left)
            while self._unread:
                each = self._unread.pop(0)
                if each == wanted if isinstance(wanted, str) else wanted(each):
                    return each
        raise AssertionError(f"not said: {wanted}; heard {self.heard}")

    def drain(self) -> None:
        """Discard every message that has arrived."""
        self._unread.clear()
        while self.hear(0.0):
            pass

    def status(self, part: str) -> str:
        """Wait for a STATUS= that contains this part."""
        return self.until(lambda each: each.startswith("STATUS=") and part in each)
