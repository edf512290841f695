"""Reads settled deposits without the account's lock, for commands. Nothing is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contactsync.domain.deposit import Action, Settled
from contactsync.spool import files

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class SettledFiles:
    """The settled deposits below an FTP home. They never change, so no lock is needed to read one."""

    def __init__(self, home: Path) -> None:
        """Nothing is opened yet."""
        self._home = home

    @contextmanager
    def reading_settled(self, action: Action, state: Settled, claimed: bytes) -> Iterator[Path]:
        """The same as `Spool.reading_settled`; raises PermissionError if the user may not read it."""
        folder = os.open(self._home / "contacts" / action.name / state, _FOLDER)
        try:
            file = files.open_file(claimed, folder, lambda found: found.is_plain)
        finally:
            os.close(folder)
        if file is None:
            raise FileNotFoundError(claimed)
        with file:
            yield Path(f"/proc/self/fd/{file.fileno()}")
