"""What the publisher remembers of an account."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from contactsync.domain.account import Account
from contactsync.telemetry.log_throttle import Once


@dataclass(slots=True)
class Turn:
    """An account, and when it is due on the monotonic clock. `faults` and `strays`: logged, and still there."""

    account: Account
    due: float
    faults: Once = field(default_factory=Once)
    strays: frozenset[str] = frozenset()
    failures: int = 0
    expired_on: date | None = None
