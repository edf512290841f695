"""The threads of the pool: one step of an account at a time, no account starves, the end is clean."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import structlog

from contactsync.domain.errors import DatabaseAway, Retryable
from contactsync.processing import outcomes
from tests.polling import until
from tests.unit.processing.script import ACCOUNT, PATIENCE, Script, named

if TYPE_CHECKING:
    from tests.unit.processing.conftest import Start


pytestmark = pytest.mark.usefixtures("short_backoff")


def test_a_new_account_is_looked_at_once(start: Start, script: Script) -> None:
    """It needs no hint, and is not looked at again if nothing is on its way."""
    pool = start(1, "acme")
    assert script.next() == "acme"
    script.end_step(None)
    until(lambda: not pool.unfinished())
    pool.update(named("acme", "zeta"))
    assert script.next() == "zeta"
    script.end_step(None)


def test_accounts_take_turns(start: Start, script: Script) -> None:
    """One with much to do does not starve another."""
    start(1, "a", "b", "c")
    turns = []
    for _ in range(6):
        turns.append(script.next())
        script.end_step(0.0)
    assert turns[:3] == turns[3:]
    assert sorted(turns[:3]) == ["a", "b", "c"]


def test_an_account_is_worked_on_by_one_thread_at_a_time(start: Start, script: Script) -> None:
    """However often it is hinted; hints during a step cause one more step."""
    pool = start(4, "a", "b")
    assert sorted([script.next(), script.next()]) == ["a", "b"]
    for _ in range(10):
        pool.hint("a")
    script.end_step(None)
    script.end_step(None)
    assert script.next() == "a"
    script.end_step(None)
    until(lambda: not pool.unfinished())
    assert script.is_idle()
    assert script.most == 1


def test_accounts_run_in_parallel(start: Start, script: Script) -> None:
    """As many as there are workers."""
    start(3, "a", "b", "c")
    assert sorted([script.next(), script.next(), script.next()]) == ["a", "b", "c"]


def test_a_delay_is_waited_out_and_a_hint_cuts_it_short(start: Start, script: Script) -> None:
    """After a step that returns a delay, the account comes again without a hint."""
    pool = start(1, "a")
    script.next()
    script.end_step(0.01)
    assert script.next() == "a"
    script.end_step(3600.0)
    until(lambda: pool.idle_accounts() != [])
    assert pool.unfinished() == ["a"]
    pool.hint("a")
    assert script.next() == "a"
    script.end_step(None)
    until(lambda: pool.unfinished() == [])


def test_lost_events_make_every_account_be_looked_at(start: Start, script: Script) -> None:
    """Each idle account gets a step."""
    pool = start(2, "a", "b")
    script.end_step(None)
    script.end_step(None)
    assert sorted([script.next(), script.next()]) == ["a", "b"]
    until(lambda: not pool.unfinished())
    pool.hint_all()
    assert sorted([script.next(), script.next()]) == ["a", "b"]


@pytest.mark.parametrize(
    ("error", "events"),
    [
        (Retryable("disk full"), ["deposit.waits"]),
        (OSError(28, "No space left on device"), ["deposit.waits"]),
        (ValueError("a value of the file"), ["bug"]),
        (DatabaseAway("57P01 (AdminShutdown)"), ["database.away", "database.back"]),
    ],
)
def test_a_failing_step_is_logged_and_tried_again(
    start: Start, script: Script, error: Exception, events: list[str]
) -> None:
    """Nothing stops a worker: the account comes again after its backoff."""
    with structlog.testing.capture_logs() as logs:
        pool = start(1, "a")
        script.next()
        script.fail(error)
        assert script.next() == "a"
        script.end_step(None)
        until(lambda: pool.unfinished() == [])
    assert [entry["event"] for entry in logs] == events


def test_a_hint_during_a_failing_step_does_not_skip_the_backoff(
    start: Start, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account that failed waits, whatever arrives meanwhile."""
    monkeypatch.setattr(outcomes, "FIRST_BACKOFF_SECONDS", 3600.0)
    monkeypatch.setattr(outcomes, "MAX_BACKOFF_SECONDS", 3600.0)
    pool = start(1, "a")
    script.next()
    pool.hint("a")
    script.fail(Retryable("x"))
    until(lambda: bool(pool.idle_accounts()) or not script.is_idle())
    pool.hint("a")
    assert script.is_idle()
    assert pool.unfinished() == ["a"]


def test_stopping_waits_for_the_step_in_progress_and_begins_none(start: Start, script: Script) -> None:
    """That step ends, its worker is closed (and the one to give way with), and the next account is not begun."""
    pool = start(1, "a", "b")
    script.next()
    assert not pool.stop(0.0)
    assert pool.stopping
    script.end_step(0.0)
    assert pool.stop(PATIENCE)
    assert script.is_idle()
    assert len(script.closed) == 2


def test_a_changed_account_is_seen_at_the_next_step(start: Start, script: Script) -> None:
    """Settings travel with the lane."""
    pool = start(1, "a")
    script.next()
    script.end_step(None)
    until(lambda: not pool.unfinished())
    changed = [replace(named("a")[0], revision=2)]
    pool.update(changed)
    assert pool.idle_accounts() == changed


def test_an_account_that_is_removed_gets_no_further_step(start: Start, script: Script) -> None:
    """However much its last step left to do; another account of the same name is a new one."""
    pool = start(1)
    pool.update(named("gone", "stays"))
    assert [script.next()] == ["gone"]
    pool.update([replace(ACCOUNT, account_id=2, name="stays")])
    script.end_step(0.0)
    assert script.next() == "stays"
    script.end_step(0.0)
    assert script.next() == "stays"
    pool.update(named("gone", "stays"))
    script.end_step(None)
    assert script.next() == "gone"
    script.end_step(None)


def test_a_worker_that_hangs_is_replaced(start: Start, script: Script) -> None:
    """The only worker is in a step of an account whose home hangs: another one takes the other account.

    When the home answers, its account is looked at again, and the worker that hung has ended.
    """
    pool = start(1, "slow", "fast")
    assert script.next() == "slow"
    pool.note_hung(["slow"])
    assert script.next() == "fast"
    pool.hint("slow")
    (trouble,) = pool.status().troubles
    assert (trouble.account, pool.status().workers_ended) == ("slow", 0)
    script.end_step(None)
    script.end_step(None)
    until(lambda: pool.unfinished() == ["slow"])
    assert script.is_idle()
    pool.note_hung([])
    assert script.next() == "slow"
    script.end_step(None)
    until(lambda: pool.unfinished() == [])
    assert pool.status().troubles == ()
    assert len([each for each in threading.enumerate() if each.name == "worker-1"]) == 1


def test_an_account_whose_home_hangs_gets_no_step(start: Start, script: Script) -> None:
    """Whatever hints there are."""
    pool = start(1, "a", "b")
    assert script.next() == "a"
    script.end_step(None)
    assert script.next() == "b"
    pool.note_hung(["a"])
    pool.hint("a")
    script.end_step(None)
    until(lambda: pool.unfinished() == ["a"])
    assert script.is_idle()


def test_the_end_does_not_wait_for_a_worker_that_hangs(start: Start, script: Script) -> None:
    """It was replaced, and nobody knows when its home answers."""
    pool = start(1, "slow")
    assert script.next() == "slow"
    pool.note_hung(["slow"])
    began = time.monotonic()
    assert not pool.stop(PATIENCE)
    assert time.monotonic() - began < PATIENCE
    script.end_step(None)
    until(lambda: pool.stop(PATIENCE))
