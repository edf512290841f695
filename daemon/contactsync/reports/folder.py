"""An account's `reporting/` on disk: days appear whole or not at all. Besides the spool, only this module renames.

A day is built in a dot-folder that its readers cannot enter, and renamed when it is complete. A rebuilt day is
exchanged with the old one, whose files stay readable to readers that have them open. All access goes through
directory descriptors, opened without following links. The leftovers of a killed build are removed when the folder is
next opened.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from contactsync.domain import names
from contactsync.domain.errors import AccountBusy, ContactsyncError, FoldersMissing
from contactsync.reports.days import as_day
from contactsync.runtime import directories
from contactsync.runtime.kernel import rename_exchange
from contactsync.spool.home_pins import HomePins

FILE_MODE = 0o640
DAY_MODE = 0o750

# The group is the FTP account: it must not see half a day.
BUILD_MODE = 0o700

_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW, _OLD = b".new-", b".old-"


class NotOurs(ContactsyncError):  # noqa: N818 - it names what was found
    """A folder named after a day holds something that the daemon did not write; it is left unchanged."""


@dataclass(frozen=True, slots=True)
class Build:
    """A day being built."""

    _fd: int
    _owner: int

    @property
    def path(self) -> Path:
        """A path of the folder that stays valid even if a folder above it is renamed."""
        return Path(f"/proc/self/fd/{self._fd}")

    @contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        """Create a file, synced to disk when the block ends. Raises FileExistsError."""
        fd = os.open(os.fsencode(name), _CREATE, FILE_MODE, dir_fd=self._fd)
        with os.fdopen(fd, "w+b") as file:
            os.fchmod(fd, FILE_MODE)
            _give(fd, self._owner)
            yield file
            file.flush()
            os.fsync(fd)


class ReportFolder:
    """One account's `reporting/`, locked against other processes while it is open.

    `strays` lists the entries that are not the daemon's, as of the last call of `days`.
    """

    def __init__(self, home: Path, pins: HomePins, *, wait: bool = False) -> None:
        """Prepare for the account whose FTP home is `home`, recognised by `pins`.

        With `wait`, wait for a process that holds the folder.
        """
        self._home, self._pins = home, pins
        self._wait = wait
        self._fd = -1
        self.strays: list[str] = []

    def __enter__(self) -> ReportFolder:
        """Open and lock the folder, and remove what a killed build left.

        Raises AccountBusy if another process is publishing, FoldersMissing if there is no such folder, and
        HomeChanged if the home must be left alone.
        """
        try:
            self._fd = self._pins.open_locked(self._home, "reporting", wait=self._wait)
        except FileNotFoundError:
            raise FoldersMissing(self._home / "reporting") from None
        except BlockingIOError:
            raise AccountBusy from None
        try:
            self._clear()
        except BaseException:
            os.close(self._fd)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the folder, which releases the lock."""
        os.close(self._fd)

    def days(self) -> dict[date, datetime]:
        """Return the days that exist, each with the start of its build. `strays` then lists the rest."""
        found: dict[date, datetime] = {}
        self.strays = []
        for name in map(os.fsencode, sorted(os.listdir(self._fd))):
            status = os.lstat(name, dir_fd=self._fd)
            day = as_day(name)
            if day is not None and stat.S_ISDIR(status.st_mode):
                found[day] = datetime.fromtimestamp(status.st_mtime, UTC)
            else:
                self.strays.append(names.printable(name))
        return found

    @contextmanager
    def build(self, day: date, begun: datetime) -> Iterator[Build]:
        """Build a day in a dot-folder. It takes its place when the block ends; nothing is left if the block raises.

        Raises NotOurs if the day exists and holds something that the daemon did not write.
        """
        name = _name(day)
        owner = os.fstat(self._fd).st_uid
        with suppress(FileNotFoundError):
            _require_ours(self._fd, name)
        os.mkdir(_NEW + name, BUILD_MODE, dir_fd=self._fd)
        try:
            with directories.opened(_NEW + name, self._fd) as fd:
                _give(fd, owner)
                yield Build(fd, owner)
                # The time of the data: a day that was built before it had ended is built again.
                _set_time(fd, begun)
                os.fchmod(fd, DAY_MODE)
                os.fsync(fd)
            self._replace(name)
        finally:
            self._clear()
        os.fsync(self._fd)

    def date_back(self, day: date, begun: datetime) -> None:
        """Set the start of a day's build to an earlier time."""
        with directories.opened(_name(day), self._fd) as fd:
            _set_time(fd, begun)

    def remove(self, day: date) -> None:
        """Remove a day, atomically for its readers. Raises NotOurs if it holds something else."""
        name = _name(day)
        _require_ours(self._fd, name)
        os.rename(name, _OLD + name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        self._clear()

    def _replace(self, name: bytes) -> None:
        try:
            # rename(2) never replaces a folder that is not empty: the day is new, or this fails.
            os.rename(_NEW + name, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            if rename_exchange(self._fd, _NEW + name, name):
                return
            os.rename(name, _OLD + name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
            os.rename(_NEW + name, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)

    def _clear(self) -> None:
        """Remove the dot-folders: unfinished days and replaced ones."""
        for name in map(os.fsencode, os.listdir(self._fd)):
            if name.startswith((_NEW, _OLD)) and as_day(name[len(_NEW) :]):
                with directories.opened(name, self._fd) as fd:
                    for entry in os.listdir(fd):
                        os.unlink(entry, dir_fd=fd)
                os.rmdir(name, dir_fd=self._fd)


def _set_time(fd: int, begun: datetime) -> None:
    os.utime(fd, ns=(int(begun.timestamp() * 1e9),) * 2)


def _name(day: date) -> bytes:
    return day.isoformat().encode()


def _require_ours(parent: int, name: bytes) -> None:
    """Raise NotOurs unless this is a folder that holds only zips."""
    try:
        fd = directories.open_directory(name, parent)
    except NotADirectoryError:
        raise NotOurs(f"reporting/{names.printable(name)} is not a folder: move it away") from None
    try:
        for entry in map(os.fsencode, os.listdir(fd)):
            plain = stat.S_ISREG(os.lstat(entry, dir_fd=fd).st_mode)
            if not (plain and entry.endswith(b".zip")):
                path = f"reporting/{names.printable(name)}/{names.printable(entry)}"
                raise NotOurs(f"{path} is not contactsync's: move it away")
    finally:
        os.close(fd)


def _give(fd: int, owner: int) -> None:
    """Give a file built by root to the owner of `reporting/`."""
    if os.geteuid() != owner:
        with suppress(PermissionError):
            os.fchown(fd, owner, -1)
