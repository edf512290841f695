"""Files in an account's folders: opened without following links, created, checked for a writer.

The one place where the program opens an uploaded file or requests a read lease on it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from contactsync.domain.deposit import FileIdentity
from contactsync.domain.errors import CannotRename, FileLeased
from contactsync.domain.names import printable
from contactsync.runtime.kernel import Lease, release_lease, take_lease

FILE_MODE = 0o640

COPY, RESULT, PAGE, REJECTED, NAME = b".copy.", b".result.", b".page.", b".rejected.", b".name."
NOTE, REWRITTEN = b".note.", b".rewritten."
TEMPORARY = (COPY, RESULT, PAGE, REJECTED, NAME, NOTE, REWRITTEN)
"""Prefixes of the files that the daemon writes in `on/` while it works on a deposit."""

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


@contextmanager
def renaming(name: bytes, way: str) -> Iterator[None]:
    """Name the file in errors of a rename in this block; `way` is "from … to …". Raises CannotRename.

    A name that is gone or taken is no fault: those two errors pass, and so does EXDEV, whose cause is the mounts.
    """
    try:
        yield
    except (FileNotFoundError, FileExistsError):
        raise
    except OSError as error:
        if error.errno == errno.EXDEV:
            raise
        reason = os.strerror(error.errno or 0)
        raise CannotRename(f"{printable(name)} cannot be renamed {way}: {reason}") from None


def open_file(name: bytes, folder: int, expected: Callable[[FileIdentity], bool]) -> BinaryIO | None:
    """Open a file for reading, without following links and without waiting for the other end of a FIFO.

    Returns None unless the open file's identity is as expected. Raises FileNotFoundError if there is none,
    PermissionError if the daemon may not read it, and FileLeased if opening it would have to wait for a lease.
    """
    try:
        fd = os.open(name, _OPEN, dir_fd=folder)
    except BlockingIOError:
        found = os.lstat(name, dir_fd=folder)
        raise FileLeased(name, found.st_dev, found.st_ino) from None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            # A link, a socket.
            return None
        raise
    if expected(FileIdentity.of(os.fstat(fd))):
        return os.fdopen(fd, "rb", buffering=0)
    # Close the descriptor, not a file object: Python makes none of a directory, and the descriptor would leak.
    os.close(fd)
    return None


def create_file(folder: int, name: bytes) -> BinaryIO:
    """Create a file for writing, in the place of a leftover of that name."""
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
    fd = os.open(name, _CREATE, FILE_MODE, dir_fd=folder)
    # Buffered: a raw write may write less than it is given.
    file = os.fdopen(fd, "wb")
    try:
        os.fchmod(fd, FILE_MODE)
    except OSError:
        file.close()
        raise
    return file


def has_entry(folder: int, name: bytes) -> bool:
    """Whether the folder has an entry of that name, whatever it is."""
    try:
        os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return True


@contextmanager
def read_lease(file: BinaryIO) -> Iterator[Lease]:
    """Request a read lease for the block. `Lease.WRITER` means that somebody has the file open for writing.

    Keep the block short: while the lease is held, a process that opens the file for writing has to wait, and vsftpd
    refuses an upload that would have to.
    """
    lease = take_lease(file.fileno())
    try:
        yield lease
    finally:
        if lease is Lease.FREE:
            release_lease(file.fileno())


def has_writer(file: BinaryIO) -> bool:
    """Whether somebody has the file open for writing; False if the kernel grants no lease to find out."""
    with read_lease(file) as lease:
        return lease is Lease.WRITER
