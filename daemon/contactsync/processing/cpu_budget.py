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

    A chunk or a batch has 1 MiB at most, and each of its values is bounded in length, so checks between them suffice.
    """

    def __init__(self, seconds: float) -> None:
        """Allow so many CPU seconds."""
        self._limit = seconds
        self._lock = threading.Lock()
        self._spent = 0.0
        # `since`: from which processor time of its thread on a block is to be charged.
        self._open = threading.local()

    @contextmanager
    def charged(self) -> Iterator[None]:
        """Charge what the current thread spends in the block. Raises FileRefused once the budget is exceeded."""
        self._open.since = time.thread_time()
        try:
            yield
        finally:
            self._charge()
            self._open.since = None
        self._require_rest()

    @contextmanager
    def uncharged(self) -> Iterator[None]:
        """Inside `charged`: charge what was spent so far, but not the block. Raises as `charged` does.

        Outside, it does nothing.
        """
        if getattr(self._open, "since", None) is None:
            yield
            return
        self._charge()
        self._require_rest()
        # Another deposit, with its own budget, may be processed meanwhile.
        try:
            yield
        finally:
            self._open.since = time.thread_time()

    def _charge(self) -> None:
        with self._lock:
            self._spent += time.thread_time() - self._open.since

    def _require_rest(self) -> None:
        if self._spent > self._limit:
            raise FileRefused("too_expensive")

    @property
    def spent(self) -> float:
        """CPU seconds charged so far."""
        return self._spent

    def charging(self, items: Iterator[T]) -> Iterator[T]:
        """The same items, charged with what it takes to make each one, in whatever thread that happens."""
        end = object()
        while True:
            with self.charged():
                item: T | object = next(items, end)
            if item is end:
                return
            yield item  # type: ignore[misc]  # only the sentinel is no T
