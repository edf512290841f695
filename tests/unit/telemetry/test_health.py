"""What `/healthz` makes of a daemon's condition."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from contactsync.telemetry.health import STEP_SECONDS, as_mapping, judge
from contactsync.telemetry.status import DaemonStatus, Trouble

NOW = datetime(2026, 11, 23, tzinfo=UTC)
WELL = DaemonStatus(NOW, None, None, 3, (), (), 0, ())
TROUBLE = Trouble("acme", "No space left on device", NOW, 4)


def verdict(silent: float = 1.0, **changes: Any) -> tuple[str, tuple[str, ...]]:
    """The status and the problems of a daemon that is well but for these."""
    health = judge(replace(WELL, **changes), loop_silent=silent, loop_limit=30.0)
    return health.status, (*health.failing, *health.degraded)


def test_a_daemon_that_is_well() -> None:
    """No problem, one word."""
    assert verdict() == ("ok", ())


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"silent": 30.1}, "the main loop has completed no pass for 30 s"),
        ({"workers_ended": 2}, "2 worker threads have ended"),
        ({"longest_step_seconds": STEP_SECONDS + 1}, "a deposit has been in progress for 3601 s"),
    ],
)
def test_what_a_restart_would_help(changes: dict[str, Any], problem: str) -> None:
    """No progress of the main loop or the workers is failing."""
    assert verdict(**changes) == ("failing", (problem,))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"database_away": "57P03 (CannotConnectNow)"},
            "the database is unreachable: 57P03 (CannotConnectNow)",
        ),
        ({"troubles": (TROUBLE,)}, "1 accounts wait, acme longest: No space left on device"),
    ],
)
def test_what_a_restart_would_not_help(changes: dict[str, Any], problem: str) -> None:
    """The world's faults are degraded: the daemon does what it can."""
    assert verdict(**changes) == ("degraded", (problem,))


def test_the_worse_wins() -> None:
    """All problems are told, failing ones first."""
    status, problems = verdict(workers_ended=1, database_away="08006")
    assert (status, len(problems)) == ("failing", 2)
    assert "worker" in problems[0]


def test_the_boundaries_are_well() -> None:
    """Exactly the limit is not beyond it."""
    assert verdict(silent=30.0, longest_step_seconds=STEP_SECONDS) == ("ok", ())


def test_all_of_it_is_json() -> None:
    """What is in work and waited for is told along with the verdict."""
    now = replace(WELL, running=("acme",), troubles=(TROUBLE,))
    told = as_mapping(judge(now, loop_silent=0.5, loop_limit=30), now, 0.5)
    assert told["status"] == "degraded"
    assert told["main_loop_seconds"] == 0.5
    assert told["running"] == ("acme",)
    assert told["troubles"][0]["account"] == "acme"
