"""What reading a file finds out, for its result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from contactsync.domain.errors import MAX_LISTED_ERRORS, LineError


@dataclass(slots=True)
class Findings:
    """Counts, warnings and the listed errors of one file. `encoding` is None before it is known.

    The key of a warning is its code, followed by a space and the variant of its sentence where it has one. `lines`
    has the first lines of a warning in the order of the file, `given` for each means of contact how many cells of
    applied rows were filled, `dropped` for each column how many of its values were not stored. `broken_references` counts the rows of an import whose Référence a spreadsheet has
    destroyed, in an account that deduplicates by it: mode 3 must not remove anybody then. Their lines are
    `lines["nobody_removed"]`.
    """

    rows_read: int = 0
    rows_rejected: int = 0
    warnings: Counter[str] = field(default_factory=Counter)
    errors: list[LineError] = field(default_factory=list)
    unknown_columns: tuple[str, ...] = ()
    encoding: str | None = None
    reject_codes: Counter[str] = field(default_factory=Counter)
    lines: dict[str, list[int]] = field(default_factory=dict)
    given: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    broken_references: int = 0

    def warn(self, key: str, lines: Sequence[int]) -> None:
        """Count one warning per line, and list the first ones."""
        self.warnings[key] += len(lines)
        self.locate(key, lines)

    def locate(self, key: str, lines: Sequence[int]) -> None:
        """List the first lines of what has this key, each once."""
        listed = self.lines.setdefault(key, [])
        # A row may have two such cells.
        listed += list(dict.fromkeys(lines[: 2 * MAX_LISTED_ERRORS]))[: MAX_LISTED_ERRORS - len(listed)]
