"""Connects as another user of this host: `init` needs root, and peer authentication refuses root."""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager

_SETRESUID = {"x86_64": 117, "aarch64": 147}
"""The numbers of setresuid(2)."""

_UNCHANGED = -1


def can_become() -> bool:
    """Whether `acting_as` works on this machine."""
    return os.geteuid() == 0 and platform.machine() in _SETRESUID


@contextmanager
def acting_as(uid: int) -> Iterator[None]:
    """Have another effective user in this block, in this thread alone: other threads may open files as root.

    The kernel reports the effective user of the thread that calls connect(2) (unix(7), SO_PEERCRED). C's library
    would change all threads, so this calls the kernel. Raises OSError.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    number = _SETRESUID[platform.machine()]

    def become(user: int) -> None:
        if libc.syscall(number, _UNCHANGED, user, _UNCHANGED) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))

    before = os.geteuid()
    become(uid)
    try:
        yield
    finally:
        become(before)
