"""A real FTP server in a process of its own, and the clients that uploaders have: curl, lftp, ftplib."""

from __future__ import annotations

import ftplib
import io
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

USER, PASSWORD = "crm", "ftp-test"
# Seconds: guards against a client that hangs.
TIMEOUT = 120.0

# The server prints its port. It ends when the tests do, because its standard input is then closed.
SERVER = f"""
import os, sys, threading
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
os.umask(0o022)
FTPHandler.authorizer = DummyAuthorizer()
FTPHandler.authorizer.add_user({USER!r}, {PASSWORD!r}, sys.argv[1], perm="elradfmwMT")
server = FTPServer(("127.0.0.1", 0), FTPHandler)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
print(server.address[1], flush=True)
server.serve_forever()
"""


class FtpServer:
    """pyftpdlib over `root`; what is uploaded is named by its path below that."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = 0

    def __enter__(self) -> Self:
        self._log = (self.root / "ftp-server.log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(self.root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=TIMEOUT)
        self._log.close()

    def url(self, path: Path) -> str:
        return f"ftp://127.0.0.1:{self.port}/{path.relative_to(self.root)}"

    @contextmanager
    def login(self) -> Iterator[ftplib.FTP]:
        """A session of ftplib in binary mode."""
        with ftplib.FTP(timeout=TIMEOUT) as ftp:
            ftp.connect("127.0.0.1", self.port)
            ftp.login(USER, PASSWORD)
            ftp.voidcmd("TYPE I")
            yield ftp

    def put(self, content: bytes, target: Path) -> None:
        """Upload by ftplib."""
        with self.login() as ftp:
            ftp.storbinary(f"STOR {target.relative_to(self.root)}", io.BytesIO(content))

    def get(self, source: Path) -> bytes:
        """Download by ftplib."""
        received = io.BytesIO()
        with self.login() as ftp:
            ftp.retrbinary(f"RETR {source.relative_to(self.root)}", received.write)
        return received.getvalue()

    def curl_command(self, local: Path, target: Path, *options: str) -> list[str]:
        credentials = ["-sS", "-u", f"{USER}:{PASSWORD}"]
        return ["curl", *credentials, *options, "-T", str(local), self.url(target)]

    def curl(self, local: Path, target: Path, *options: str) -> None:
        """Upload by curl."""
        _run(self.curl_command(local, target, *options))

    def lftp(self, commands: str, *, home: Path, settings: str = "") -> None:
        """Run commands in lftp, which keeps its own files in `home`."""
        fixed = "set net:max-retries 1; set net:timeout 60; set ftp:ssl-allow no; set cmd:fail-exit yes;"
        login = f"open -u {USER},{PASSWORD} -p {self.port} 127.0.0.1"
        _run(["lftp", "-c", f"{fixed} {settings} {login}; {commands}"], HOME=str(home), LANG="C.UTF-8")


def have(*programs: str) -> bool:
    """Whether these clients are installed."""
    return all(shutil.which(program) for program in programs)


def _run(command: list[str], **environment: str) -> None:
    ended = subprocess.run(
        command, env=os.environ | environment, capture_output=True, timeout=TIMEOUT, check=False
    )
    assert ended.returncode == 0, f"{command[0]}: {ended.returncode} {ended.stderr.decode(errors='replace')}"
