"""What time it is: handed to those whose decisions depend on it, so that a test can set the clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """The host's two clocks, in seconds. Time-outs go by `monotonic`, which nobody can set."""

    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic

    def now(self) -> datetime:
        """The wall clock's time."""
        return datetime.fromtimestamp(self.wall(), UTC)


SYSTEM_CLOCK = Clock()
