"""What the pool shows of itself: its status, and whether its workers are hung."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from contactsync.domain.errors import DatabaseAway, Retryable
from contactsync.processing.pool import WorkerPool
from contactsync.runtime.clock import Clock
from contactsync.telemetry.health import STEP_SECONDS
from contactsync.telemetry.outage import MAIN_THREAD
from tests.polling import until
from tests.unit.processing.script import Script, named, upload_queue

if TYPE_CHECKING:
    from tests.unit.processing.conftest import Start

pytestmark = pytest.mark.usefixtures("short_backoff")


def test_the_status_shows_a_trouble_until_a_step_succeeds(start: Start, script: Script) -> None:
    """With its account, reason and count; without any trouble all is well."""
    pool = start(1, "acme")
    script.next()
    assert pool.status().running == ("acme",)
    script.fail(Retryable("ok/ already holds 1_a.csv: move it away"))
    # It is tried again, so the first failure has been noted.
    script.next()
    (trouble,) = pool.status().troubles
    assert (trouble.account, trouble.reason, trouble.failures) == (
        "acme",
        "ok/ already holds 1_a.csv: move it away",
        1,
    )
    assert pool.status().summary.startswith("acme waits: ok/ already holds 1_a.csv: move it away")
    script.end_step(0)
    script.next()
    assert pool.status().is_well
    script.end_step(None)


def test_an_account_whose_home_never_answered_is_in_trouble(start: Start, script: Script) -> None:
    """It is not served yet, so it has no lane; its trouble begins when it is first noticed."""
    pool = start(1, "fast")
    assert script.next() == "fast"
    script.end_step(None)
    pool.note_hung(["slow"])
    (trouble,) = pool.status().troubles
    assert (trouble.account, trouble.reason) == ("slow", "its home does not answer")
    pool.note_hung(["slow"])
    assert pool.status().troubles == (trouble,)
    pool.note_hung([])
    assert pool.status().troubles == ()


def test_the_status_shows_since_when_the_database_is_unreachable(start: Start) -> None:
    """The time is that of the first failure, and goes when the database is back."""
    pool = start(1)
    pool.outage.failed(MAIN_THREAD, "57P01 (AdminShutdown)")
    since = pool.status().database_away_since
    pool.outage.failed(MAIN_THREAD, "connection lost (OperationalError)")
    status = pool.status()
    assert status.database_away_since == since
    assert status.summary.startswith("waiting for the database (connection lost")
    pool.outage.answered(MAIN_THREAD)
    assert pool.status().is_well


def test_a_removed_account_no_longer_waits_for_the_database(start: Start, script: Script) -> None:
    """The outage ends once no account that is served waits."""
    pool = start(1, "a", "b")
    script.next()
    script.fail(DatabaseAway("53100"))
    script.next()
    assert pool.outage.reason == "53100"
    pool.update(named("b"))
    assert pool.outage.reason is None


def test_the_age_of_the_longest_step(start: Start, script: Script) -> None:
    """A hung worker can be seen; it is 0 while no step is in progress."""
    now = [100.0]
    pool = start(1, "a", clock=Clock(monotonic=lambda: now[0]))
    script.next()
    now[0] += 7.0
    assert pool.status().longest_step_seconds == 7.0
    script.end_step(None)
    until(lambda: not pool.status().running)
    assert pool.status().longest_step_seconds == 0
    assert pool.status().workers_ended == 0


def test_workers_are_hung_if_every_one_of_them_is(start: Start, script: Script) -> None:
    """Each must have been in its step for over STEP_SECONDS; one free worker is enough to continue."""
    now = [100.0]
    pool = start(2, "a", "b", clock=Clock(monotonic=lambda: now[0]))
    assert sorted([script.next(), script.next()]) == ["a", "b"]
    now[0] += STEP_SECONDS
    assert not pool.are_hung()
    now[0] += 0.1
    assert pool.are_hung()
    script.end_step(None)
    until(lambda: not pool.are_hung())


def test_a_removed_account_that_hangs_still_counts(start: Start, script: Script) -> None:
    """Its worker does not come back only because the account is no longer served."""
    now = [100.0]
    pool = start(1, "a", clock=Clock(monotonic=lambda: now[0]))
    script.next()
    pool.update([])
    now[0] += STEP_SECONDS + 1
    assert pool.are_hung()
    assert pool.status().longest_step_seconds == STEP_SECONDS + 1


def test_workers_that_have_died_are_hung(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that could not even begin takes no step either."""
    # The crash is logged there.
    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    def fail() -> Script:
        raise MemoryError

    pool = WorkerPool(2, fail, upload_queue)
    assert not pool.are_hung()
    pool.start()
    until(pool.are_hung)
