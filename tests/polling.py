"""Waits for a state that comes without an event: looks again and again, under a deadline that only guards against a hang."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

DEADLINE = 120.0


def until(
    done: Callable[[], T],
    what: str = "the awaited state",
    *,
    seconds: float = DEADLINE,
    pause: float = 0.005,
    meanwhile: Callable[[], object] = lambda: None,
    report: Callable[[], str] = lambda: "",
) -> T:
    """Wait until `done` returns something true, and return that.

    `meanwhile` is called before each pause, and may raise. `report` is added to the error at the deadline.
    """
    deadline = time.monotonic() + seconds
    while not (found := done()):
        meanwhile()
        assert time.monotonic() < deadline, f"not in time: {what}\n{report()}"
        time.sleep(pause)
    return found
