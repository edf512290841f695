"""Threads and lanes: one step of an account at a time, nobody starves, failures wait, the end is orderly."""

from __future__ import annotations

import errno
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import structlog

from contactsync.domain.account import Account
from contactsync.domain.errors import DatabaseAway, Retryable
from contactsync.intake.upload_queue import UploadQueue
from contactsync.processing import pool as workers
from contactsync.processing.pool import Lane, WorkerPool

ACCOUNT = Account(
    1, "acme", None, None, None, ";", "none", (None,) * 15, "FR", "Europe/Paris", "auto", "keep", "possible", "refuse",
    "fr", 1,
)  # fmt: skip
PATIENCE = 10.0


def named(*names: str) -> list[Account]:
    """Accounts of these names."""
    return [replace(ACCOUNT, account_id=number, name=name) for number, name in enumerate(names, 1)]


@dataclass
class Script:
    """What each worker does at a step: it tells which account it has, and waits to be told what comes of it."""

    asked: queue.Queue[str] = field(default_factory=queue.Queue)
    answers: queue.Queue[Callable[[], float | None]] = field(default_factory=queue.Queue)
    closed: list[int] = field(default_factory=list)
    inside: dict[str, int] = field(default_factory=dict)
    most: int = 0

    def work(self, lane: Lane) -> float | None:
        """One step."""
        name = lane.account.name
        self.inside[name] = self.inside.get(name, 0) + 1
        self.most = max(self.most, self.inside[name])
        self.asked.put(name)
        try:
            return self.answers.get(timeout=PATIENCE)()
        finally:
            self.inside[name] -= 1

    def close(self) -> None:
        """A worker has ended."""
        self.closed.append(threading.get_ident())

    def next(self) -> str:
        """Whose turn it is."""
        return self.asked.get(timeout=PATIENCE)

    def nobody(self) -> bool:
        """Whether nobody is at work now, nor was asked."""
        return self.asked.empty()

    def say(self, value: float | None) -> None:
        """End a step with a delay."""
        self.answers.put(lambda: value)

    def fail(self, error: Exception) -> None:
        """End a step with an error."""

        def raising() -> float | None:
            raise error

        self.answers.put(raising)


@pytest.fixture
def script() -> Script:
    """What the workers do."""
    return Script()


@pytest.fixture
def team(script: Script) -> Iterator[Callable[..., WorkerPool]]:
    """Starts workers; they are stopped in the end."""
    started: list[WorkerPool] = []

    def go(count: int, *names: str) -> WorkerPool:
        found = WorkerPool(
            count, lambda: script, lambda: UploadQueue(settle_seconds=0, grace_seconds=0, rescan_seconds=1)
        )
        found.update(named(*names))
        found.start()
        started.append(found)
        return found

    yield go
    for each in started:
        with suppress(queue.Empty):
            while True:
                script.asked.get_nowait()
        for _ in range(20):
            script.say(None)
        assert each.stop(PATIENCE)


Team = Callable[..., WorkerPool]


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that a thread is about to do, and that nothing else tells."""
    event = threading.Event()
    for _ in range(2000):
        if condition():
            return
        event.wait(0.005)
    raise AssertionError("it did not happen")


def test_a_new_account_is_looked_at_once(team: Team, script: Script) -> None:
    """Without any hint, and not again where nothing is on its way."""
    found = team(1, "acme")
    assert script.next() == "acme"
    script.say(None)
    until(lambda: not found.unfinished())
    found.update(named("acme", "zeta"))
    assert script.next() == "zeta"
    script.say(None)


def test_accounts_take_turns(team: Team, script: Script) -> None:
    """One with much to do does not starve another."""
    team(1, "a", "b", "c")
    turns = []
    for _ in range(6):
        turns.append(script.next())
        script.say(0.0)
    assert turns[:3] == turns[3:]
    assert sorted(turns[:3]) == ["a", "b", "c"]


def test_an_account_is_worked_on_by_one_thread_at_a_time(team: Team, script: Script) -> None:
    """However often it is hinted; a hint during a step makes one more step."""
    found = team(4, "a", "b")
    assert sorted([script.next(), script.next()]) == ["a", "b"]
    for _ in range(10):
        found.hint("a")
    script.say(None)
    script.say(None)
    assert script.next() == "a"
    script.say(None)
    until(lambda: not found.unfinished())
    assert script.nobody()
    assert script.most == 1


def test_accounts_run_side_by_side(team: Team, script: Script) -> None:
    """As many as there are workers."""
    team(3, "a", "b", "c")
    assert sorted([script.next(), script.next(), script.next()]) == ["a", "b", "c"]


def test_a_delay_is_waited_out_and_a_hint_cuts_it_short(team: Team, script: Script) -> None:
    """After a step that says when, the account comes again by itself."""
    found = team(1, "a")
    script.next()
    script.say(0.01)
    assert script.next() == "a"
    script.say(3600.0)
    until(lambda: found.idle_accounts() != [])
    assert found.unfinished() == ["a"]
    found.hint("a")
    assert script.next() == "a"
    script.say(None)
    until(lambda: found.unfinished() == [])


@pytest.mark.parametrize(
    ("error", "events"),
    [
        (Retryable("disk full"), ["deposit.waits"]),
        (OSError(28, "No space left on device"), ["deposit.waits"]),
        (ValueError("a value of the file"), ["bug"]),
        (DatabaseAway("57P01 (AdminShutdown)"), ["database.away", "database.back"]),
    ],
)
def test_a_failing_step_is_told_and_tried_again(
    team: Team, script: Script, error: Exception, events: list[str]
) -> None:
    """Nothing stops a worker; the account comes again after its backoff, and another is served meanwhile."""
    with structlog.testing.capture_logs() as logs:
        found = team(1, "a")
        script.next()
        script.fail(error)
        assert script.next() == "a"
        script.say(None)
        until(lambda: found.unfinished() == [])
    assert [entry["event"] for entry in logs] == events


def test_failures_are_told_when_their_number_doubles(
    team: Team, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a line for each."""
    monkeypatch.setattr(workers, "MAX_BACKOFF_SECONDS", 0.001)
    with structlog.testing.capture_logs() as logs:
        team(1, "a")
        for _ in range(9):
            script.next()
            script.fail(Retryable("x"))
        script.next()
        script.say(None)
    assert [entry["failures"] for entry in logs] == [1, 2, 4, 8]


