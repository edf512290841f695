"""The threads of the pool are fair: long deposits leave a worker free, and a single worker gives way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.polling import until
from tests.unit.processing.script import Script

if TYPE_CHECKING:
    from tests.unit.processing.conftest import Start

pytestmark = pytest.mark.usefixtures("short_backoff")


@pytest.mark.parametrize("workers", [2, 3, 4])
def test_one_worker_may_take_no_long_deposit(start: Start, script: Script, workers: int) -> None:
    """All others may."""
    names = [f"a{n}" for n in range(workers)]
    start(workers, *names)
    running = [script.next() for _ in names]
    granted = [script.shares[name].enter_long() for name in running]
    assert granted == [True] * (workers - 1) + [False]


def test_a_single_worker_gives_way_to_each_account_that_is_ready(start: Start, script: Script) -> None:
    """Each takes one step, in its turn; then the long deposit continues."""
    pool = start(1, "long", "b", "c")
    assert script.next() == "long"
    share = script.shares["long"]
    assert share.enter_long()
    script.answers.put(share.give_way)
    script.end_step(0.0)
    script.end_step(None)
    # `b` has more to do: its next step follows that of the long deposit.
    assert [script.next() for _ in range(3)] == ["b", "c", "b"]
    assert script.most == 1
    script.end_step(None)
    until(lambda: not pool.unfinished())


def test_an_account_that_others_gave_way_to_may_take_no_long_deposit(start: Start, script: Script) -> None:
    """It would stop the long deposit that is in progress, so steps are nested once at most."""
    start(1, "long", "b")
    assert script.next() == "long"
    share = script.shares["long"]
    assert share.enter_long()
    found: list[bool] = []
    script.answers.put(share.give_way)
    script.answers.put(lambda: found.append(script.shares["b"].enter_long()))
    until(lambda: found != [])
    assert found == [False]
    assert script.next() == "b"


def test_several_workers_do_not_give_way(start: Start, script: Script) -> None:
    """One of them is free for short deposits."""
    pool = start(2, "a", "b", "c")
    running = [script.next(), script.next()]
    assert script.shares[running[0]].enter_long()
    script.shares[running[0]].give_way()
    assert script.is_idle()
    assert len(pool.status().queued) == 1
