"""The free space of a file system (statvfs(3)), and where it is mounted."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Space:
    """Sizes in bytes; `free` is what a process without privileges may use."""

    free: int
    total: int


@dataclass(frozen=True, slots=True)
class Mount:
    """Where a file system is mounted, and its type, such as `ext4`; `unknown` if /proc does not show it."""

    point: Path
    kind: str


def mount_of(path: Path) -> Mount:
    """The mount that holds an absolute path without links (mountinfo in proc(5)). Touches no file system but /proc."""
    best = Mount(Path("/"), "unknown")
    with suppress(OSError):
        for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            before, _, after = line.partition(" - ")
            # Octal escapes, such as 040 for a space.
            point = Path(re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), before.split()[4]))
            # The last one that is mounted at a place hides the others.
            if path.is_relative_to(point) and len(point.parts) >= len(best.point.parts):
                best = Mount(point, after.split()[0])
    return best


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
