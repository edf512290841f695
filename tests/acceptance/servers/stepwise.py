"""An upload in single steps, which a test can pause, end, kill or reset at any byte."""

from __future__ import annotations

import ftplib
import os
import socket
import ssl
import struct
from typing import TYPE_CHECKING, Protocol

from tests.acceptance.servers import sftp
from tests.acceptance.servers.clients import ftp_session, path, ssh_options
from tests.acceptance.servers.relay import Relay

if TYPE_CHECKING:
    from tests.acceptance.servers.server import Server


class Upload(Protocol):
    """An upload under way. What the server refuses raises one of REFUSED."""

    def send(self, data: bytes) -> None: ...

    def finish(self) -> None:
        """End it cleanly."""

    def kill(self) -> None:
        """End it as if the client were killed: its kernel sends FIN."""

    def reset(self) -> None:
        """End it as if a firewall had lost its state: RST."""


REFUSED: tuple[type[Exception], ...] = (*ftplib.all_errors, sftp.SftpError)


def upload(server: Server, name: str, *, at: int = 0, append: bool = False) -> Upload:
    """Begin an upload, at an offset or at the end of what is there."""
    if server.kind.protocol == "sftp":
        return SftpUpload(server, name, at, append=append)
    return FtpUpload(server, name, at, append=append)


def remote(server: Server) -> FtpRemote | SftpRemote:
    """A session for what an account may try besides uploading."""
    return SftpRemote(server) if server.kind.protocol == "sftp" else FtpRemote(server)


class FtpUpload:
    def __init__(self, server: Server, name: str, at: int, *, append: bool) -> None:
        self._ftp = ftp_session(server)
        try:
            self._data = self._ftp.transfercmd(f"{'APPE' if append else 'STOR'} {name}", at or None)
        except BaseException:
            self._ftp.close()
            raise

    def send(self, data: bytes) -> None:
        self._data.sendall(data)

    def finish(self) -> None:
        if isinstance(self._data, ssl.SSLSocket):
            self._data.unwrap()
        self._data.close()
        self._ftp.voidresp()
        self._ftp.quit()

    def kill(self) -> None:
        self._data.close()
        self._ftp.close()

    def reset(self) -> None:
        for connection in (self._data, self._ftp.sock):
            assert connection is not None
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.kill()


class FtpRemote:
    def __init__(self, server: Server) -> None:
        self._ftp = ftp_session(server)

    def remove(self, name: str) -> None:
        self._ftp.delete(name)

    def rename(self, old: str, new: str) -> None:
        self._ftp.rename(old, new)

    def close(self) -> None:
        self._ftp.close()


def sftp_command(server: Server, port: int | None = None) -> list[str]:
    if not server.listens:
        return [f"{server.work}/connect"]
    address = ["-p", str(port or server.port), f"{server.user}@127.0.0.1"]
    return ["ssh", *ssh_options(server), *address, "-s", "sftp"]


class SftpUpload:
    def __init__(self, server: Server, name: str, at: int, *, append: bool) -> None:
        self._relay = Relay(server.port) if server.listens else None
        port = self._relay.port if self._relay else None
        self._session = sftp.Sftp(sftp_command(server, port))
        self._at = at
        mode = sftp.APPENDING if append else sftp.TRUNCATING * (at == 0)
        target = os.fsencode(path(server, "")) + name.encode("latin-1")
        try:
            self._handle = self._session.open(target, sftp.FOR_WRITING | sftp.CREATING | mode)
        except BaseException:
            self.kill()
            raise

    def send(self, data: bytes) -> None:
        self._session.write(self._handle, self._at, data)
        self._at += len(data)

    def finish(self) -> None:
        self._session.close(self._handle)
        self._session.end()

    def kill(self) -> None:
        self._session.end(kill=True)

    def reset(self) -> None:
        if self._relay:
            # Over a pipe there is nothing to reset.
            self._relay.reset()
        self.kill()


class SftpRemote:
    def __init__(self, server: Server) -> None:
        self._session = sftp.Sftp(sftp_command(server))
        self._root = os.fsencode(path(server, ""))

    def remove(self, name: str) -> None:
        self._session.remove(self._root + name.encode("latin-1"))

    def rename(self, old: str, new: str) -> None:
        self._session.rename(self._root + old.encode("latin-1"), self._root + new.encode("latin-1"))

    def close(self) -> None:
        self._session.end()
