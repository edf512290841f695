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
    """Counts, warnings and the listed errors of one file.

    `encoding` and `separator` are None before they are known. The key of a warning is its code, followed by a space
    and the variant of its sentence where it has one. `lines` has the first physical lines of a warning, in the order
    of the file, and `details` what else its sentence needs. `warn` fills all three.

    `given` has for each means of contact how many cells of applied rows were filled, `dropped` for each column how
    many of its values were not stored. `broken_references` counts the rows of an import whose Référence a spreadsheet
    has destroyed, in an account that deduplicates by it: mode 3 must not remove anybody then. Their lines are
    `lines["nobody_removed"]`.
    """

    rows_read: int = 0
    rows_rejected: int = 0
    warnings: Counter[str] = field(default_factory=Counter)
    errors: list[LineError] = field(default_factory=list)
    encoding: str | None = None
    separator: str | None = None
    reject_codes: Counter[str] = field(default_factory=Counter)
    # Rejected rows for which the rejected file had no room.
    rejects_left_out: int = 0
    lines: dict[str, list[int]] = field(default_factory=dict)
    details: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    given: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    broken_references: int = 0

    def warn_of_nobody_removed(self) -> None:
        """Mode 3 removes nobody from the list: a contact whose Référence cannot be read would leave it."""
        self.warnings["nobody_removed"] = self.broken_references

    def warn(self, key: str, count: int, lines: Iterable[int] = (), **details: Any) -> None:
        """Count a warning `count` times more; details replace those that the warning had.

        Call it in the order of the file: only the first lines of a warning are kept.
        """
        if not count:
            return
        self.warnings[key] += count
        self.locate(key, lines)
        if details:
            self.details[key] = details

    def locate(self, key: str, lines: Iterable[int]) -> None:
        """List the first lines of what has this key, each once."""
        listed = self.lines.setdefault(key, [])
        # A row may have two such cells.
        listed += list(dict.fromkeys(islice(lines, 2 * MAX_LISTED_LINES)))[: MAX_LISTED_LINES - len(listed)]
