"""The one place where an exception becomes a delay, a line in the log, and a trouble for `status`."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from contactsync.domain.errors import DatabaseAway, DatabaseRefuses, Retryable
from contactsync.processing.lanes import Lane
from contactsync.runtime.clock import SYSTEM_CLOCK, Clock
from contactsync.telemetry.log import reason_of
from contactsync.telemetry.log_throttle import deserves_a_line
from contactsync.telemetry.metrics import Metrics
from contactsync.telemetry.outage import DatabaseOutage
from contactsync.telemetry.status import Trouble

FIRST_BACKOFF_SECONDS = 0.5

MAX_BACKOFF_SECONDS = 5.0
"""Work continues within seconds of the database's return."""

MAX_BUG_BACKOFF_SECONDS = 60.0
"""A deposit that triggers a bug stays in `on/` until the bug is fixed."""

log = structlog.get_logger()


def _half_at_random() -> float:
    # Accounts that failed together do not all come back at the same moment.
    return random.uniform(0.5, 1)  # noqa: S311 - jitter, not a secret


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What follows from a step; shared by all workers."""

    outage: DatabaseOutage = field(default_factory=DatabaseOutage)
    metrics: Metrics = field(default_factory=Metrics)
    clock: Clock = SYSTEM_CLOCK
    # The share of a backoff that is waited.
    jitter: Callable[[], float] = _half_at_random

    def of(self, work: Callable[[Lane], float | None], lane: Lane) -> float | None:
        """Take one step of a lane. Returns in how many seconds the next one is due, None if nothing is left."""
        try:
            delay = work(lane)
        except DatabaseAway as error:
            fix = error.fix if isinstance(error, DatabaseRefuses) else None
            self.outage.failed(lane.account.name, str(error), fix=fix)
            self.metrics.trouble("database")
            return self._backoff(lane, f"the database: {error}")
        except (Retryable, OSError) as error:
            reason = reason_of(error)
            self._log_failure(lane, "deposit.waits", reason=reason)
            self.metrics.trouble("deposit")
            return self._backoff(lane, reason)
        except Exception as error:  # noqa: BLE001 - a bug: it is logged, and nothing is lost
            self._log_failure(lane, "bug", exc_info=error)
            self.metrics.trouble("bug")
            return self._backoff(
                lane, f"a bug ({type(error).__name__}): its traceback is in the log", is_bug=True
            )
        self.outage.answered(lane.account.name)
        lane.failures = 0
        lane.trouble = None
        return delay

    def _backoff(self, lane: Lane, reason: str, *, is_bug: bool = False) -> float:
        """Note why the account cannot continue, since when, and how often it was tried; the seconds to wait."""
        since = lane.trouble.since if lane.trouble is not None else self.clock.now()
        lane.failures += 1
        lane.trouble = Trouble(lane.account.name, reason, since, lane.failures, is_bug)
        # The file may be gone by then.
        lane.ledger_checked = False
        longest = MAX_BUG_BACKOFF_SECONDS if is_bug else MAX_BACKOFF_SECONDS
        backoff = FIRST_BACKOFF_SECONDS * 2.0 ** min(lane.failures - 1, 10)
        return min(longest, backoff) * self.jitter()

    def _log_failure(self, lane: Lane, event: str, **fields: object) -> None:
        """Log the 1st, 2nd, 4th, 8th … failure in a row."""
        failures = lane.failures + 1
        if deserves_a_line(failures):
            log.error(event, account=lane.account.name, failures=failures, **fields)
