"""A failure that recurs is logged each time its number doubles; a state, each time it changes."""

from __future__ import annotations

import pytest

from contactsync.telemetry import log_throttle
from contactsync.telemetry.log_throttle import Doubling, Once


@pytest.fixture
def now() -> list[float]:
    """The time, in seconds."""
    return [0.0]


@pytest.fixture
def counted(now: list[float]) -> Doubling:
    """A throttle on that clock, calm after a minute."""
    return Doubling(60, lambda: now[0])


def test_each_doubling_is_logged(counted: Doubling) -> None:
    """1,000 failures are ten lines, each with the number of failures so far."""
    logged = [times for times in (counted.count("x") for _ in range(1000)) if times]
    assert logged == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]


def test_kinds_are_counted_separately(counted: Doubling) -> None:
    """A failure of another kind is logged at once."""
    assert [counted.count(kind) for kind in "xxxy"] == [1, 2, 0, 1]


def test_after_a_calm_time_it_is_logged_again(counted: Doubling, now: list[float]) -> None:
    """A failure counts from 1 again after a minute without it, not if it happens now and then."""
    assert [counted.count("x") for _ in range(3)] == [1, 2, 0]
    now[0] = 59
    assert counted.count("x") == 4
    now[0] = 119
    assert counted.count("x") == 1


def test_memory_is_bounded(counted: Doubling, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kind seen longest ago is forgotten."""
    monkeypatch.setattr(log_throttle, "MAX_KEYS", 2)
    assert [counted.count(kind) for kind in ("a", "b", "a", "c")] == [1, 1, 2, 1]
    assert counted.count("b") == 1
    assert counted.count("c") == 2


def test_a_state_is_logged_when_it_changes() -> None:
    """Once per value; a different fault is logged, and so is one that ended and comes back."""
    once = Once()
    states = ["EACCES", "EACCES", "ENOSPC", None, None, "ENOSPC"]
    assert [once.news("acme", state) for state in states] == [True, False, True, False, False, True]


def test_subjects_are_known_separately() -> None:
    """The fault of one is no news of another."""
    once = Once()
    assert [once.news(key, "EACCES") for key in ("a", "b", "a")] == [True, True, False]


def test_a_limit_bounds_the_number_of_subjects() -> None:
    """Further ones are not logged, until one that is known ends."""
    once = Once(2)
    assert [once.news(key, value=True) for key in ("a", "b", "c", "a")] == [True, True, False, False]
    once.news("a", None)
    assert once.news("c", value=True)
