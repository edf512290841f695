"""Whose turn comes next: hints, delays, and accounts that come and go. No threads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contactsync.processing.lanes import Lane, Lanes, State
from tests.unit.processing.script import named, upload_queue


@pytest.fixture
def woken() -> list[None]:
    """One entry per worker that was woken."""
    return []


@pytest.fixture
def lanes(woken: list[None]) -> Lanes:
    """No lanes yet."""
    return Lanes(upload_queue, lambda: woken.append(None))


def taken(lanes: Lanes, now: float = 0.0) -> Lane:
    """The lane whose turn it is."""
    lane = lanes.take(now)
    assert lane is not None
    return lane


def test_a_new_account_is_queued(lanes: Lanes) -> None:
    """It needs no hint; an account that is known already is not queued again."""
    lanes.update(named("a"))
    lane = taken(lanes)
    assert (lane.account.name, lane.state, lane.taken_at) == ("a", State.RUNNING, 0.0)
    lanes.put_back(lane, None, 1.0)
    lanes.update(named("a", "b"))
    assert [each.account.name for each in lanes.ready] == ["b"]


def test_a_lane_with_more_to_do_goes_to_the_end_of_the_queue(lanes: Lanes) -> None:
    """The others have their turn first."""
    lanes.update(named("a", "b"))
    lane = taken(lanes)
    lanes.put_back(lane, 0, 0.0)
    assert [each.account.name for each in lanes.ready] == ["b", "a"]


def test_hints_during_a_step_cause_one_more(lanes: Lanes) -> None:
    """However many there are."""
    lanes.update(named("a"))
    lane = taken(lanes)
    for _ in range(5):
        lanes.hint(lane)
    lanes.put_back(lane, None, 0.0)
    assert list(lanes.ready) == [lane]
    lanes.put_back(taken(lanes), None, 0.0)
    assert lanes.take(0.0) is None


def test_a_delay_ends_at_its_time(lanes: Lanes) -> None:
    """Not before, and without a hint."""
    lanes.update(named("a"))
    lane = taken(lanes)
    lanes.put_back(lane, 5.0, 10.0)
    assert lanes.seconds_to_timer(12.0) == 3.0
    assert lanes.take(14.9) is None
    assert taken(lanes, 15.0) is lane
    assert lanes.seconds_to_timer(15.0) is None


def test_a_hint_cuts_a_delay_short_and_its_timer_is_void(lanes: Lanes) -> None:
    """The account is not looked at a second time when the delay would have ended."""
    lanes.update(named("a"))
    lane = taken(lanes)
    lanes.put_back(lane, 5.0, 0.0)
    lanes.hint(lane)
    assert taken(lanes, 1.0) is lane
    lanes.put_back(lane, None, 2.0)
    assert lanes.take(6.0) is None


def test_a_hint_does_not_cut_a_backoff_short(lanes: Lanes) -> None:
    """An account that failed waits out its delay, whether the hint comes during the step or after it."""
    lanes.update(named("a"))
    lane = taken(lanes)
    lanes.hint(lane)
    lane.failures = 1
    lanes.put_back(lane, 5.0, 0.0)
    lanes.hint(lane)
    assert lanes.take(4.9) is None
    assert taken(lanes, 5.0) is lane


def test_a_removed_account_is_not_taken(lanes: Lanes) -> None:
    """Whether it was queued or comes back from a step; one of the same name is a new account."""
    lanes.update(named("a", "b"))
    old = taken(lanes)
    lanes.update([])
    lanes.put_back(old, 0, 0.0)
    assert lanes.take(0.0) is None
    lanes.update(named("a"))
    assert taken(lanes) is not old


def test_settings_are_those_of_now(lanes: Lanes) -> None:
    """A lane keeps what it remembers and gets the account as it is."""
    lanes.update(named("a"))
    changed = replace(named("a")[0], revision=2)
    (lane,) = lanes
    lanes.update([changed])
    assert list(lanes) == [lane]
    assert lane.account is changed


def test_a_worker_is_woken_for_each_lane_and_each_timer(lanes: Lanes, woken: list[None]) -> None:
    """Not for a step after which nothing is due."""
    lanes.update(named("a", "b"))
    assert len(woken) == 2
    lanes.put_back(taken(lanes), None, 0.0)
    assert len(woken) == 2
    lanes.put_back(taken(lanes), 5.0, 0.0)
    assert len(woken) == 3
    lanes.take(5.0)
    assert len(woken) == 4
