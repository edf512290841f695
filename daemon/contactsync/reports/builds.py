"""The dot-folders of `reporting/`: days that are being built or taken away, and what is left of them.

Daemons whose locks do not exclude each other may work in one folder (network file systems, protocol 8). So each build
has a name of its own, and nobody removes the build of a process that may still be at work.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
import time
from contextlib import suppress
from functools import cache

from contactsync.reports import entries
from contactsync.reports.days import as_day
from contactsync.runtime import directories
from contactsync.runtime.boot import boot_id

NEW, OLD = b".new-", b".old-"

STALE_SECONDS = 3600.0
"""No build is unchanged for this long, so its process has ended, on whatever host it was."""

SPOOL_PREFIX = ".spool-"
"""Temporary files in a build."""

_NAME = re.compile(
    rb"\.(?:new|old)-([0-9]{4}-[0-9]{2}-[0-9]{2})(?:\.([0-9a-f]{12})\.([0-9]{1,9})\.[0-9a-f]{8})?"
)


def fresh_name(prefix: bytes, day: bytes) -> bytes:
    """Return a name for a dot-folder that no other process and no other call uses."""
    return b"%s%s.%s.%d.%s" % (prefix, day, _place(), os.getpid(), secrets.token_hex(4).encode())


@cache
def _place() -> bytes:
    """What identifies a process id beside it: the boot of the machine, and the namespace that counts processes."""
    try:
        known = f"{boot_id()} {os.readlink('/proc/self/ns/pid')}" if boot_id() else ""
    except OSError:
        known = ""
    # Unknown: nobody recognises this process, so its leftovers stay until they are stale.
    return hashlib.sha256((known or secrets.token_hex()).encode()).hexdigest()[:12].encode()


def is_build(name: bytes) -> bool:
    """Whether this is the name of a dot-folder."""
    match = _NAME.fullmatch(name)
    return match is not None and as_day(match[1]) is not None


def is_abandoned(folder: int, name: bytes) -> bool:
    """Whether nobody is at work in a dot-folder: its process has ended, or nothing has changed for an hour."""
    status = os.lstat(name, dir_fd=folder)
    if not stat.S_ISDIR(status.st_mode) or time.time() - status.st_mtime > STALE_SECONDS:
        return True
    match = _NAME.fullmatch(name)
    return bool(match and match[2] == _place() and not _is_alive(int(match[3])))


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def clear(folder: int, daily_name: str) -> None:
    """Remove the abandoned dot-folders, as far as they are the daemon's."""
    for name in map(os.fsencode, os.listdir(folder)):
        with suppress(FileNotFoundError):
            if is_build(name) and is_abandoned(folder, name):
                discard(folder, name, daily_name)


def discard(folder: int, name: bytes, daily_name: str) -> None:
    """Remove a dot-folder, if there is one, but nothing in it that the daemon did not write.

    What cannot be removed stays, whatever it is: it must not stop reports.
    """
    match = _NAME.fullmatch(name)
    assert match
    daily = entries.daily_zip_of(match[1], daily_name)
    with suppress(OSError):
        with directories.opened(name, folder) as fd:
            for entry in map(os.fsencode, os.listdir(fd)):
                if entry.startswith(SPOOL_PREFIX.encode()) or entries.is_zip_of(fd, entry, match[1], daily):
                    # Another process may be clearing too.
                    with suppress(FileNotFoundError):
                        os.unlink(entry, dir_fd=fd)
        os.rmdir(name, dir_fd=folder)
