"""An account, and what the publisher remembers of its reports."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from contactsync.domain.account import Account
from contactsync.reports.days import Published
from contactsync.telemetry.log_throttle import Once


@dataclass(slots=True)
class Turn:
    """An account, and when it is due on the monotonic clock. `faults` and `strays`: logged, and still there.

    `reason` is why its last check failed, or None.

    `known` and `changed` are the recorded days and those whose reactions have changed, as of the last comparison.
    `compare_at` and `count_at` are when the database is asked again, on the monotonic clock.
    """

    account: Account
    due: float
    faults: Once = field(default_factory=Once)
    strays: frozenset[str] = frozenset()
    failures: int = 0
    reason: str | None = None
    expired_on: date | None = None
    known: Mapping[date, Published] = field(default_factory=dict)
    changed: Collection[date] = frozenset()
    compare_at: float = float("-inf")
    count_at: float = float("-inf")
