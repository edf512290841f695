"""Whether the daemon works, for `/healthz`. Pure.

Failing (503) means that starting the daemon again would help: its main loop or its workers make no progress.
Degraded (200) means that it works and something else does not: the database is away, an account is in trouble.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contactsync.telemetry.status import DaemonStatus

LOOP_SECONDS = 30.0
"""The main loop may be silent for its own pause and so long: a database of several hosts is tried one by one."""

EMBEDDED_SECONDS = 150.0
"""As long as an embedded PostgreSQL may take to recover, which the main loop waits for."""

STEP_SECONDS = 3600.0
"""No deposit takes so long: a merge is given up after 15 minutes, reading 512 MiB takes less."""


@dataclass(frozen=True, slots=True)
class Health:
    """The verdict, and what is wrong, a sentence each."""

    failing: tuple[str, ...]
    degraded: tuple[str, ...]

    @property
    def status(self) -> str:
        """One word."""
        return "failing" if self.failing else "degraded" if self.degraded else "ok"


def judge(condition: DaemonStatus, *, loop_silent: float, loop_limit: float) -> Health:
    """The verdict on a daemon whose main loop made its last round `loop_silent` seconds ago."""
    failing, degraded = [], []
    if loop_silent > loop_limit:
        failing.append(f"the main loop has made no round for {loop_silent:.0f} s")
    if condition.workers_ended:
        failing.append(f"{condition.workers_ended} worker threads have ended")
    if condition.longest_step_seconds > STEP_SECONDS:
        failing.append(f"a deposit has been in work for {condition.longest_step_seconds:.0f} s")
    if condition.database_away is not None:
        degraded.append(f"the database is away: {condition.database_away}")
    if condition.troubles:
        first = condition.troubles[0]
        degraded.append(f"{len(condition.troubles)} accounts wait, {first.account} longest: {first.reason}")
    return Health(tuple(failing), tuple(degraded))


def as_mapping(health: Health, condition: DaemonStatus, loop_silent: float) -> Mapping[str, Any]:
    """All of it as JSON takes it."""
    problems = [*health.failing, *health.degraded]
    return {
        "status": health.status,
        "problems": problems,
        "main_loop_seconds": round(loop_silent, 3),
        **condition.as_mapping(),
    }
