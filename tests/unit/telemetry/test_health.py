"""The verdict of `/healthz` on a daemon's status."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from contactsync.telemetry.health import STEP_SECONDS, as_mapping, judge
from contactsync.telemetry.status import DaemonStatus, Trouble, Waiting

NOW = datetime(2026, 11, 23, tzinfo=UTC)
WELL = DaemonStatus(NOW, None, None, 3, (), (), 0, ())
TROUBLE = Trouble("acme", "No space left on device", NOW, 4)


def verdict(silent: float = 1.0, **changes: Any) -> tuple[str, tuple[str, ...]]:
    """The verdict and the problems of a daemon that is well except for these changes."""
    health = judge(replace(WELL, **changes), loop_silent=silent, loop_limit=30.0)
    return health.status, (*health.failing, *health.degraded)


def test_a_daemon_that_is_well() -> None:
    """It has no problem."""
    assert verdict() == ("ok", ())


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"silent": 30.1}, "the main loop has completed no pass for 30 s"),
        ({"workers_ended": 2}, "2 worker threads have ended"),
        ({"longest_step_seconds": STEP_SECONDS + 1}, "a deposit has been in progress for 3601 s"),
    ],
)
def test_a_restart_would_help(changes: dict[str, Any], problem: str) -> None:
    """If the main loop or a worker makes no progress, the daemon is failing."""
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
def test_a_restart_would_not_help(changes: dict[str, Any], problem: str) -> None:
    """If the database or an account's folders fail, the daemon is degraded: it does what it can."""
    assert verdict(**changes) == ("degraded", (problem,))


def test_the_worst_problem_decides() -> None:
    """All problems are listed, the failing ones first."""
    status, problems = verdict(workers_ended=1, database_away="08006")
    assert (status, len(problems)) == ("failing", 2)
    assert "worker" in problems[0]


def test_a_value_at_its_limit_is_well() -> None:
    """Only a value beyond the limit is a problem."""
    assert verdict(silent=30.0, longest_step_seconds=STEP_SECONDS) == ("ok", ())


def test_the_answer_holds_the_status_too() -> None:
    """What is in progress and what waits is listed beside the verdict."""
    now = replace(WELL, running=("acme",), troubles=(TROUBLE,))
    answer = as_mapping(judge(now, loop_silent=0.5, loop_limit=30), now, 0.5)
    assert answer["status"] == "degraded"
    assert answer["main_loop_seconds"] == 0.5
    assert answer["running"] == ("acme",)
    assert answer["troubles"][0]["account"] == "acme"


def test_without_details_nothing_is_named() -> None:
    """Counts and the verdict remain; accounts, files, hosts and reasons do not."""
    waiting = Waiting("import", "secret.csv", "grace", None, 0)
    status = replace(
        WELL,
        database_away="db1.example.net refused",
        database_away_since=NOW,
        queued=("queued-account",),
        running=("running-account",),
        troubles=(TROUBLE,),
        waiting={"waiting-account": waiting},
    )
    health = judge(status, loop_silent=1, loop_limit=30, detailed=False)
    shown = as_mapping(health, status, 1, detailed=False)
    assert shown["problems"] == ["the database is unreachable", "1 accounts wait"]
    assert (shown["accounts_queued"], shown["accounts_in_work"], shown["accounts_in_trouble"]) == (1, 1, 1)
    named = ("acme", "account", "secret", "example", "No space")
    values = json.dumps(list(shown.values())).replace("accounts wait", "")
    assert [name for name in named if name in values] == []
