"""Logs who keeps the daemon out of an account's folders: its lock, or a lease on an upload, held for a minute."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import structlog

from contactsync.domain import names
from contactsync.domain.account import Account
from contactsync.domain.errors import FileLeased
from contactsync.runtime import file_locks

PATIENCE_SECONDS = 60.0
"""Another daemon, `retry` or retention has the lock for seconds. A tenant who has it for longer stops its account."""

log = structlog.get_logger()


@dataclass(slots=True)
class Holders:
    """Since when an account has been kept out, on the monotonic clock; None if it is not."""

    since: float | None = None
    logged: bool = False

    def clear(self) -> None:
        """Nobody keeps the daemon out."""
        self.since, self.logged = None, False

    def note_lock(self, account: Account, home: Path) -> None:
        """Somebody holds the lock on `contacts/`."""
        if seconds := self._due():
            pid = _pid_of_lock(home / "contacts")
            log.warning("account.locked", account=account.name, seconds=seconds, pid=pid)

    def note_lease(self, account: Account, held: FileLeased) -> None:
        """Somebody holds a lease on a file, which cannot be opened therefore."""
        if seconds := self._due():
            log.warning(
                "upload.leased",
                account=account.name,
                file=names.printable(held.name),
                seconds=seconds,
                pid=file_locks.holder("LEASE", held.device, held.inode),
            )

    def _due(self) -> int:
        """For how many seconds this has lasted, if that deserves a line now; otherwise 0."""
        now = time.monotonic()
        if self.since is None:
            self.since = now
        seconds = now - self.since
        if self.logged or seconds < PATIENCE_SECONDS:
            return 0
        self.logged = True
        return max(1, round(seconds))


def _pid_of_lock(folder: Path) -> int | None:
    try:
        found = os.lstat(folder)
    except OSError:
        return None
    return file_locks.holder("FLOCK", found.st_dev, found.st_ino)
