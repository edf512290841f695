"""The periodic look at every folder, which sees what no event told of. It is the truth; events only come sooner.

Reading ten thousand empty folders takes a while, asking for their times a third of it. So a folder that held
nothing to do is read again when it has changed, and in a deep scan in any case.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path

from contactsync.domain.deposit import ACTIONS
from contactsync.runtime.clock import SYSTEM_CLOCK, Clock
from contactsync.spool.unchanged import UnchangedFolders, times_of


class Rescan:
    """Tells which accounts' folders hold something to look at. Main thread only."""

    def __init__(self, ignored: Callable[[bytes], bool], clock: Clock = SYSTEM_CLOCK) -> None:
        """`ignored` tells the names in `in/` that are no deposits."""
        self._ignored = ignored
        self._paths: dict[Path, tuple[str, ...]] = {}
        self._still = UnchangedFolders(clock.monotonic, forget_seconds=math.inf)  # deep scans do not ask it

    def keep(self, homes: set[Path]) -> None:
        """Forget all homes but these."""
        for home in self._paths.keys() - homes:
            for path in self._paths.pop(home):
                self._still.forget(path)

    def needs_a_look(self, home: Path, *, deep: bool = False) -> bool:
        """Whether one of the ten `in/` has something to do, or is not there.

        With `deep` nothing that was seen earlier counts, and what a killed daemon left in `on/` does.
        """
        if home not in self._paths:
            self._paths[home] = tuple(f"{home}/contacts/{action}/in" for action in ACTIONS)
        if deep:
            boxes = (f"{home}/contacts/{action}/{box}" for action in ACTIONS for box in ("in", "on"))
            return any(_holds(box, lambda _entry: True) is not False for box in boxes)
        return any(self._has_news(path) for path in self._paths[home])

    def _has_news(self, path: str) -> bool:
        try:
            times = times_of(os.stat(path))
        except OSError:
            return True
        if self._still.holds(path, times):
            return False
        if _holds(path, self._is_work) is not False:
            self._still.forget(path)
            return True
        return not self._still.note(path) and _holds(path, lambda _entry: True) is not False

    def _is_work(self, entry: os.DirEntry[str]) -> bool:
        """Neither an upload in progress nor a folder: those are looked at only when something has changed."""
        return not self._ignored(os.fsencode(entry.name)) and not entry.is_dir(follow_symlinks=False)


def _holds(folder: str, wanted: Callable[[os.DirEntry[str]], bool]) -> bool | None:
    """Whether such an entry is in a folder; None where that cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return any(wanted(entry) for entry in entries)
    except OSError:
        return None
