"""System calls that Python's library lacks, or that need care: renames without replacing, fsync, read leases."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
from contextlib import suppress
from enum import Enum
from typing import BinaryIO

from contactsync.runtime import gil

# From <linux/fs.h>.
_RENAME_NOREPLACE, _RENAME_EXCHANGE = 1, 2
CLAIM = b".claim."
"""Prefix of the file that holds a name for `claim_noreplace`."""
_libc = ctypes.CDLL(None, use_errno=True)
_renameat2 = getattr(_libc, "renameat2", None)


class Lease(Enum):
    """The answer to a request for a read lease (fcntl(2), F_SETLEASE)."""

    FREE = "nobody has the file open for writing"
    WRITER = "somebody has the file open for writing"
    UNKNOWN = "the file system grants no leases, or the process lacks CAP_LEASE"


def claim_noreplace(src_dir: int, src: bytes, dst_dir: int, dst: bytes) -> None:
    """Rename what others may replace meanwhile, such as an upload, into a folder that only daemons write to.

    Raises FileExistsError instead of replacing (renameat2(2)). On a file system without RENAME_NOREPLACE, the daemon
    first creates a hidden file for the new name, which fails if another daemon has done so, and removes it at the
    end. Nobody removes the one of another daemon. One that a killed process leaves only keeps its name from being
    used: the caller takes the next.
    """
    if _rename_by(_RENAME_NOREPLACE, src_dir, src, dst_dir, dst):
        return
    mark = CLAIM + dst
    os.close(os.open(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600, dir_fd=dst_dir))
    try:
        _rename_if_free(src_dir, src, dst_dir, dst)
    finally:
        os.unlink(mark, dir_fd=dst_dir)


def rename_noreplace(src_dir: int, src: bytes, dst_dir: int, dst: bytes) -> None:
    """Rename from a folder that only daemons write to; raises FileExistsError instead of replacing (renameat2(2)).

    On a file system without RENAME_NOREPLACE, the file gets its new name as a second one and then loses the old one.
    A call for a file that has both names completes what a killed process began.
    """
    try:
        if _rename_by(_RENAME_NOREPLACE, src_dir, src, dst_dir, dst) or not _link(src_dir, src, dst_dir, dst):
            return
    except FileExistsError:
        if not _is_same(os.lstat(src, dir_fd=src_dir), os.lstat(dst, dir_fd=dst_dir)):
            raise
    os.unlink(src, dir_fd=src_dir)


def _link(src_dir: int, src: bytes, dst_dir: int, dst: bytes) -> bool:
    """Give a file a second name; where it can have none, rename it if the new name is free, and return False.

    SMB has no second names, and a file of another user may have none (proc(5), protected_hardlinks).
    """
    try:
        os.link(src, dst, src_dir_fd=src_dir, dst_dir_fd=dst_dir, follow_symlinks=False)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        _rename_if_free(src_dir, src, dst_dir, dst)
        return False
    return True


def _rename_if_free(src_dir: int, src: bytes, dst_dir: int, dst: bytes) -> None:
    with suppress(FileNotFoundError):
        os.lstat(dst, dir_fd=dst_dir)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fsdecode(dst))
    os.rename(src, dst, src_dir_fd=src_dir, dst_dir_fd=dst_dir)


def _is_same(one: os.stat_result, other: os.stat_result) -> bool:
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)


def knows_noreplace(folder: int, name: bytes, other: bytes) -> bool:
    """Whether the file system of a folder supports RENAME_NOREPLACE; if so, `name` is called `other` afterwards."""
    return _rename_by(_RENAME_NOREPLACE, folder, name, folder, other)


def flush_to_disk(file: BinaryIO) -> None:
    """Write everything that a buffered file holds, and wait until it is on disk (fsync(2))."""
    file.flush()
    with gil.yielded():
        os.fsync(file.fileno())


def rename_exchange(folder: int, one: bytes, other: bytes) -> bool:
    """Exchange two entries of a folder atomically (renameat2(2)); False if the file system cannot."""
    return _rename_by(_RENAME_EXCHANGE, folder, one, folder, other)


def _rename_by(flag: int, src_dir: int, src: bytes, dst_dir: int, dst: bytes) -> bool:
    """Rename with a flag of renameat2(2); False if the kernel or file system does not support it."""
    if _renameat2 is None:
        return False
    if _renameat2(src_dir, src, dst_dir, dst, flag) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL):
        return False
    raise OSError(code, os.strerror(code), os.fsdecode(dst))


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
