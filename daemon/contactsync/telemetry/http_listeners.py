"""Where HTTP is served: a TCP port, or a Unix socket that only some local users can open."""

from __future__ import annotations

import errno
import os
import socket
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

SOCKET_MODE = 0o660
"""The daemon's user, and the group of the socket: in a folder with the setgid bit that is the folder's group."""

BACKLOG = 512


class Listener(Protocol):
    """A place to listen at. `port` is None for a Unix socket, whose `address` is its path."""

    @property
    def address(self) -> str:
        """The IP address or the path, for the log."""

    @property
    def port(self) -> int | None:
        """The port, for the log."""

    def open(self) -> socket.socket:
        """Return a listening socket. Raises OSError if the place is taken or not there."""

    def close(self) -> None:
        """Remove what `open` left behind."""


@dataclass(slots=True)
class TcpListener:
    """A port of one address of this host."""

    address: str
    port: int | None

    def open(self) -> socket.socket:
        """Listen at the port."""
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listening.bind((self.address, self.port))
            listening.listen(BACKLOG)
        except BaseException:
            listening.close()
            raise
        return listening

    def close(self) -> None:
        """The kernel has freed the port."""


@dataclass(slots=True)
class UnixListener:
    """A socket file, which a killed daemon leaves behind and the next one replaces."""

    path: Path
    _created: tuple[int, int] | None = field(default=None)

    @property
    def address(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def port(self) -> None:
        """There is none."""
        return

    def open(self) -> socket.socket:
        """Listen at the path."""
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # bind(2) gives the file the mode of the socket, so it is never open to others, not even for a moment.
            os.fchmod(listening.fileno(), SOCKET_MODE)
            self._bind(listening)
            listening.listen(BACKLOG)
        except BaseException:
            listening.close()
            raise
        found = os.lstat(self.path)
        self._created = found.st_dev, found.st_ino
        return listening

    def _bind(self, listening: socket.socket) -> None:
        try:
            listening.bind(self.address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or not self._is_abandoned():
                raise
            os.unlink(self.path)
            listening.bind(self.address)

    def _is_abandoned(self) -> bool:
        """Whether the path is a socket at which nobody listens."""
        if not stat.S_ISSOCK(os.lstat(self.path).st_mode):
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.setblocking(False)
            return probe.connect_ex(self.address) == errno.ECONNREFUSED

    def close(self) -> None:
        """Remove the socket file, unless it is another daemon's by now."""
        try:
            found = os.lstat(self.path)
            if (found.st_dev, found.st_ino) == self._created:
                os.unlink(self.path)
        except OSError:
            # Somebody else removed it, or the folder. The next start copes with either.
            return
