"""Keeps a failure that recurs from filling the log, and from being silent: two ways to log it now and then."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

CALM_SECONDS = 600.0
"""A failure that has not happened for this long counts from 1 again."""

MAX_KEYS = 1000
"""More kinds of failures than any program has; the one seen longest ago is forgotten."""


def deserves_a_line(times: int) -> bool:
    """Whether the `times`-th failure in a row is logged: the 1st, 2nd, 4th, 8th … one is."""
    return times & (times - 1) == 0


class Doubling:
    """Logs the 1st, 2nd, 4th, 8th … failure of each kind; safe from any thread."""

    def __init__(
        self, calm_seconds: float = CALM_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Nothing has happened yet; `clock` returns seconds."""
        self._calm, self._clock = calm_seconds, clock
        self._seen: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def count(self, kind: str) -> int:
        """Count one more failure of a kind.

        Returns how many there were if that deserves a line (1, 2, 4, 8, …), else 0.
        """
        now = self._clock()
        with self._lock:
            times, last = self._seen.pop(kind, (0, now))
            times = times + 1 if now - last < self._calm else 1
            self._seen[kind] = (times, now)
            if len(self._seen) > MAX_KEYS:
                del self._seen[next(iter(self._seen))]
        return times if deserves_a_line(times) else 0


class Once:
    """Logs a state when it changes; safe from any thread.

    A fault that ended and comes back is news again, and so is a second, different fault of the same subject.
    """

    def __init__(self, limit: int | None = None) -> None:
        """Nothing is known yet. With a `limit`, further keys are never news once so many are known."""
        self._limit = limit
        self._known: dict[str, object] = {}
        self._lock = threading.Lock()

    def news(self, key: str, value: object | None) -> bool:
        """Note what is true of `key` now; None means that nothing is wrong. Returns whether a new fault deserves a line.

        Forgetting (None) never deserves one.
        """
        with self._lock:
            if value is None:
                self._known.pop(key, None)
                return False
            if key not in self._known and len(self._known) == self._limit:
                return False
            changed = self._known.get(key) != value
            self._known[key] = value
            return changed
