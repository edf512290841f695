"""The folders of one account as open descriptors, and the lock that keeps other processes out.

Each folder is opened relative to the one above it and without following links, so that no swapped folder leads
out of the account's home.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from contactsync.domain.deposit import ACTIONS, Action
from contactsync.domain.errors import AccountBusy, FoldersMissing
from contactsync.runtime.directories import open_directory
from contactsync.spool.unchanged import UnchangedFolders, times_of

if TYPE_CHECKING:
    from pathlib import Path

    from contactsync.spool.home_pins import HomePins

BOXES = ("in", "on", "ok", "ko")
IN_MODE, BOX_MODE = 0o2770, 0o2750  # docs/ftp-facts.md, "Permissions that hold"
# The extra bits of `import/`: the group can create markers in it, but cannot move its folders.
MARKERS_MODE = 0o1020


class Folders:
    """Descriptors of `contacts/` and what is below, opened on first use."""

    def __init__(
        self, home: Path, pins: HomePins, *, wait: bool = False, unchanged: UnchangedFolders | None = None
    ) -> None:
        """Prepare for the account whose FTP home is `home`; with `wait`, `open` waits for the lock.

        `pins` recognise the home. `unchanged` is what earlier scans learned about its folders.
        """
        self._home, self._pins = home, pins
        self._wait = wait
        self._unchanged = unchanged or UnchangedFolders()
        self._fds: dict[str, int] = {}

    def open(self) -> None:
        """Open `contacts/` and lock it until `close`, or until the process ends.

        Raises AccountBusy if another process holds the lock, FoldersMissing if there is no `contacts/`, and
        HomeChanged if the home must be left alone.
        """
        try:
            self._fds["contacts"] = self._pins.open_locked(self._home, "contacts", wait=self._wait)
        except FileNotFoundError:
            raise FoldersMissing(self._home / "contacts") from None
        except BlockingIOError:
            raise AccountBusy from None

    def close(self) -> None:
        """Close all folders."""
        while self._fds:
            os.close(self._fds.popitem()[1])

    def fd(self, action: Action, box: str | None = None) -> int:
        """A descriptor of `contacts/<action>[/<box>]`, which is recreated if it is missing."""
        key = _path(action, box)
        if key not in self._fds:
            parent = self.fd(action) if box else self._fds["contacts"]
            name = box or action.name
            try:
                self._fds[key] = open_directory(name, parent)
            except FileNotFoundError:
                with suppress(FileExistsError):  # `init` was faster
                    os.mkdir(name, self._mode_of_sibling(action, box), dir_fd=parent)
                self._fds[key] = open_directory(name, parent)
        return self._fds[key]

    def recreate_missing(self) -> None:
        """Recreate the folders that are missing below `contacts/` (protocol 1)."""
        for action in ACTIONS.values():
            # An action's folder changes its times when one of its four folders is created or removed.
            if not self._is_unchanged(action.name):
                for box in BOXES:
                    self.fd(action, box)
                self._unchanged.note(action.name)

    def is_known_empty(self, action: Action, box: str) -> bool:
        """Whether a folder was empty and has not changed since."""
        return self._is_unchanged(_path(action, box))

    def note_empty(self, action: Action, box: str) -> None:
        """Record that the folder was empty. Call `is_known_empty` first, then read the folder, then this."""
        self._unchanged.note(_path(action, box))

    def note_change(self, action: Action, box: str) -> None:
        """Record that we are about to put something into the folder: do not rely on its times to show it."""
        self._unchanged.forget(_path(action, box))

    def _is_unchanged(self, path: str) -> bool:
        try:
            status = os.stat(path, dir_fd=self._fds["contacts"], follow_symlinks=False)
        except OSError:
            self._unchanged.forget(path)
            return False
        return self._unchanged.is_unchanged(path, times_of(status))

    def _mode_of_sibling(self, action: Action, box: str | None) -> int:
        """The mode of the same folder of another action, so that a recreated folder fits into its tree.

        `import/` comes last: it is open to markers, and no other action is.
        """
        markers = MARKERS_MODE if action.name == "import" and box is None else 0
        for other in sorted(ACTIONS, key=lambda name: name == "import"):
            if other != action.name:
                with suppress(OSError):
                    path = f"{other}/{box}" if box else other
                    found = os.stat(path, dir_fd=self._fds["contacts"], follow_symlinks=False)
                    if stat.S_ISDIR(found.st_mode):
                        extra = MARKERS_MODE if other == "import" and box is None else 0
                        return stat.S_IMODE(found.st_mode) & ~extra | markers
        return (IN_MODE if box == "in" else BOX_MODE) | markers


def _path(action: Action, box: str | None = None) -> str:
    """Where a folder is below `contacts/`."""
    return f"{action.name}/{box}" if box else action.name
