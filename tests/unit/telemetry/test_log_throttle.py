"""A failure that goes on is told each time its number doubles."""

from __future__ import annotations

import pytest

from contactsync.telemetry import log_throttle
from contactsync.telemetry.log_throttle import Doubling


@pytest.fixture
def now() -> list[float]:
    """The time, in seconds."""
    return [0.0]


@pytest.fixture
def counted(now: list[float]) -> Doubling:
    """Counts on that clock, calm after a minute."""
    return Doubling(60, lambda: now[0])


def test_each_doubling_is_told(counted: Doubling) -> None:
    """1,000 failures are ten lines, each with the number of failures so far."""
    told = [times for times in (counted.count("x") for _ in range(1000)) if times]
    assert told == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]


def test_kinds_are_counted_apart(counted: Doubling) -> None:
    """A failure of another kind is told at once."""
    assert [counted.count(kind) for kind in "xxxy"] == [1, 2, 0, 1]


def test_after_a_calm_time_it_is_news(counted: Doubling, now: list[float]) -> None:
    """What has not happened for a minute is told again; what happens now and then is not."""
    assert [counted.count("x") for _ in range(3)] == [1, 2, 0]
    now[0] = 59
    assert counted.count("x") == 4
    now[0] = 119
    assert counted.count("x") == 1


def test_memory_is_bounded(counted: Doubling, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kind that was seen longest ago is forgotten."""
    monkeypatch.setattr(log_throttle, "MAX_KEYS", 2)
    assert [counted.count(kind) for kind in ("a", "b", "a", "c")] == [1, 1, 2, 1]
    assert counted.count("b") == 1
    assert counted.count("c") == 2
