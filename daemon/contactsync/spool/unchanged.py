"""Remembers which folders needed no work and have not changed since, so that they are not read again. Pure.

Reading a folder takes eight system calls, reading its times one. An account has fifty folders, of which a deposit
touches four.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

TRUST_SECONDS = 3.0
"""A folder's times are coarse: 2 s on the coarsest file system. Equal times prove something only after longer."""

FORGET_SECONDS = 25.0
"""On a file system that does not keep its folders' times, the second deep scan at the latest finds a new file."""

Times: TypeAlias = tuple[int, int, int, int]
"""Device, inode, modification and change time (ns): the same folder, with the same entries."""


def times_of(status: os.stat_result) -> Times:
    """The part of a folder's status that is remembered."""
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns


@dataclass(frozen=True, slots=True)
class _Seen:
    """A folder's times as read at `at`, equal since `since` (seconds on the monotonic clock)."""

    times: Times
    at: float
    since: float

    @property
    def trusted(self) -> bool:
        return self.at - self.since >= TRUST_SECONDS


class UnchangedFolders:
    """What is known about some folders, each under a key that the caller chooses. For one thread at a time."""

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, *, forget_seconds: float = FORGET_SECONDS
    ) -> None:
        """Start without knowledge; a folder is trusted for `forget_seconds` at most."""
        self._monotonic = monotonic
        self._forget_seconds = forget_seconds
        self._seen: dict[str, _Seen] = {}
        self._pending: dict[str, _Seen] = {}

    def is_unchanged(self, key: str, times: Times) -> bool:
        """Whether a folder that has these times now still needs no work."""
        now = self._monotonic()
        seen = self._seen.get(key)
        if seen is None or seen.times != times:
            self._pending[key] = _Seen(times, now, since=now)
            return False
        if seen.trusted and now - seen.at < self._forget_seconds:
            return True
        self._pending[key] = _Seen(times, now, seen.since)
        return False

    def note(self, key: str) -> bool:
        """Record that the folder, read after the last `is_unchanged`, needs no work; returns whether that is trusted.

        It is trusted once it was read twice with the same times, TRUST_SECONDS apart: what arrives after the second
        reading began cannot leave the times of the first. How long a reading took does not count.
        """
        if (pending := self._pending.pop(key, None)) is None:
            return False
        self._seen[key] = pending
        return pending.trusted

    def forget(self, key: str) -> None:
        """Forget the folder: it needs work, is gone, or we are about to change it."""
        self._seen.pop(key, None)
        self._pending.pop(key, None)
