"""A file system for one test, which fills up or turns read-only: a tmpfs in a mount namespace."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Self


@cache
def why_not() -> str | None:
    """Why this host allows no mount namespace; None if it does."""
    command = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    try:
        tried = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        return "unshare is not installed"
    return None if tried.returncode == 0 else "no mount namespace here (not root?)"


class TinyDisk:
    """A tmpfs over a folder, seen by the processes that `enter` starts and, from outside, below `path`."""

    def __init__(self, folder: Path, size: str) -> None:
        self._folder = folder
        script = 'mount -t tmpfs -o size="$1",mode=755 tmpfs "$2" && echo ready && exec sleep infinity'
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", script, "sh", size, str(folder)], stdout=subprocess.PIPE
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"ready\n"
        self.path = self.seen(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._holder.kill()
        self._holder.communicate()

    @property
    def enter(self) -> tuple[str, ...]:
        """The prefix of a command that must see the disk."""
        return ("nsenter", f"--mount=/proc/{self._holder.pid}/ns/mnt", f"--wd={os.getcwd()}")

    def remount(self, how: str) -> None:
        """`ro` or `rw`."""
        subprocess.run([*self.enter, "mount", "-o", f"remount,{how}", str(self._folder)], check=True)

    def seen(self, path: Path) -> Path:
        """A path as the processes see it that `enter` starts."""
        return Path(f"/proc/{self._holder.pid}/root{path}")

    def take_away(self) -> None:
        """Unmount it: what it covered is visible again."""
        subprocess.run([*self.enter, "umount", "--lazy", str(self._folder)], check=True)

    def fill(self, *, leaving: int, name: str = "ballast") -> Path:
        """Write a file that leaves so many bytes free; removing it ends the fault."""
        status = os.statvfs(self.path)
        ballast = self.path / name
        # Others write too: then it is full already.
        with suppress(OSError):
            ballast.write_bytes(bytes(status.f_bavail * status.f_frsize - leaving))
        return ballast
