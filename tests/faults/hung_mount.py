"""A file system that never answers: FUSE without anybody who serves it. Killing its holder makes it a dead one."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

MNT_DETACH = 2
DEADLINE = 60.0

# Holds the mount. It dies with its parent: what is left over then fails at once and hangs nobody.
HOLDER = """
import ctypes, os, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(1, signal.SIGKILL)
fd = os.open("/dev/fuse", os.O_RDWR)
options = b"fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other" % fd
if libc.mount(b"hung", os.fsencode(sys.argv[1]), b"fuse", 0, options):
    sys.exit(os.strerror(ctypes.get_errno()))
print("mounted", flush=True)
signal.pause()
"""


class HungMount:
    """Hides a folder behind a file system that hangs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._holder = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout is not None
        assert self._holder.stderr is not None
        if self._holder.stdout.readline() != "mounted\n":
            raise OSError(self._holder.stderr.read().strip())

    def die(self) -> None:
        """From now on every call fails with ENOTCONN."""
        self._holder.send_signal(signal.SIGKILL)
        self._holder.wait(DEADLINE)

    def unmount(self) -> None:
        """Show the folder again. Calls that hang fail."""
        self.die()
        ctypes.CDLL(None).umount2(os.fsencode(self._folder), MNT_DETACH)
        self._holder.stdout.close()  # type: ignore[union-attr]  # it was opened with pipes
        self._holder.stderr.close()  # type: ignore[union-attr]  # the same

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unmount()


def is_possible(folder: Path) -> bool:
    """Whether this host lets us mount such a file system."""
    try:
        HungMount(folder).unmount()
    except OSError:
        return False
    return True
