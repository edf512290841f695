"""What reading a file finds out, for its result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from contactsync.domain.errors import LineError

MAX_LISTED_LINES = 100
"""How many lines a warning lists (protocol 7)."""


@dataclass(slots=True)
class Findings:
    """Counts, warnings and the listed errors of one file. `encoding` is None before it is known.

    `warnings` counts by code; `lines` has the first physical lines of a warning, in the order of the file, and
    `details` what else its sentence needs. `warn` fills all three. `broken_references` counts the rows whose Référence
    a spreadsheet has destroyed; `lines["nobody_removed"]` are theirs.
    """

    rows_read: int = 0
    rows_rejected: int = 0
    warnings: Counter[str] = field(default_factory=Counter)
    errors: list[LineError] = field(default_factory=list)
    encoding: str | None = None
    reject_codes: Counter[str] = field(default_factory=Counter)
    lines: dict[str, list[int]] = field(default_factory=dict)
    details: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    broken_references: int = 0
    # Rejected rows for which the rejected file had no room.
    rejects_left_out: int = 0

    def warn_of_nobody_removed(self) -> None:
        """Mode 3 removes nobody from the list: a contact whose Référence cannot be read would leave it."""
        self.warnings["nobody_removed"] = self.broken_references

    def warn(self, code: str, count: int, lines: Iterable[int] = (), **details: Any) -> None:
        """Count a warning `count` times more; details replace those that the warning had.

        Call it in the order of the file: only the first lines of a warning are kept.
        """
        if not count:
            return
        self.warnings[code] += count
        listed = self.lines.setdefault(code, [])
        listed += islice(lines, MAX_LISTED_LINES - len(listed))
        if details:
            self.details[code] = details
