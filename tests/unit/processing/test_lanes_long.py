"""Long deposits have a queue of their own, and a limited number of steps at once. No threads."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contactsync.processing.lanes import Lane, Lanes, State
from tests.unit.processing.script import named, upload_queue


def lanes_of(long_steps: int, *names: str) -> Lanes:
    """Lanes that are all ready."""
    lanes = Lanes(upload_queue, lambda: None, long_steps=long_steps)
    lanes.update(named(*names))
    return lanes


def taken(lanes: Lanes) -> Lane:
    """The lane whose turn it is."""
    lane = lanes.take(0.0)
    assert lane is not None
    return lane


def postpone(lanes: Lanes, lane: Lane) -> None:
    """End a step whose deposit turned out to be long."""
    lane.is_long = True
    lanes.put_back(lane, 0.0, 0.0)


def test_a_long_step_is_granted_while_there_is_room() -> None:
    """And asking twice takes no second one."""
    lanes = lanes_of(1, "a", "b")
    a, b = taken(lanes), taken(lanes)
    assert lanes.enter_long(a)
    assert lanes.enter_long(a)
    assert not lanes.enter_long(b)
    lanes.put_back(a, None, 0.0)
    assert lanes.enter_long(b)


def test_a_postponed_lane_waits_until_a_long_step_may_run() -> None:
    """Then it comes before the lanes that have short deposits, and its step counts as a long one from the start."""
    lanes = lanes_of(1, "a", "b", "c")
    a, b = taken(lanes), taken(lanes)
    assert lanes.enter_long(a)
    postpone(lanes, b)
    assert [lane.account.name for lane in lanes.ready] == ["c", "b"]
    c = taken(lanes)
    assert c.account.name == "c"
    assert lanes.take(0.0) is None
    lanes.put_back(c, 0.0, 0.0)
    lanes.put_back(a, None, 0.0)
    assert taken(lanes) is b
    assert (b.in_long_step, b.is_long) == (True, False)


def test_the_end_of_a_long_step_wakes_a_worker_for_the_next() -> None:
    """Otherwise it would wait for some other event."""
    woken: list[None] = []
    lanes = Lanes(upload_queue, lambda: woken.append(None), long_steps=1)
    lanes.update(named("a", "b"))
    a, b = taken(lanes), taken(lanes)
    lanes.enter_long(a)
    postpone(lanes, b)
    woken.clear()
    lanes.put_back(a, None, 0.0)
    assert woken == [None]


def test_giving_way_takes_no_long_deposit() -> None:
    """Even if a long step may run: the worker is in the middle of one."""
    lanes = lanes_of(2, "a", "b")
    a = taken(lanes)
    postpone(lanes, a)
    assert lanes.count_short(0.0) == 1
    b = lanes.take_short(0.0)
    assert b is not None
    assert b.account.name == "b"
    assert lanes.take_short(0.0) is None


@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["take", "long", "end", "postpone"])), max_size=80),
)
def test_never_more_long_steps_than_allowed_and_none_is_lost(
    long_steps: int, moves: list[tuple[int, str]]
) -> None:
    """Whatever happens in whatever order: the limit holds, and every lane is idle, ready or running."""
    lanes = lanes_of(long_steps, *"abcdef")
    running: list[Lane] = []
    for number, move in moves:
        if move == "take":
            if lane := lanes.take(0.0):
                running.append(lane)
        elif running:
            lane = running[number % len(running)]
            if move == "long":
                lanes.enter_long(lane)
            else:
                running.remove(lane)
                lane.is_long = move == "postpone"
                lanes.put_back(lane, 0.0, 0.0)
        assert sum(lane.in_long_step for lane in lanes) <= long_steps
        assert {lane.account.name for lane in lanes.ready} == {
            lane.account.name for lane in lanes if lane.state is State.QUEUED
        }
        assert {id(lane) for lane in running} == {id(lane) for lane in lanes if lane.state is State.RUNNING}
    for lane in running:
        lanes.put_back(lane, None, 0.0)
    drained = 0
    while lane_left := lanes.take(0.0):
        lanes.put_back(lane_left, None, 0.0)
        drained += 1
    assert drained == 6 - len(running)
