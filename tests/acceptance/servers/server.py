"""The FTP servers that uploaders may meet, each on a loopback port of its own over a folder that all tests share.

The programs are those of install.sh, which unpacks them, or the machine's own. All of them write as the user
`nobody`, who is on every machine, so none is added; the daemon is another user (root). Each server ends with the
tests: by its process group, by the death of its parent, or by its time limit.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

UNPACKED = Path(os.environ.get("CONTACTSYNC_TEST_SERVERS", Path(__file__).parents[3] / ".servers"))
ACCOUNT = pwd.getpwnam("games")
USER, PASSWORD = "crm", "ftp-test"
TOOLS = ("openssl", "setpriv", "ssh", "ssh-keygen")
START_SECONDS = 60.0
LIFE_SECONDS = 900


@dataclass(frozen=True)
class Kind:
    """A server with its settings, and their effects according to its manual.

    `aside`: an upload is written under a hidden name and renamed at its end. `deletes`: how an upload must break off
    for the server to delete what came; `may_delete`: how it may. `resumes`, `appends`: REST with STOR, or APPE,
    continues with what is there. `replaces`: a file that may not be written is removed and created again, if the folder
    allows it.
    `refuses`: names that it does not take as they are. `denies_folders`: its configuration forbids MKD.
    """

    name: str
    package: str
    command: Callable[[Server], list[str]]
    protocol: str = "ftp"
    clients: tuple[str, ...] = ("curl", "ftplib", "lftp", "ncftp")
    options: tuple[str, ...] = ()
    aside: bool = False
    deletes: frozenset[str] = frozenset()
    may_delete: frozenset[str] = frozenset()
    resumes: bool = True
    appends: bool = True
    replaces: bool = False
    refuses: frozenset[str] = frozenset()
    denies_folders: bool = False

    def why_not(self) -> str | None:
        """Why it cannot be tested here, or None."""
        if os.geteuid() != 0:
            return "servers and daemon of different users need root"
        if self.package != "pyftpdlib" and not program(self.package):
            return f"{self.package} is not installed: make servers"
        return next((f"{tool} is not installed" for tool in TOOLS if not shutil.which(tool)), None)


@dataclass
class Server:
    """A running server; `root` is what its account sees as /, or as its first folder over SFTP."""

    kind: Kind
    root: Path
    work: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def listens(self) -> bool:
        """Whether clients reach it over TCP; else they start it themselves, over a pipe."""
        return self.process is not None

    @property
    def user(self) -> str:
        if self.kind.protocol == "sftp":
            return ACCOUNT.pw_name
        return "anonymous" if self.kind.package == "vsftpd" else USER

    def __enter__(self) -> Self:
        self.work.mkdir()
        self.work.chmod(0o711)
        self.port = free_port()
        command = self.kind.command(self)
        if not command:
            # A client starts it, over a pipe.
            return self
        with (self.work / "output").open("wb") as output:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "timeout", "--kill-after=5", str(LIFE_SECONDS), *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=os.environ | libraries(self.kind.package),
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._greets():
            ended = self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                self.__exit__()
                said = (self.work / "output").read_text(errors="replace")
                raise RuntimeError(f"{self.kind.name} did not start: {said}")
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(5)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue

    def _greets(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as greeting:
                greeting.settimeout(5)
                return greeting.recv(3) in (b"220", b"SSH")
        except OSError:
            return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- where the programs are ----------------------------------------------------------------------------------

PROGRAMS = {
    "vsftpd": "usr/sbin/vsftpd",
    "proftpd-core": "usr/sbin/proftpd",
    "pure-ftpd": "usr/sbin/pure-ftpd",
    "openssh-server": "usr/sbin/sshd",
    "pgbouncer": "usr/sbin/pgbouncer",
}


@cache
def program(package: str, other: str = "") -> str:
    """The path of a package's server, or of its `other` program; empty where it is neither unpacked nor installed."""
    path = other or PROGRAMS[package]
    return next((str(p) for p in (UNPACKED / package / path, Path("/", path)) if p.exists()), "")


def libraries(package: str) -> dict[str, str]:
    """The environment in which an unpacked program finds the libraries that were unpacked beside it."""
    folders = [
        str(p) for where in ("usr/lib", "lib") for p in (UNPACKED / package / where).glob("*-linux-gnu")
    ]
    return {"LD_LIBRARY_PATH": ":".join(folders)} if folders else {}
