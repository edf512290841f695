"""Who holds a lock or a lease on a file, as far as the kernel shows it (proc(5), /proc/locks)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

Kind = Literal["FLOCK", "LEASE"]

# The fields of a line.
PID, PLACE = 4, 5


def holder(kind: Kind, device: int, inode: int) -> int | None:
    """The pid of another process that holds a lock of this kind on a file; None if the kernel does not show it."""
    try:
        lines = Path("/proc/locks").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    return find(lines, kind, device, inode)


def find(lines: Iterable[str], kind: Kind, device: int, inode: int) -> int | None:
    """The pid in a line such as `1: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF`; this process does not count.

    A process that waits has `->` after the number. A process outside our pid namespace has the pid 0. On some file
    systems (btrfs, overlayfs) the device differs from that of stat(2): then the inode alone decides.
    """
    place = f"{os.major(device):02x}:{os.minor(device):02x}:{inode}"
    on_inode = []
    for line in lines:
        fields = line.split()
        if fields[1:2] != [kind] or len(fields) <= PLACE or not fields[PID].isdecimal():
            continue
        pid = int(fields[PID])
        if pid not in (0, os.getpid()) and fields[PLACE].rpartition(":")[2] == str(inode):
            if fields[PLACE] == place:
                return pid
            on_inode.append(pid)
    return on_inode[0] if on_inode else None
