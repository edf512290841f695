"""Whether the daemon works, for `/healthz` and for systemd. Pure.

Failing (503) means that a restart would help: the main loop or a worker makes no progress. Degraded (200) means that
the daemon works and something else does not: the database is unreachable, or accounts cannot continue.

A worker hangs if its step takes longer than STEP_SECONDS. Two questions follow from that, with different answers:

* Does *any* worker hang? `/healthz` then fails: operators should look, while the other workers continue (`judge`).
* Does *every* worker hang? systemd then restarts the daemon, because nothing continues (`WorkerPool.are_hung`). A
  worker whose thread has ended counts as hung.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contactsync.telemetry.status import DaemonStatus

LOOP_SECONDS = 30.0
"""How long the main loop may be silent beyond its own pause: it tries the hosts of a database one by one."""

EMBEDDED_SECONDS = 150.0
"""How long an embedded PostgreSQL may take to recover; the main loop waits for it."""

STEP_SECONDS = 3600.0
"""No step takes this long: a merge is cancelled after 15 minutes, and reading 512 MiB takes less."""


@dataclass(frozen=True, slots=True)
class Health:
    """The verdict: one sentence per problem."""

    failing: tuple[str, ...]
    degraded: tuple[str, ...]

    @property
    def status(self) -> str:
        """`failing`, `degraded` or `ok`."""
        return "failing" if self.failing else "degraded" if self.degraded else "ok"


def loop_limit(rescan_seconds: float, *, embedded: bool) -> float:
    """For how many seconds the main loop may complete no pass."""
    return rescan_seconds + LOOP_SECONDS + (EMBEDDED_SECONDS if embedded else 0.0)


def judge(status: DaemonStatus, *, loop_silent: float, loop_limit: float, detailed: bool = True) -> Health:
    """The verdict on a daemon whose main loop completed its last pass `loop_silent` seconds ago.

    Without `detailed`, no sentence names an account, a file or a host, or quotes a reason.
    """
    failing, degraded = [], []
    if loop_silent > loop_limit:
        failing.append(f"the main loop has completed no pass for {loop_silent:.0f} s")
    if status.workers_ended:
        failing.append(f"{status.workers_ended} worker threads have ended")
    if status.longest_step_seconds > STEP_SECONDS:
        failing.append(f"a deposit has been in progress for {status.longest_step_seconds:.0f} s")
    if status.database_away is not None:
        reason = f": {status.database_away}" if detailed else ""
        degraded.append(f"the database is unreachable{reason}")
    if status.low_disk is not None:
        degraded.append(status.low_disk if detailed else "a file system is nearly full")
    if status.troubles:
        first = status.troubles[0]
        longest = f", {first.account} longest: {first.reason}" if detailed else ""
        degraded.append(f"{len(status.troubles)} accounts wait{longest}")
    return Health(tuple(failing), tuple(degraded))


def as_mapping(
    health: Health, status: DaemonStatus, loop_silent: float, *, detailed: bool = True
) -> Mapping[str, Any]:
    """The answer of `/healthz`, ready for JSON. Without `detailed`: counts, and no name of an account or a file."""
    return {
        "status": health.status,
        "problems": [*health.failing, *health.degraded],
        "main_loop_seconds": round(loop_silent, 3),
        **(status.as_mapping() if detailed else status.as_counts()),
    }
