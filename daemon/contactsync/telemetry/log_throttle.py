"""Which of a failure's repetitions are worth a line: not one a second, and not silence either."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

CALM_SECONDS = 600.0
"""After so long without it, a failure is news again."""

MAX_KEYS = 1000
"""More kinds of failures than any program has; the oldest is forgotten."""


class Doubling:
    """Counts each kind of failure; safe from any thread."""

    def __init__(
        self, calm_seconds: float = CALM_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Nothing has happened yet; `clock` tells seconds."""
        self._calm, self._clock = calm_seconds, clock
        self._seen: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def count(self, kind: str) -> int:
        """Count one more of a kind: how many there were where that is worth a line (1, 2, 4, 8, …), else 0."""
        now = self._clock()
        with self._lock:
            times, last = self._seen.pop(kind, (0, now))
            times = times + 1 if now - last < self._calm else 1
            self._seen[kind] = (times, now)
            if len(self._seen) > MAX_KEYS:
                del self._seen[next(iter(self._seen))]
        return times if times & (times - 1) == 0 else 0
