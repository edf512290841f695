"""The free space of a file system, and where it is mounted (statvfs(3))."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Space:
    """Sizes in bytes; `free` is what a process without privileges may use."""

    free: int
    total: int


def device_of(path: Path) -> int:
    """What distinguishes the file system of a path from others (stat(2), st_dev). Raises OSError."""
    return os.stat(path).st_dev


def space(path: Path) -> Space | None:
    """The space of the file system of a path; None if it does not report any, as some network ones. Raises OSError."""
    found = os.statvfs(path)
    if not found.f_blocks:
        return None
    return Space(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)


def mount_point(path: Path) -> Path:
    """The highest folder above a path that is on its file system. Raises OSError."""
    path = path.resolve()
    device = device_of(path)
    while path != path.parent and device_of(path.parent) == device:
        path = path.parent
    return path
