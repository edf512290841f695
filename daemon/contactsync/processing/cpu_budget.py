"""The processor time of one deposit: measured per thread, so that it does not depend on what else the host does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from contactsync.domain.errors import FileRefused

T = TypeVar("T")


class CpuBudget:
    """Adds up what every thread that works on the deposit spends on it (CLOCK_THREAD_CPUTIME_ID, clock_gettime(2)).

    A batch has 1 MiB at most, and each of its values is bounded in length, so checks between batches suffice.
    """

    def __init__(self, seconds: float) -> None:
        """Allow so many CPU seconds."""
        self._limit = seconds
        self._lock = threading.Lock()
        self._spent = 0.0

    @contextmanager
    def charged(self) -> Iterator[None]:
        """Charge what the current thread spends in the block. Raises FileRefused once the budget is exceeded."""
        started = time.thread_time()
        try:
            yield
        finally:
            with self._lock:
                self._spent += time.thread_time() - started
        if self._spent > self._limit:
            raise FileRefused("too_expensive")

    def charging(self, items: Iterator[T]) -> Iterator[T]:
        """The same items, charged with what it takes to make each one, in whatever thread that happens."""
        end = object()
        while True:
            with self.charged():
                item: T | object = next(items, end)
            if item is end:
                return
            yield item  # type: ignore[misc]  # only the sentinel is no T
