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
"""Where a file system does not keep its folders' times, what is in them is found by each deep scan all the same."""

Times: TypeAlias = tuple[int, int, int, int]
"""Device, inode, modification and change time (ns): the same folder, with the same entries."""


def times_of(status: os.stat_result) -> Times:
    """What is remembered of a folder's status."""
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns


@dataclass(frozen=True, slots=True)
class _Seen:
    times: Times
    since: float
    trusted_at: float | None


class Stillness:
    """What is known of some folders, each by a key of the caller's choice. Used by one thread at a time."""

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, *, forget_seconds: float = FORGET_SECONDS
    ) -> None:
        """Nothing known yet; what is trusted is forgotten again after `forget_seconds`."""
        self._monotonic = monotonic
        self._forget_seconds = forget_seconds
        self._seen: dict[str, _Seen] = {}

    def holds(self, key: str, times: Times) -> bool:
        """Whether a folder that has these times now still needs nothing."""
        seen = self._seen.get(key)
        return (
            seen is not None
            and seen.trusted_at is not None
            and seen.times == times
            and self._monotonic() - seen.trusted_at < self._forget_seconds
        )

    def note(self, key: str, times: Times) -> bool:
        """The folder was read, after these times were asked for, and needs nothing; whether that is trusted now.

        Only once it was read twice with the same times: what comes after the second reading cannot bear the times of the first.
        """
        now = self._monotonic()
        seen = self._seen.get(key)
        since = seen.since if seen is not None and seen.times == times else now
        trusted = now - since >= TRUST_SECONDS
        self._seen[key] = _Seen(times, since, now if trusted else None)
        return trusted

    def forget(self, key: str) -> None:
        """The folder needs something, or is no more."""
        self._seen.pop(key, None)
