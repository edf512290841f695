"""Stops claims on a file system that is nearly full, until it has room again (protocol 5.6).

An upload that waits in `in/` costs nothing. A claimed one needs its own size again for the daemon's copy, and its
answer.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from contactsync.runtime import file_system
from contactsync.runtime.attended import Attended
from contactsync.runtime.clock import SYSTEM_CLOCK, Clock
from contactsync.runtime.file_system import Space
from contactsync.telemetry.status import LowDisk

RESUME_FACTOR = 1.1
"""Claims resume above so many times the limit, so that a file system at the limit does not stop them every second."""

SECONDS = 2.0
"""How long a file system has to answer; one that does not stays as it was."""

log = structlog.get_logger()


def required(total: int, *, min_bytes: int, min_percent: float) -> int:
    """How many bytes of a file system must be free: the smaller one of two limits; 0 turns both off.

    A fixed size would stop small file systems, which suit small files. A share of a large one would be huge.
    """
    return min(min_bytes, int(total * min_percent / 100))


class NoRoom(Exception):  # noqa: N818 - not an error: the uploads wait
    """The file system has too little free space for another claim."""


@dataclass(frozen=True, slots=True)
class _Low:
    """A file system without room, and a home on it through which it is looked at."""

    disk: LowDisk
    home: Path


class Watermark:
    """The file systems without room; shared by all workers."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        """None is known to be low."""
        self._clock = clock
        self._lock = threading.Lock()
        # By device. Replaced, never changed: `low` is read without the lock.
        self._low: Mapping[int, _Low] = {}

    @property
    def low(self) -> tuple[LowDisk, ...]:
        """The file systems on which nothing is claimed, the first one first."""
        return tuple(each.disk for each in self._low.values())

    def require_room(self, home: Path, *, min_bytes: int, min_percent: float) -> None:
        """Raise NoRoom unless deposits may be claimed below this home; logs when that changes. Raises OSError."""
        found = file_system.space(home)
        if found is None:
            return
        limit = required(found.total, min_bytes=min_bytes, min_percent=min_percent)
        device = file_system.device_of(home)
        # Before the lock, for which others wait: a home may hang.
        point = str(file_system.mount_point(home)) if found.free < limit else ""
        with self._lock:
            was = self._low.get(device)
            if not _is_low(found, limit, was=was is not None):
                self._resume(device, found)
                return
            path = was.disk.path if was else point
            since = was.disk.since if was else self._clock.now()
            self._low = {**self._low, device: _Low(LowDisk(path, limit, since), home)}
        if was is None:
            log.error("disk.low", path=path, free_bytes=found.free, required_bytes=limit)
        raise NoRoom

    def look_again(self, attended: Attended[Path] | None = None) -> None:
        """Notice that a file system has room again or is gone, even if no upload waits there any more.

        `attended` asks, so that the caller does not wait for one that hangs.
        """
        low = {each.home: device for device, each in self._low.items()}
        answers = (attended or Attended()).over(low, _measured, SECONDS)
        for home, answer in answers.items():
            device, found = low[home], None
            with suppress(OSError):
                found, of_device = answer.get()
                was = self._low.get(device)
                limit = was.disk.required_bytes if was else 0
                if found and of_device == device and _is_low(found, limit, was=True):
                    continue
            with self._lock:
                self._resume(device, found)

    def _resume(self, device: int, found: Space | None) -> None:
        was = self._low.get(device)
        if was is not None:
            self._low = {key: each for key, each in self._low.items() if key != device}
            log.info("disk.resumed", path=was.disk.path, free_bytes=found.free if found else None)


def _measured(home: Path) -> tuple[Space | None, int]:
    return file_system.space(home), file_system.device_of(home)


def _is_low(found: Space, limit: int, *, was: bool) -> bool:
    return found.free < limit * (RESUME_FACTOR if was else 1)
