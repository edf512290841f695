"""Which folders have not changed since they were seen to need nothing, so that they need not be read again. Pure.

Reading a folder costs eight system calls, asking for its times one, and an account has fifty folders of which a
deposit touches four.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

TRUST_SECONDS = 3.0
"""A folder's times are coarse, 2 s on the coarsest file system: only what is unchanged for longer tells anything."""

FORGET_SECONDS = 25.0
"""Where a file system does not keep its folders' times, what came is found by the second deep scan at the latest."""

Times: TypeAlias = tuple[int, int, int, int]
"""Device, inode, modification and change time (ns): the same folder, with the same entries."""


def times_of(status: os.stat_result) -> Times:
    """What is remembered of a folder's status."""
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns


@dataclass(frozen=True, slots=True)
class _Seen:
    """A folder's times, asked for at `at` and the same since `since`."""

    times: Times
    at: float
    since: float

    @property
    def trusted(self) -> bool:
        return self.at - self.since >= TRUST_SECONDS


class UnchangedFolders:
    """What is known of some folders, each by a key of the caller's choice. Used by one thread at a time."""

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, *, forget_seconds: float = FORGET_SECONDS
    ) -> None:
        """Nothing known yet; what is trusted is forgotten again after `forget_seconds`."""
        self._monotonic = monotonic
        self._forget_seconds = forget_seconds
        self._seen: dict[str, _Seen] = {}
        self._asked: dict[str, _Seen] = {}

    def holds(self, key: str, times: Times) -> bool:
        """Whether a folder that has these times now still needs nothing."""
        now = self._monotonic()
        seen = self._seen.get(key)
        if seen is None or seen.times != times:
            self._asked[key] = _Seen(times, now, since=now)
            return False
        if seen.trusted and now - seen.at < self._forget_seconds:
            return True
        self._asked[key] = _Seen(times, now, seen.since)
        return False

    def note(self, key: str) -> bool:
        """The folder was read after `holds` was asked last, and needs nothing; whether that is trusted now.

        Only once it was read twice with the same times: what comes after the second reading began cannot bear the times of
        the first. How long the reading took counts for nothing.
        """
        if (asked := self._asked.pop(key, None)) is None:
            return False
        self._seen[key] = asked
        return asked.trusted

    def forget(self, key: str) -> None:
        """The folder needs something, is no more, or is about to be changed by ourselves."""
        self._seen.pop(key, None)
        self._asked.pop(key, None)
