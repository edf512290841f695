"""Which process holds a lock or a lease: the kernel's list, read and parsed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from contactsync.runtime import file_locks
from contactsync.runtime.file_locks import find

DEVICE, INODE = os.makedev(8, 1), 1234
HOLD = """
import fcntl, os, sys
fd = os.open(sys.argv[2], os.O_RDONLY)
if sys.argv[1] == "FLOCK":
    fcntl.flock(fd, fcntl.LOCK_EX)
else:
    fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("kind", ["FLOCK", "LEASE"])
def test_a_real_holder_is_found(tmp_path: Path, kind: file_locks.Kind) -> None:
    """And no longer once it has ended."""
    path = tmp_path / "file"
    path.touch()
    found = path.stat()
    command = [sys.executable, "-c", HOLD, kind, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert file_locks.holder(kind, found.st_dev, found.st_ino) == process.pid
        process.kill()
    assert file_locks.holder(kind, found.st_dev, found.st_ino) is None


@pytest.mark.parametrize(
    ("line", "pid"),
    [
        ("1: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF", 4711),
        ("1: FLOCK  ADVISORY  WRITE 4711 00:2a:1234 0 EOF", 4711),  # btrfs, overlayfs: another device
        ("1: FLOCK  ADVISORY  WRITE 4711 08:01:12345 0 EOF", None),
        ("1: LEASE  ACTIVE    READ  4711 08:01:1234 0 EOF", None),
        ("1: -> FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF", None),  # it waits
        ("1: FLOCK  ADVISORY  WRITE 0 08:01:1234 0 EOF", None),  # outside our pid namespace
        ("1: FLOCK", None),
        ("", None),
    ],
)
def test_a_line_of_the_kernel(line: str, pid: int | None) -> None:
    """Only a holder of that kind on that inode counts."""
    assert find([line], "FLOCK", DEVICE, INODE) == pid


def test_this_process_is_no_holder() -> None:
    """Its own lock keeps nobody of it out."""
    line = f"1: FLOCK  ADVISORY  WRITE {os.getpid()} 08:01:1234 0 EOF"
    assert find([line], "FLOCK", DEVICE, INODE) is None


def test_the_device_decides_between_two_of_one_inode() -> None:
    """Inodes are unique per file system only."""
    lines = [
        "1: FLOCK  ADVISORY  WRITE 1111 00:2a:1234 0 EOF",
        "2: FLOCK  ADVISORY  WRITE 2222 08:01:1234 0 EOF",
    ]
    assert find(lines, "FLOCK", DEVICE, INODE) == 2222
