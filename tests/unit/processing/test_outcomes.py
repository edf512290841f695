"""What follows from a step that raises: its delay, its line in the log, and the account's trouble."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest
import structlog

from contactsync.domain.errors import DatabaseAway, Retryable
from contactsync.processing.lanes import Lane
from contactsync.processing.outcomes import MAX_BACKOFF_SECONDS, MAX_BUG_BACKOFF_SECONDS, Outcomes
from contactsync.telemetry.outage import MAIN_THREAD
from tests.unit.processing.script import named, upload_queue


@pytest.fixture
def outcomes() -> Outcomes:
    """Outcomes that wait out every backoff in full."""
    return Outcomes(jitter=lambda: 1.0)


def lane(name: str = "a") -> Lane:
    """An account's lane."""
    return Lane(named(name)[0], upload_queue())


def raising(error: Exception) -> Callable[[Lane], float | None]:
    """A step that fails."""

    def work(_lane: Lane) -> float | None:
        raise error

    return work


@pytest.mark.parametrize("delay", [None, 0.0, 3.5])
def test_a_step_that_succeeds_keeps_its_delay(outcomes: Outcomes, delay: float | None) -> None:
    """And ends the account's trouble."""
    account = lane()
    outcomes.of(raising(Retryable("x")), account)
    assert outcomes.of(lambda _lane: delay, account) == delay
    assert (account.failures, account.trouble) == (0, None)


@pytest.mark.parametrize(
    ("error", "longest"),
    [
        (Retryable("disk full"), MAX_BACKOFF_SECONDS),
        (OSError(errno.ENOSPC, "No space left on device"), MAX_BACKOFF_SECONDS),
        (DatabaseAway("57P01"), MAX_BACKOFF_SECONDS),
        (ValueError("a value of the file"), MAX_BUG_BACKOFF_SECONDS),
    ],
)
def test_the_delay_doubles_up_to_its_limit(outcomes: Outcomes, error: Exception, longest: float) -> None:
    """0.5 s, 1 s, 2 s …: work continues soon after the cause has gone, and a bug does not load the machine."""
    account = lane()
    delays = [outcomes.of(raising(error), account) for _ in range(12)]
    assert delays[:4] == [0.5, 1.0, 2.0, 4.0]
    assert delays[-1] == longest


def test_the_delay_is_shortened_at_random() -> None:
    """By up to half, so that accounts that failed together do not all come back at the same moment."""
    delays = {Outcomes().of(raising(Retryable("x")), lane()) for _ in range(50)}
    assert all(delay is not None and 0.25 <= delay <= 0.5 for delay in delays)
    assert len(delays) > 1


def test_a_failure_makes_the_ledger_be_compared_again(outcomes: Outcomes) -> None:
    """The file may be gone by the next step."""
    account = lane()
    account.ledger_checked = True
    outcomes.of(raising(Retryable("x")), account)
    assert not account.ledger_checked


def test_failures_are_logged_when_their_number_doubles(outcomes: Outcomes) -> None:
    """Not one line per failure."""
    account = lane()
    with structlog.testing.capture_logs() as logs:
        for _ in range(9):
            outcomes.of(raising(Retryable("x")), account)
    assert [entry["failures"] for entry in logs] == [1, 2, 4, 8]


def test_a_database_that_is_unreachable_is_logged_once(outcomes: Outcomes) -> None:
    """However many accounts find out; its return is logged once too."""
    with structlog.testing.capture_logs() as logs:
        accounts = [lane("a"), lane("b")]
        for account in accounts * 2:
            outcomes.of(raising(DatabaseAway("gone")), account)
        for account in accounts:
            outcomes.of(lambda _lane: None, account)
    assert [entry["event"] for entry in logs] == ["database.away", "database.back"]


def test_separate_file_systems_are_named(outcomes: Outcomes) -> None:
    """The kernel's own words would leave operators guessing."""
    with structlog.testing.capture_logs() as logs:
        outcomes.of(raising(OSError(errno.EXDEV, "Invalid cross-device link")), lane())
    assert "several file systems" in logs[0]["reason"]


def test_an_account_that_the_database_fails_is_in_trouble(outcomes: Outcomes) -> None:
    """Another one's answer shows that the database is back; this account's trouble stays known, and is counted."""
    account = lane()
    outcomes.of(raising(DatabaseAway("42P01 (UndefinedTable)")), account)
    outcomes.outage.answered(MAIN_THREAD)
    assert account.trouble is not None
    assert (account.trouble.account, account.trouble.reason) == ("a", "the database: 42P01 (UndefinedTable)")
    assert outcomes.metrics.registry.get_sample_value("contactsync_troubles_total", {"kind": "database"}) == 1


def test_a_bug_is_marked_as_one_and_its_text_is_kept_out(outcomes: Outcomes) -> None:
    """The text of an exception may hold a value of the file."""
    account = lane()
    outcomes.of(raising(ValueError("planted@example.com")), account)
    assert account.trouble is not None
    assert account.trouble.is_bug
    assert account.trouble.reason == "a bug (ValueError): its traceback is in the log"


def test_a_trouble_counts_the_failures_since_the_first(outcomes: Outcomes) -> None:
    """Its time is that of the first failure, its reason that of the last."""
    account = lane()
    outcomes.of(raising(Retryable("first")), account)
    assert account.trouble is not None
    since = account.trouble.since
    outcomes.of(raising(Retryable("second")), account)
    assert (account.trouble.reason, account.trouble.failures, account.trouble.since) == ("second", 2, since)
