"""Opens directories as descriptors, without following links, and locks them.

An uploader can put a link in the place of any folder in its home, and sometimes in the place of the home. Only
operators make the way to `ftp_root`, so that way may lead through links (protocol 1).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# The home belongs to root, and the daemon may only pass through it: open(2), O_PATH.
_PASS = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


def open_directory(name: str | bytes | Path, parent: int | None = None) -> int:
    """Return a descriptor of the directory `name`, relative to the descriptor `parent` if there is one.

    Raises FileNotFoundError if it is missing and NotADirectoryError if it is anything else, which includes a link.
    """
    return os.open(name, _OPEN | os.O_NOFOLLOW, dir_fd=parent)


def pass_through(name: str | Path, parent: int | None = None, *, follow: bool = False) -> int:
    """Return a descriptor of a directory that is good for opening and making what is in it, not for reading it.

    It takes no right to read. Raises what `open_directory` raises; with `follow`, a link is followed.
    """
    return os.open(name, _PASS | (0 if follow else os.O_NOFOLLOW), dir_fd=parent)


@contextmanager
def opened(name: str | bytes | Path, parent: int | None = None) -> Iterator[int]:
    """Open a directory as `open_directory` does, and close it when the block ends."""
    fd = open_directory(name, parent)
    try:
        yield fd
    finally:
        os.close(fd)


def split_way(path: Path, base: Path) -> tuple[Path, tuple[str, ...]]:
    """Split an absolute path: the part that may lead through links, and the names below it, which may not.

    The first part is `base` if the path is below it, else the root of the file system.
    """
    start = base if path.is_relative_to(base) else Path(path.anchor)
    return start, path.relative_to(start).parts


def open_way(path: Path, base: Path) -> int:
    """Return a descriptor of `path`, as `pass_through` does. Below `base`, no link is followed.

    Raises what `open_directory` raises, for whatever part of the path is missing or no directory.
    """
    start, below = split_way(path, base)
    fd = pass_through(start, follow=True)
    for name in below:
        above = fd
        try:
            fd = pass_through(name, above)
        finally:
            os.close(above)
    return fd


def open_locked(name: str, parent: int, *, wait: bool) -> int:
    """Open the directory `name` and lock it against other processes until the descriptor is closed (flock(2)).

    The kernel releases the lock when the process ends, however it ends. With `wait`, wait for the current holder.
    Raises what `open_directory` raises, and BlockingIOError without `wait` if another process holds the lock.
    """
    fd = open_directory(name, parent)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BaseException:
        os.close(fd)
        raise
    return fd