def test_a_hint_during_a_failing_step_does_not_skip_the_backoff(
    team: Team, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What failed waits, whatever comes in meanwhile."""
    monkeypatch.setattr(workers.random, "uniform", lambda _low, _high: 1000.0)
    found = team(1, "a")
    script.next()
    found.hint("a")
    script.fail(Retryable("x"))
    until(lambda: bool(found.idle_accounts()) or not script.nobody())
    found.hint("a")
    assert script.nobody()
    assert found.unfinished() == ["a"]


def test_that_the_database_is_away_is_told_once(team: Team, script: Script) -> None:
    """However many accounts find out, and its return is told once too."""
    with structlog.testing.capture_logs() as logs:
        found = team(1, "a", "b")
        for _ in range(4):
            script.next()
            script.fail(DatabaseAway("gone"))
        script.next()
        found.tell_database_back("a")
        found.tell_database_back("b")
    assert [entry["event"] for entry in logs] == ["database.away", "database.back"]


def test_the_database_is_not_back_while_one_account_waits(team: Team, script: Script) -> None:
    """A full or read-only database answers questions: no pair of lines for each of them, but each reason once."""
    with structlog.testing.capture_logs() as logs:
        found = team(1, "a", "b")
        for reason in ("53100", "53100", "25006"):
            script.next()
            script.fail(DatabaseAway(reason))
            found.tell_database_back("")
        script.next()
        found.tell_database_back("b")
        assert [entry["event"] for entry in logs] == ["database.away"] * 2
        found.update(named("b"))
    assert [entry["event"] for entry in logs] == ["database.away", "database.away", "database.back"]


def test_separate_file_systems_are_named(team: Team, script: Script) -> None:
    """The kernel's word for it would leave ops guessing."""
    with structlog.testing.capture_logs() as logs:
        team(1, "a")
        script.next()
        script.fail(OSError(errno.EXDEV, "Invalid cross-device link"))
        script.next()
        script.say(None)
    assert "several file systems" in logs[0]["reason"]


def test_stopping_waits_for_what_runs_and_begins_nothing(team: Team, script: Script) -> None:
    """The step in work ends, its worker is closed, and the next account is not begun."""
    found = team(1, "a", "b")
    script.next()
    assert not found.stop(0.0)
    assert found.stopping
    script.say(0.0)
    assert found.stop(PATIENCE)
    assert script.nobody()
    assert len(script.closed) == 1


def test_a_changed_account_is_seen_at_the_next_step(script: Script, team: Team) -> None:
    """Settings travel with the lane."""
    found = team(1, "a")
    script.next()
    script.say(None)
    until(lambda: not found.unfinished())
    seen: list[Any] = []
    changed = [replace(named("a")[0], revision=2)]
    found.update(changed)
    seen += found.idle_accounts()
    assert seen == changed


def test_an_account_that_is_no_more_is_not_worked_on(script: Script, team: Team) -> None:
    """However much its last step says there is to do; another one of its name is a new account."""
    crew = team(count=1)
    crew.update(named("gone", "stays"))
    assert [script.next()] == ["gone"]
    crew.update([replace(ACCOUNT, account_id=2, name="stays")])
    script.say(0.0)
    assert script.next() == "stays"
    script.say(0.0)
    assert script.next() == "stays"
    crew.update(named("gone", "stays"))
    script.say(None)
    assert script.next() == "gone"
    script.say(None)


def test_the_condition_says_what_is_waited_for(team: Team, script: Script) -> None:
    """A trouble is told with its account, reason and count until a step succeeds; without one all is well."""
    pool = team(1, "acme")
    script.next()
    assert pool.condition().running == ("acme",)
    script.fail(Retryable("ok/ already holds 1_a.csv: move it away"))
    script.next()  # it is tried again, so the first failure has been taken note of
    (trouble,) = pool.condition().troubles
    assert (trouble.account, trouble.reason, trouble.failures) == (
        "acme",
        "ok/ already holds 1_a.csv: move it away",
        1,
    )
    assert pool.condition().summary.startswith("acme waits: ok/ already holds 1_a.csv: move it away")
    script.say(0)
    script.next()
    assert pool.condition().is_well
    script.say(None)


def test_the_condition_tells_since_when_the_database_is_away(team: Team) -> None:
    """The time is that of the first failure, and goes when the database is back."""
    pool = team(1)
    pool.tell_database_away("a", "57P01 (AdminShutdown)")
    since = pool.condition().database_away_since
    pool.tell_database_away("a", "connection lost (OperationalError)")
    condition = pool.condition()
    assert condition.database_away_since == since
    assert condition.summary.startswith("waiting for the database (connection lost")
    pool.tell_database_back("a")
    assert pool.condition().is_well


def test_a_database_that_flickers_is_not_a_line_each_time(script: Script, team: Team) -> None:
    """A hundred short outages are seven pairs of lines."""
    with structlog.testing.capture_logs() as logs:
        found = team(1)
        for _ in range(100):
            found.tell_database_away("a", "40P01")
            found.tell_database_back("a")
    assert [entry["event"] for entry in logs] == ["database.away", "database.back"] * 7


def test_an_outage_that_lasts_is_told_even_amid_flickering(
    script: Script, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third time in a row is not told at once, but when it has lasted."""
    found = team(1)
    for _ in range(2):
        found.tell_database_away("a", "gone")
        found.tell_database_back("a")
    with structlog.testing.capture_logs() as logs:
        found.tell_database_away("a", "gone")
        assert logs == []
        monkeypatch.setattr(workers, "LASTING_SECONDS", 0.0)
        found.tell_database_away("a", "still gone")
        found.tell_database_away("a", "still gone")
        found.tell_database_back("a")
    assert [entry["event"] for entry in logs] == ["database.away", "database.back"]


def test_an_account_that_the_database_fails_is_in_trouble(team: Team, script: Script) -> None:
    """Another account's success says that the database is back; this one's trouble stays known, and is counted."""
    found = team(1, "a")
    script.next()
    script.fail(DatabaseAway("42P01 (UndefinedTable)"))
    script.next()
    found.tell_database_back("a")
    (trouble,) = found.condition().troubles
    assert (trouble.account, trouble.reason) == ("a", "the database: 42P01 (UndefinedTable)")
    assert found.metrics.registry.get_sample_value("contactsync_troubles_total", {"kind": "database"}) == 1


def test_how_long_a_step_has_been_going_on(team: Team, script: Script) -> None:
    """A worker that hangs can be seen, and nothing where nobody works."""
    found = team(1, "a")
    script.next()
    first = found.condition().longest_step_seconds
    assert 0 < first < found.condition().longest_step_seconds
    script.say(None)
    while found.condition().running:
        pass
    assert found.condition().longest_step_seconds == 0
    assert found.condition().workers_ended == 0


def test_workers_are_hung_when_none_of_them_comes_back(team: Team, script: Script) -> None:
    """Each must have been on its step for longer than that; one that is free, or was quicker, is enough."""
    found = team(2, "a", "b")
    assert sorted([script.next(), script.next()]) == ["a", "b"]
    until(lambda: found.are_hung(0.01))
    assert not found.are_hung(60)
    script.say(None)
    until(lambda: not found.are_hung(0.01))


def test_workers_that_have_died_are_hung(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that could not even begin takes no step either."""
    monkeypatch.setattr(threading, "excepthook", lambda _: None)  # it is told there

    def fail() -> Script:
        raise MemoryError

    found = WorkerPool(2, fail, lambda: UploadQueue(settle_seconds=0, grace_seconds=0, rescan_seconds=1))
    assert not found.are_hung(60)
    found.start()
    until(lambda: found.are_hung(60))
