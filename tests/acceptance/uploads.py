"""Uploads to a test's FTP server, by each client that uploaders have."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from tests.acceptance.ftp import TIMEOUT, have
from tests.acceptance.tables import people

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.acceptance.ftp import FtpServer
    from tests.acceptance.program import Program

    Upload = Callable[[FtpServer, Path, Path], None]


needs_curl = pytest.mark.skipif(not have("curl"), reason="curl is not installed")
needs_lftp = pytest.mark.skipif(not have("lftp"), reason="lftp is not installed")


def by_curl(ftp: FtpServer, local: Path, target: Path) -> None:
    ftp.curl(local, target)


def by_ftplib(ftp: FtpServer, local: Path, target: Path) -> None:
    ftp.put(local.read_bytes(), target)


def by_lftp(ftp: FtpServer, local: Path, target: Path, settings: str = "") -> None:
    command = f'put "{local}" -o "{target.relative_to(ftp.root)}"'
    ftp.lftp(command, home=local.parent, settings=settings)


def by_lftp_and_temporary_name(ftp: FtpServer, local: Path, target: Path) -> None:
    settings = "set xfer:use-temp-file yes; set xfer:temp-file-name .in.*;"
    by_lftp(ftp, local, target, settings)


class Trickle:
    """curl, which uploads what the test sends it, when the test sends it."""

    def __init__(self, ftp: FtpServer, target: Path) -> None:
        self._curl = subprocess.Popen(ftp.curl_command(Path("-"), target), stdin=subprocess.PIPE, bufsize=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def send(self, data: bytes) -> None:
        """Returns when curl has read all of it."""
        assert self._curl.stdin is not None
        left = memoryview(data)
        while left:
            left = left[self._curl.stdin.write(left) :]

    def finish(self) -> None:
        """End the upload, and wait for the server's answer."""
        assert self._curl.stdin is not None
        self._curl.stdin.close()
        assert self._curl.wait(TIMEOUT) == 0

    def kill(self) -> None:
        """SIGKILL, unless it has ended."""
        self._curl.kill()
        self._curl.wait()
        assert self._curl.stdin is not None
        self._curl.stdin.close()


def arrived(program: Program, target: Path, size: int) -> None:
    """Wait until so many bytes of an upload have been written."""
    program.until(lambda: target.exists() and target.stat().st_size == size, f"{size} bytes arrive")


def outlast_quiet_time(program: Program, other: str, name: str) -> None:
    """Wait until a file that was deposited just now, in another account, has settled after its own quiet time."""
    program.drop(other, name, people(1))
    program.settled(other, name)
