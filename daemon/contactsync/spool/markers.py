"""The files in `contacts/import/` that choose the import mode (protocol 4)."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from contextlib import suppress

from contactsync.domain.deposit import Mode

MODES = {
    b".createNewList": Mode.CREATE,
    b".addToExistingList": Mode.ADD,
    b".syncExistingList": Mode.SYNC,
}


def present(folder: int) -> list[bytes]:
    """The markers in an open folder: regular files of these names. A link or a folder is not a marker."""
    found = []
    for name in MODES:
        with suppress(FileNotFoundError):
            if stat.S_ISREG(os.lstat(name, dir_fd=folder).st_mode):
                found.append(name)
    return found


def mode_of(found: Collection[bytes]) -> tuple[Mode, bool]:
    """The mode, and whether several markers contradict each other; they choose the default then."""
    if len(found) > 1:
        return Mode.CREATE, True
    return next((MODES[name] for name in found), Mode.CREATE), False
