"""The few things asked of the kernel that Python's library has no name for: rename without replacing, read leases."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import stat
from enum import Enum
from typing import BinaryIO

from contactsync.runtime import gil

_RENAME_NOREPLACE, _RENAME_EXCHANGE = 1, 2  # <linux/fs.h>
_RESERVATION_MODE = 0o200  # no deposit and no result file has it
_libc = ctypes.CDLL(None, use_errno=True)
_renameat2 = getattr(_libc, "renameat2", None)


class Lease(Enum):
    """What asking for a read lease told (fcntl(2), F_SETLEASE)."""

    FREE = "nobody has the file open for writing"
    WRITER = "somebody has the file open for writing"
    UNKNOWN = "the file system or a missing CAP_LEASE gives no leases"


def rename_noreplace(src_dir: int, src: bytes, dst_dir: int, dst: bytes) -> None:
    """Rename between two directory descriptors; raises FileExistsError rather than replace (renameat2(2)).

    Where the file system knows no RENAME_NOREPLACE, the name is reserved with an empty file and renamed over:
    nobody but the daemon writes to the folders that it renames into, so the reservation cannot be lost in between,
    and one that a killed process left is known by its mode.
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
    """Whether the file system of a folder knows RENAME_NOREPLACE: `name` is called `other` where it does."""
    return _rename_by(_RENAME_NOREPLACE, folder, name, other)


def _reserve(folder: int, name: bytes) -> int:
    """Make an empty file of that name; returns 0 or EEXIST."""
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        os.close(os.open(name, flags, _RESERVATION_MODE, dir_fd=folder))
    except FileExistsError:
        return errno.EEXIST
    return 0


def is_reservation(folder: int, name: bytes) -> bool:
    """Whether a name is only reserved, by `rename_noreplace` of a process that was killed in it."""
    try:
        found = os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    mode = stat.S_IFREG | _RESERVATION_MODE
    return (found.st_mode, found.st_size, found.st_uid) == (mode, 0, os.geteuid())


def flush_to_disk(file: BinaryIO) -> None:
    """Write out what a buffered file holds, all of it, and wait until the disk has it."""
    file.flush()
    with gil.yielded():
        os.fsync(file.fileno())


def rename_exchange(folder: int, one: bytes, other: bytes) -> bool:
    """Let two entries of a folder change places at once (renameat2(2)); False where the file system cannot."""
    return _rename_by(_RENAME_EXCHANGE, folder, one, other)


def _rename_by(flag: int, folder: int, one: bytes, other: bytes) -> bool:
    """Rename within a folder by such a flag; False where kernel or file system do not know it."""
    if _renameat2 is None:
        return False
    if _renameat2(folder, one, folder, other, flag) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL):
        return False
    raise OSError(code, os.strerror(code), os.fsdecode(other))


def take_lease(fd: int) -> Lease:
    """Ask for a read lease on a file opened for reading; closing `fd` lets it go.

    While it is held, whoever opens the file for writing waits for it to be let go. SIGIO, which tells the
    holder so, must be ignored: its default ends the process.
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
    """Let go of a lease that `take_lease` said FREE to."""
    fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)


def lease_is_broken(fd: int) -> bool:
    """Whether somebody has asked to write since `take_lease` said FREE."""
    return fcntl.fcntl(fd, fcntl.F_GETLEASE) != fcntl.F_RDLCK
