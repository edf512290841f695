"""Reads settled deposits without the account's lock, for commands. Nothing is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from contactsync.domain.deposit import ACTIONS, Action, Settled
from contactsync.spool import files, unopened

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class SettledFiles:
    """The settled deposits below an FTP home. Each is written once or replaced as a whole, so reading needs no lock."""

    def __init__(self, home: Path) -> None:
        """Nothing is opened yet."""
        self._home = home

    def names(self, action: Action, state: Settled) -> Iterator[bytes]:
        """The names of everything in `ok/` or `ko/`, known to the ledger or not; none if there is no such folder."""
        with suppress(FileNotFoundError), self._opened(action, state) as folder, os.scandir(folder) as found:
            yield from (os.fsencode(entry.name) for entry in found)

    def waiting(self) -> Iterator[bytes]:
        """The names of the uploads that are not settled: in `in/` and `on/`, without the daemon's own files."""
        for action in ACTIONS.values():
            for box in ("in", "on"):
                with suppress(FileNotFoundError), self._opened(action, box) as folder:
                    yield from (name for name in map(os.fsencode, os.listdir(folder)) if name[:1] != b".")

    def unopened(self, action: Action) -> Iterator[bytes]:
        """The names of what was refused without being opened (`ko/.unopened/`)."""
        try:
            with self._opened(action, "ko") as ko:
                vault = os.open(unopened.FOLDER, _FOLDER, dir_fd=ko)
        except FileNotFoundError:
            return
        try:
            yield from map(os.fsencode, os.listdir(vault))
        finally:
            os.close(vault)

    @contextmanager
    def _opened(self, action: Action, box: str) -> Iterator[int]:
        folder = os.open(self._home / "contacts" / action.name / box, _FOLDER)
        try:
            yield folder
        finally:
            os.close(folder)

    @contextmanager
    def reading_settled(self, action: Action, state: Settled, claimed: bytes) -> Iterator[Path]:
        """The same as `Spool.reading_settled`; raises PermissionError if the user may not read it."""
        with self._opened(action, state) as folder:
            file = files.open_file(claimed, folder, lambda found: found.is_plain)
        if file is None:
            raise FileNotFoundError(claimed)
        with file:
            yield Path(f"/proc/self/fd/{file.fileno()}")
