"""Opens directories as descriptors, without following links, and locks them.

An uploader can put a link in the place of any folder in its home. Only the way to the home itself may lead through
links (protocol 1).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# The home belongs to root, and the daemon may only pass through it: open(2), O_PATH.
_OPEN_HOME = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


def open_directory(name: str | bytes | Path, parent: int | None = None, *, follow: bool = False) -> int:
    """Return a descriptor of the directory `name`, relative to the descriptor `parent` if there is one.

    Raises FileNotFoundError if it is missing and NotADirectoryError if it is anything else, which includes a link
    unless `follow` is set.
    """
    return os.open(name, _OPEN | (0 if follow else os.O_NOFOLLOW), dir_fd=parent)


@contextmanager
def opened(name: str | bytes | Path, parent: int | None = None, *, follow: bool = False) -> Iterator[int]:
    """Open a directory as `open_directory` does, and close it when the block ends."""
    fd = open_directory(name, parent, follow=follow)
    try:
        yield fd
    finally:
        os.close(fd)


def open_locked(home: Path, name: str, *, wait: bool) -> int:
    """Open `home/name` and lock it against other processes until the descriptor is closed (flock(2)).

    The kernel releases the lock when the process ends, however it ends. With `wait`, wait for the current holder.
    Raises FileNotFoundError if the directory or the home is missing, and BlockingIOError without `wait` if another
    process holds the lock.
    """
    root = os.open(home, _OPEN_HOME)
    try:
        fd = open_directory(name, root)
    finally:
        os.close(root)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BaseException:
        os.close(fd)
        raise
    return fd
