"""An account's `reporting/` on disk: days appear whole or not at all. Besides the spool, only this module renames.

A day is built in a dot-folder that its readers cannot enter, and renamed when it is complete. A rebuilt day is
exchanged with the old one, whose files stay readable to readers that have them open. All access goes through
directory descriptors, opened without following links. The leftovers of a killed build are removed when the folder is
next opened. The lock spares daemons double work; days stay whole where it does not exclude.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from contactsync.domain import names
from contactsync.domain.errors import AccountBusy, FoldersMissing
from contactsync.reports import builds, entries
from contactsync.reports.builds import NEW, OLD
from contactsync.runtime import directories
from contactsync.runtime.kernel import rename_exchange
from contactsync.spool.home_pins import HomePins

FILE_MODE = 0o640
DAY_MODE = 0o750

# The group is the FTP account: it must not see half a day.
BUILD_MODE = 0o700

_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

REPLACE_TRIES = 10
"""How often a day is put in its place, against other daemons that do the same."""


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

    def __init__(
        self, home: Path, pins: HomePins, *, wait: bool = False, daily_name: str = "{day}_Daily.zip"
    ) -> None:
        """Prepare for the account whose FTP home is `home`, recognised by `pins`.

        With `wait`, wait for a process that holds the folder. `daily_name` is the setting `daily_zip_name`.
        """
        self._home, self._pins = home, pins
        self._wait, self._daily_name = wait, daily_name
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
            builds.clear(self._fd, self._daily_name)
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
        found = entries.built_days(self._fd)
        known = {_name(day) for day in found}
        self.strays = [
            names.printable(name)
            for name in map(os.fsencode, sorted(os.listdir(self._fd)))
            if name not in known and not self._is_being_built(name)
        ]
        return found

    def _is_being_built(self, name: bytes) -> bool:
        try:
            return builds.is_build(name) and not builds.is_abandoned(self._fd, name)
        except FileNotFoundError:
            # Its build has just ended.
            return True

    @contextmanager
    def build(self, day: date, begun: datetime) -> Iterator[Build]:
        """Build a day in a dot-folder. It takes its place when the block ends; nothing is left if the block raises.

        Raises NotOurs if the day exists and holds something that the daemon did not write.
        """
        name, new = _name(day), builds.fresh_name(NEW, _name(day))
        owner = os.fstat(self._fd).st_uid
        with suppress(FileNotFoundError):
            entries.require_ours(self._fd, name, self._daily_name)
        os.mkdir(new, BUILD_MODE, dir_fd=self._fd)
        try:
            with directories.opened(new, self._fd) as fd:
                _give(fd, owner)
                yield Build(fd, owner)
                os.fchmod(fd, DAY_MODE)
                # The time of the data: a day that was built before it had ended is built again.
                _set_time(fd, begun)
                os.fsync(fd)
            self._replace(new, name)
        finally:
            # What was not finished, or the day that was replaced.
            self._discard(new)
        os.fsync(self._fd)

    def date_back(self, day: date, begun: datetime) -> None:
        """Set the start of a day's build to an earlier time."""
        with directories.opened(_name(day), self._fd) as fd:
            _set_time(fd, begun)

    def remove(self, day: date) -> None:
        """Remove a day, atomically for its readers. Raises NotOurs if it holds something else."""
        # Another daemon may have been faster.
        with suppress(FileNotFoundError):
            entries.require_ours(self._fd, _name(day), self._daily_name)
            self._discard(self._take_away(_name(day)))

    def _take_away(self, name: bytes) -> bytes:
        old = builds.fresh_name(OLD, name)
        os.rename(name, old, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        return old

    def _discard(self, name: bytes) -> None:
        builds.discard(self._fd, name, self._daily_name)

    def _replace(self, new: bytes, name: bytes) -> None:
        """Put a build in the place of the day, if there is one."""
        taken = list[bytes]()
        try:
            # More than once only if another daemon does the same at this moment.
            for _ in range(REPLACE_TRIES):
                if self._appears(new, name):
                    return
                with suppress(FileNotFoundError):
                    if rename_exchange(self._fd, new, name):
                        return
                    taken.append(self._take_away(name))
        finally:
            for old in taken:
                self._discard(old)
        raise OSError(errno.EBUSY, "other processes publish the same day all the time")

    def _appears(self, new: bytes, name: bytes) -> bool:
        """Rename a build to its day's name; returns False if the day exists."""
        try:
            # rename(2) never replaces a folder that is not empty.
            os.rename(new, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            return False
        return True


def _set_time(fd: int, begun: datetime) -> None:
    os.utime(fd, ns=(int(begun.timestamp() * 1e9),) * 2)


def _name(day: date) -> bytes:
    return day.isoformat().encode()


def _give(fd: int, owner: int) -> None:
    """Give a file built by root to the owner of `reporting/`."""
    if os.geteuid() != owner:
        with suppress(PermissionError):
            os.fchown(fd, owner, -1)
