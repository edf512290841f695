"""What is in `reporting/`, and which of it the daemon wrote. Changes nothing, and needs no lock."""

from __future__ import annotations

import os
import stat
from datetime import UTC, date, datetime

from contactsync.domain import names
from contactsync.domain.errors import ContactsyncError
from contactsync.reports.archives import daily_zip
from contactsync.reports.days import as_day
from contactsync.runtime import directories

_SILLY_RENAMED = b".nfs"
"""What an NFS client calls a deleted file that a reader still has open."""


class NotOurs(ContactsyncError):  # noqa: N818 - it names what was found
    """A folder named after a day holds something that the daemon did not write; it is left unchanged."""


def built_days(reporting: int) -> dict[date, datetime]:
    """Return the days that exist, each with the start of its build."""
    found: dict[date, datetime] = {}
    for name in map(os.fsencode, sorted(os.listdir(reporting))):
        if (day := as_day(name)) is None:
            continue
        try:
            status = os.lstat(name, dir_fd=reporting)
        except FileNotFoundError:
            # Another daemon has just removed it.
            continue
        if stat.S_ISDIR(status.st_mode):
            found[day] = datetime.fromtimestamp(status.st_mtime, UTC)
    return found


def require_ours(reporting: int, name: bytes, daily_name: str) -> None:
    """Raise NotOurs unless this is a folder that holds only the zips of its day.

    They begin with the day's name. Only `daily_name`, the setting, may be another one. Raises FileNotFoundError.
    """
    try:
        fd = directories.open_directory(name, reporting)
    except NotADirectoryError:
        raise NotOurs(f"reporting/{names.printable(name)} is not a folder: move it away") from None
    daily = daily_zip_of(name, daily_name)
    try:
        for entry in map(os.fsencode, os.listdir(fd)):
            if not (is_zip_of(fd, entry, name, daily) or entry.startswith(_SILLY_RENAMED)):
                path = f"reporting/{names.printable(name)}/{names.printable(entry)}"
                raise NotOurs(f"{path} is not contactsync's: move it away")
    finally:
        os.close(fd)


def daily_zip_of(day: bytes, daily_name: str) -> bytes:
    """Return the name of a day's zip of all campaigns; `daily_name` is the setting."""
    found = as_day(day)
    return daily_zip(found, daily_name).encode() if found else b""


def is_zip_of(folder: int, entry: bytes, day: bytes, daily: bytes) -> bool:
    """Whether an entry is a zip that the daemon wrote: its name begins with the day, or is `daily`."""
    if not (entry == daily or (entry.startswith(day) and entry.endswith(b".zip"))):
        return False
    try:
        return stat.S_ISREG(os.lstat(entry, dir_fd=folder).st_mode)
    except FileNotFoundError:
        # Another daemon has just removed it.
        return True
