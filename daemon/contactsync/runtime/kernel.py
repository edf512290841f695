"""System calls that Python's library lacks, or that need care: renames without replacing, fsync, read leases."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import stat
from contextlib import suppress
from enum import Enum
from typing import BinaryIO

from contactsync.runtime import gil

# From <linux/fs.h>.
_RENAME_NOREPLACE, _RENAME_EXCHANGE = 1, 2
# No deposit and no result file has this mode.
_RESERVATION_MODE = 0o200
_libc = ctypes.CDLL(None, use_errno=True)
_renameat2 = getattr(_libc, "renameat2", None)


class Lease(Enum):
    """The answer to a request for a read lease (fcntl(2), F_SETLEASE)."""

    FREE = "nobody has the file open for writing"
    WRITER = "somebody has the file open for writing"
    UNKNOWN = "the file system grants no leases, or the process lacks CAP_LEASE"


def rename_noreplace(src_dir: int, src: bytes, dst_dir: int, dst: bytes) -> None:
    """Rename between two directory descriptors; raises FileExistsError instead of replacing (renameat2(2)).

    If the file system does not support RENAME_NOREPLACE, reserve the name with an empty file and rename over that.
    Only the daemon writes to the folders that it renames into, so nobody can take the reservation in between. A
    reservation that a killed process left is recognised by its mode.
    """
    code = errno.ENOSYS
    if _renameat2 is not None:
        if _renameat2(src_dir, src, dst_dir, dst, _RENAME_NOREPLACE) == 0:
            return
        code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL):
        code = _reserve(dst_dir, dst)
    if code and not (code == errno.EEXIST and is_reservation(dst_dir, dst)):
        raise OSError(code, os.strerror(code), os.fsdecode(dst))
    try:
        os.rename(src, dst, src_dir_fd=src_dir, dst_dir_fd=dst_dir)
    except OSError:
        os.unlink(dst, dir_fd=dst_dir)
        raise


def knows_noreplace(folder: int, name: bytes, other: bytes) -> bool:
    """Whether the file system of a folder supports RENAME_NOREPLACE; if so, `name` is called `other` afterwards."""
    return _rename_by(_RENAME_NOREPLACE, folder, name, other)


def _reserve(folder: int, name: bytes) -> int:
    """Create an empty file of that name; returns 0 or EEXIST."""
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        os.close(os.open(name, flags, _RESERVATION_MODE, dir_fd=folder))
    except FileExistsError:
        return errno.EEXIST
    return 0


def is_reservation(folder: int, name: bytes) -> bool:
    """Whether an entry is the reservation of a process that was killed during `rename_noreplace`."""
    try:
        found = os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    mode = stat.S_IFREG | _RESERVATION_MODE
    return (found.st_mode, found.st_size, found.st_uid) == (mode, 0, os.geteuid())


def flush_to_disk(file: BinaryIO) -> None:
    """Write everything that a buffered file holds, and wait until it is on disk (fsync(2))."""
    file.flush()
    with gil.yielded():
        os.fsync(file.fileno())


def rename_exchange(folder: int, one: bytes, other: bytes) -> bool:
    """Exchange two entries of a folder atomically (renameat2(2)); False if the file system cannot."""
    return _rename_by(_RENAME_EXCHANGE, folder, one, other)


def _rename_by(flag: int, folder: int, one: bytes, other: bytes) -> bool:
    """Rename within a folder with a flag of renameat2(2); False if the kernel or file system does not support it."""
    if _renameat2 is None:
        return False
    if _renameat2(folder, one, folder, other, flag) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL):
        return False
    raise OSError(code, os.strerror(code), os.fsdecode(other))


def take_lease(fd: int) -> Lease:
    """Request a read lease on a file that is open for reading; closing `fd` releases it.

    While it is held, a process that opens the file for writing waits for its release. The kernel signals that with
    SIGIO, which must be ignored: by default it ends the process.
    """
    try:
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return Lease.WRITER
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EINVAL, errno.EPERM, errno.ENOLCK, errno.EOPNOTSUPP):
            return Lease.UNKNOWN
        raise
    return Lease.FREE


def release_lease(fd: int) -> None:
    """Release a lease for which `take_lease` returned FREE."""
    # EAGAIN: the kernel has taken it back, because a writer waited longer than /proc/sys/fs/lease-break-time.
    with suppress(BlockingIOError):
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)


def lease_is_broken(fd: int) -> bool:
    """Whether somebody has asked to write since `take_lease` returned FREE."""
    return fcntl.fcntl(fd, fcntl.F_GETLEASE) != fcntl.F_RDLCK
