"""What a hostile uploader puts in the place of its file, at the worst moment."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

SWAPS = ["link", "fifo", "socket", "folder", "hard link", "other file", "nothing", "device"]


def swap(kind: str, here: Path, secret: Path) -> None:
    """Put something else in the place of a file; `secret` belongs to another account."""
    here.unlink()
    if kind == "link":
        here.symlink_to(secret)
    elif kind == "fifo":
        os.mkfifo(here)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as sock:
            before = os.getcwd()
            # The name of a socket is short.
            os.chdir(here.parent)
            sock.bind(here.name)
            os.chdir(before)
    elif kind == "folder":
        here.mkdir()
    elif kind == "hard link":
        here.hardlink_to(secret)
    elif kind == "other file":
        here.write_bytes(b"another upload\n")
    elif kind == "device":
        try:
            # /dev/zero: reading it would never end.
            os.mknod(here, stat.S_IFCHR | 0o666, os.makedev(1, 5))
        except PermissionError:
            pytest.skip("only root makes devices")


def before_calling(
    monkeypatch: pytest.MonkeyPatch, where: object, name: str, act: Callable[[], None], *, nth: int = 1
) -> None:
    """Call `act` just before the nth call of a function."""
    original, calls = getattr(where, name), iter(range(1, 1_000_000))

    def wrapped(*args: object, **kwargs: object) -> object:
        if next(calls) == nth:
            act()
        return original(*args, **kwargs)

    monkeypatch.setattr(where, name, wrapped)


def descriptors() -> set[str]:
    """What this process has open."""
    found = set()
    for fd in os.listdir("/proc/self/fd"):
        # It may be the one that listed them.
        with suppress(FileNotFoundError):
            found.add(os.readlink(f"/proc/self/fd/{fd}"))
    return found
