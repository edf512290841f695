"""Clients of the servers: those that uploaders have, and one that uploads step by step and breaks off as told.

TLS is 1.2: with 1.3, vsftpd 3.0.3 sends tickets over connections for data, which clients that only write never read;
their kernel then answers its last bytes with RST, and the server with 426.
"""

from __future__ import annotations

import ftplib
import os
import shutil
import socket
import ssl
import struct
import subprocess
from typing import TYPE_CHECKING, Protocol

from tests.acceptance.servers import sftp
from tests.acceptance.servers.relay import Relay
from tests.acceptance.servers.server import PASSWORD

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.servers.server import Server

TIMEOUT = 60.0
NEEDS = {"curl": "curl", "lftp": "lftp", "ncftp": "ncftpput", "sftp": "sftp", "ftplib": "true"}


def have(client: str) -> bool:
    """Whether the client is installed."""
    return shutil.which(NEEDS[client]) is not None


# --- the uploaders' own ------------------------------------------------------------------------------------------


def run(command: list[str], server: Server, *, given: bytes | None = None) -> None:
    """Run a client to its end; it must end well."""
    ended = subprocess.run(
        command, env=environment(server), input=given, capture_output=True, timeout=TIMEOUT, check=False
    )
    said = (ended.stdout + ended.stderr).decode(errors="replace")
    assert ended.returncode == 0, f"{command[0]}: {ended.returncode} {said}"


def environment(server: Server) -> dict[str, str]:
    return os.environ | {"HOME": str(server.work), "LANG": "C.UTF-8"}


def put_command(
    client: str, server: Server, local: Path, folder: str, name: str, *, resume: bool = False
) -> list[str]:
    """What uploads `local` to `folder`/`name`, from where an earlier upload broke off if it is to resume."""
    if client == "curl":
        return [
            *curl(server),
            *(["-C", "-"] if resume else []),
            "-T",
            str(local),
            url(server, f"{folder}/{name}"),
        ]
    if client == "lftp":
        put = "put -c" if resume else "put"
        return lftp(server, f'{put} "{local}" -o "{path(server, folder)}/{name}"')
    if client == "ncftp":
        assert local.name == name, "ncftpput uploads under the file's own name"
        login = ["-u", server.user, "-p", PASSWORD, "-P", str(server.port)]
        # Its sendfile(), which -s turns off, resumes by sending the whole file again (3.2.6).
        return ["ncftpput", "-V", "-s", *login, "-z" if resume else "-Z", "127.0.0.1", folder, str(local)]
    batch = server.work / f"batch-{local.parent.name}-{name}"
    put = "reput" if resume else "put"
    batch.write_text(f'{put} "{local}" "{path(server, folder)}/{name}"\n')
    return ["sftp", "-q", "-b", str(batch), *ssh_options(server), *ssh_target(server)]


def put(client: str, server: Server, local: Path, folder: str, name: str, *, resume: bool = False) -> None:
    """Upload by one of the clients."""
    if client != "ftplib":
        run(put_command(client, server, local, folder, name, resume=resume), server)
        return
    content = local.read_bytes()
    with ftp_session(server) as ftp, local.open("rb") as file:
        rest = (ftp.size(f"{folder}/{name}") or 0) if resume else None
        file.seek(rest or 0)
        ftp.storbinary(f"STOR {folder}/{name}", file, rest=rest)
        assert ftp.size(f"{folder}/{name}") in (len(content), None)


def curl(server: Server) -> list[str]:
    if server.kind.protocol == "sftp":
        keys = ["--key", f"{server.work}/client", "--pubkey", f"{server.work}/client.pub"]
        return ["curl", "-sS", "--insecure", "-u", f"{server.user}:", *keys]
    secure = ["--ssl-reqd", "--insecure", "--tls-max", "1.2"] if server.kind.protocol == "ftps" else []
    return ["curl", "-sS", *secure, "-u", f"{server.user}:{PASSWORD}"]


def url(server: Server, name: str) -> str:
    scheme = "sftp" if server.kind.protocol == "sftp" else "ftp"
    return f"{scheme}://127.0.0.1:{server.port}/{path(server, name).lstrip('/')}"


def lftp(server: Server, commands: str, settings: str = "") -> list[str]:
    fixed = "set net:max-retries 1; set net:timeout 30; set cmd:fail-exit yes; set xfer:clobber yes;"
    target = f"-p {server.port} ftp://127.0.0.1"
    if server.kind.protocol == "ftps":
        fixed += "set ssl:verify-certificate no; set ssl:priority NORMAL:-VERS-TLS1.3; set ftp:ssl-force yes; set ftp:ssl-protect-data yes;"
    elif server.kind.protocol == "sftp":
        connect = [f"{server.work}/connect"] if not server.listens else ["ssh", *ssh_options(server)]
        fixed += f'set sftp:connect-program "{" ".join(connect)}";'
        target = f"-p {server.port} sftp://127.0.0.1"
    else:
        fixed += "set ftp:ssl-allow no;"
    return ["lftp", "-c", f"{fixed} {settings} open -u {server.user},{PASSWORD} {target}; {commands}"]


def path(server: Server, below: str) -> str:
    """Where a file below the root is for a client: SFTP's sessions are not confined to the root."""
    return f"{server.root}/{below}" if server.kind.protocol == "sftp" else below


def ssh_options(server: Server) -> list[str]:
    if not server.listens:
        return []
    return [
        *("-F", "none", "-i", f"{server.work}/client", "-o", "BatchMode=yes"),
        *("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"),
    ]


def ssh_target(server: Server) -> list[str]:
    """How OpenSSH's client finds the server: over TCP, or by starting it itself."""
    if server.listens:
        return ["-P", str(server.port), f"{server.user}@127.0.0.1"]
    return ["-D", f"{server.work}/connect"]


def ftp_session(server: Server) -> ftplib.FTP:
    """A session of ftplib in binary mode, whose names are bytes read as Latin-1."""
    if server.kind.protocol == "ftps":
        context = ssl._create_unverified_context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        ftp: ftplib.FTP = ftplib.FTP_TLS(timeout=TIMEOUT, encoding="latin-1", context=context)
    else:
        ftp = ftplib.FTP(timeout=TIMEOUT, encoding="latin-1")
    ftp.connect("127.0.0.1", server.port)
    ftp.login(server.user, PASSWORD)
    if isinstance(ftp, ftplib.FTP_TLS):
        ftp.prot_p()
    ftp.voidcmd("TYPE I")
    return ftp


# --- one that does as it is told ----------------------------------------------------------------------------------


class Upload(Protocol):
    """An upload under way. What the server refuses raises one of REFUSED."""

    def send(self, data: bytes) -> None: ...

    def finish(self) -> None:
        """End it in good order."""

    def kill(self) -> None:
        """What becomes of it when the client is killed: its kernel says FIN."""

    def reset(self) -> None:
        """What becomes of it when a firewall loses its state: RST."""


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
        if self._relay:  # over a pipe there is nothing to reset
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
