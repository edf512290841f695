"""The periodic scan of every folder, which finds what no event reported. It is the truth; events only come sooner.

Reading ten thousand empty folders takes a while, reading their times a third of it. So a folder without work is read
again only when it has changed, and in every deep scan.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from contactsync.domain.deposit import ACTIONS
from contactsync.runtime.clock import SYSTEM_CLOCK, Clock
from contactsync.spool.unchanged import UnchangedFolders, times_of


class Rescan:
    """Finds out which accounts' folders need a look. One thread per home at a time."""

    def __init__(self, ignored: Callable[[bytes], bool], clock: Clock = SYSTEM_CLOCK) -> None:
        """`ignored` recognises the names in `in/` that are not deposits."""
        self._ignored = ignored
        self._paths: dict[Path, tuple[str, ...]] = {}
        # Never forgets: deep scans do not use it.
        self._unchanged = UnchangedFolders(clock.monotonic, forget_seconds=math.inf)

    def keep(self, homes: set[Path]) -> None:
        """Forget all homes but these."""
        # A copy: the thread of a home that hung may come back meanwhile.
        for home in set(list(self._paths)) - homes:  # noqa: C414 - a set would hash paths in between, in Python
            for path in self._paths.pop(home):
                self._unchanged.forget(path)

    def needs_a_look(self, home: Path, *, deep: bool = False) -> bool:
        """Whether one of the account's ten `in/` folders has work, or is missing.

        With `deep`, earlier scans do not count, and a file that a killed daemon left in `on/` does.
        """
        with suppress(OSError):
            # First the home itself: if it hangs, no look at a name in it makes other processes wait for this one.
            os.stat(home)
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
        if self._unchanged.is_unchanged(path, times):
            return False
        if _holds(path, self._is_work) is not False:
            self._unchanged.forget(path)
            return True
        return not self._unchanged.note(path) and _holds(path, lambda _entry: True) is not False

    def _is_work(self, entry: os.DirEntry[str]) -> bool:
        """Whether the entry is neither ignored nor a folder: those need a look only when something has changed."""
        return not self._ignored(os.fsencode(entry.name)) and not entry.is_dir(follow_symlinks=False)


def _holds(folder: str, wanted: Callable[[os.DirEntry[str]], bool]) -> bool | None:
    """Whether a folder has such an entry; None if it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return any(wanted(entry) for entry in entries)
    except OSError:
        return None
