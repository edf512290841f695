"""An outage of the database: what waits, since when, and how often it is logged."""

from __future__ import annotations

import pytest
import structlog

from contactsync.runtime.clock import Clock
from contactsync.telemetry.outage import LASTING_SECONDS, MAIN_THREAD, DatabaseOutage


@pytest.fixture
def now() -> list[float]:
    """The time of both clocks, in seconds."""
    return [1_000_000.0]


@pytest.fixture
def outage(now: list[float]) -> DatabaseOutage:
    """A database that is reachable so far."""
    return DatabaseOutage(Clock(wall=lambda: now[0], monotonic=lambda: now[0]))


def test_the_time_is_that_of_the_first_failure(outage: DatabaseOutage, now: list[float]) -> None:
    """The reason is the latest; both go when the database is back."""
    outage.failed("a", "57P01 (AdminShutdown)")
    _, since = outage.now
    now[0] += 10
    outage.failed("a", "connection lost (OperationalError)")
    assert outage.now == ("connection lost (OperationalError)", since)
    outage.answered("a")
    assert outage.now == (None, None)
    assert outage.reason is None


def test_the_database_is_not_back_while_one_account_waits(outage: DatabaseOutage) -> None:
    """A full or read-only database answers questions: each reason is logged once, and no line per answer."""
    with structlog.testing.capture_logs() as logs:
        for account, reason in (("a", "53100"), ("b", "53100"), ("a", "25006")):
            outage.failed(account, reason)
            outage.answered(MAIN_THREAD)
        outage.answered("b")
        assert [entry["event"] for entry in logs] == ["database.away"] * 2
        outage.keep_only(["b"])
    assert [entry["event"] for entry in logs] == ["database.away", "database.away", "database.back"]


def test_the_main_thread_waits_like_an_account(outage: DatabaseOutage) -> None:
    """It is kept when accounts are removed."""
    outage.failed(MAIN_THREAD, "57P03")
    outage.keep_only([])
    assert outage.reason == "57P03"
    outage.answered(MAIN_THREAD)
    assert outage.reason is None


def test_a_database_that_flickers_is_not_logged_each_time(outage: DatabaseOutage) -> None:
    """A hundred short outages are seven pairs of lines."""
    with structlog.testing.capture_logs() as logs:
        for _ in range(100):
            outage.failed("a", "40P01")
            outage.answered("a")
    assert [entry["event"] for entry in logs] == ["database.away", "database.back"] * 7


def test_an_outage_that_lasts_is_logged_even_amid_flickering(
    outage: DatabaseOutage, now: list[float]
) -> None:
    """The third one in a row is not logged at once, but when it has lasted."""
    for _ in range(2):
        outage.failed("a", "gone")
        outage.answered("a")
    with structlog.testing.capture_logs() as logs:
        outage.failed("a", "gone")
        now[0] += LASTING_SECONDS
        outage.failed("a", "gone")
        assert logs == []
        now[0] += 0.1
        outage.failed("a", "still gone")
        outage.failed("a", "still gone")
        outage.answered("a")
    assert [entry["event"] for entry in logs] == ["database.away", "database.back"]
