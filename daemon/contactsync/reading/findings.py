"""What reading a file finds out, for its result."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from contactsync.domain.errors import LineError


@dataclass(slots=True)
class Findings:
    """Counts, warnings and the listed errors of one file. `encoding` is None before it is known."""

    rows_read: int = 0
    rows_rejected: int = 0
    warnings: Counter[str] = field(default_factory=Counter)
    errors: list[LineError] = field(default_factory=list)
    unknown_columns: tuple[str, ...] = ()
    encoding: str | None = None
    reject_codes: Counter[str] = field(default_factory=Counter)
    # Rejected rows for which the rejected file had no room.
    rejects_left_out: int = 0
