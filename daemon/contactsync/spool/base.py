"""What every chapter of the spool needs: the account's open, locked folders and the limits of its files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from contactsync.domain.deposit import ACTIONS, Action, Mode
from contactsync.runtime.clock import SYSTEM_CLOCK, Clock
from contactsync.spool import markers
from contactsync.spool.folders import Folders
from contactsync.spool.home_pins import HomePins
from contactsync.spool.unchanged import UnchangedFolders


class SpoolBase:
    """The folders of one account. Nothing is touched before `with`.

    A scan sets `strays` (the folders found in `in/`, each with its action) and `cut_off` (whether there were too
    many files to return them all). A claim sets `leases` (whether the kernel granted a read lease).
    """

    def __init__(
        self,
        home: Path,
        pins: HomePins,
        *,
        max_bytes: int,
        ignored: Callable[[bytes], bool],
        wait: bool = False,
        clock: Clock = SYSTEM_CLOCK,
        unchanged: UnchangedFolders | None = None,
    ) -> None:
        """Prepare for the account whose FTP home is `home`, recognised by `pins`.

        A file above `max_bytes` is refused. `ignored` recognises the names in `in/` that are not deposits. With
        `wait`, opening waits for the process that has the lock. `unchanged` is what earlier scans learned.
        """
        self._clock = clock
        self._ftp_root = pins.ftp_root
        self._folders = Folders(home, pins, wait=wait, unchanged=unchanged)
        self._max_bytes = max_bytes
        self._ignored = ignored
        self.strays: list[tuple[Action, bytes]] = []
        self.cut_off = False
        self.leases = True

    def __enter__(self) -> Self:
        """Open and lock the folders; raises what `Folders.open` raises."""
        self._folders.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the folders, which also releases the lock."""
        self._folders.close()

    def _dir(self, action: Action, box: str | None = None) -> int:
        return self._folders.fd(action, box)

    def recreate_missing(self) -> None:
        """Recreate the folders that are missing below `contacts/` (protocol 1)."""
        self._folders.recreate_missing()

    def mode(self) -> tuple[Mode, bool]:
        """The import mode that the markers choose, and whether there were several (protocol 4)."""
        return markers.mode_of(markers.present(self._dir(ACTIONS["import"])))
