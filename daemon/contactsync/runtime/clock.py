"""The host's clocks. Code whose decisions depend on time receives them, so that a test can set them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """The host's two clocks, in seconds. Timeouts use `monotonic`, which nobody can set; timestamps use `wall`."""

    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic

    def now(self) -> datetime:
        """The wall clock's time, in UTC."""
        return datetime.fromtimestamp(self.wall(), UTC)


SYSTEM_CLOCK = Clock()
