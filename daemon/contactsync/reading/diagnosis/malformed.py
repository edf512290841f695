"""Collects the malformed rows of a file while it is read. A good file pays one call per batch. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from contactsync.domain.errors import MAX_LISTED_ERRORS, FileRefused, LineError
from contactsync.reading.batch import Batch

MAX_ROW_BYTES = 1 << 12
"""A longer row is listed, but not looked at."""


@dataclass(slots=True)
class Malformed:
    """The malformed rows so far.

    `errors` are the first of them, `rows` their bytes (empty if too long), `count` is how many there are. `rows_read`
    counts all rows that are not blank, `last_good` is the line of the last good row. `is_cut` is whether the only
    malformed row is the last of the file and has no line end: the upload may have been broken off in it.
    """

    errors: list[LineError] = field(default_factory=list)
    rows: list[bytes] = field(default_factory=list)
    count: int = 0
    rows_read: int = 0
    last_good: int = 0
    is_cut: bool = False

    def take(self, batch: Batch, faults: Sequence[tuple[int, str]]) -> None:
        """Note a batch; `faults` are the (place, code) of its rows that refuse the file, in the order of the file."""
        self.rows_read += len(batch.table) + len(batch.errors) + len(batch.ragged)
        if len(batch.table):
            self.last_good = batch.line(int(batch.table.places[-1]))
        self.count += len(faults)
        for place, code in faults[: MAX_LISTED_ERRORS - len(self.errors)]:
            raw = batch.rows.raw(place)
            self.errors.append(LineError(batch.line(place), None, code))
            self.rows.append(raw if len(raw) <= MAX_ROW_BYTES else b"")
            self.is_cut = self.count == 1 and bool(raw) and batch.rows.data.endswith(raw)

    def refusal(self, separator: str) -> FileRefused:
        """Why the file is refused: the first malformed row."""
        first = self.errors[0]
        return FileRefused(
            first.code, {"count": self.count, "line": first.line, "sep": separator}, self.errors
        )
