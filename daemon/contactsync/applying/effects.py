"""What applying a file has changed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contactsync.domain.deposit import Counts


@dataclass(frozen=True, slots=True)
class Located:
    """How many rows a warning is about, and the physical lines of the first of them."""

    count: int
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Effects:
    """What applying a file has changed (protocol 7, counts), the list that an import filled, and warnings by code."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    list_id: int | None = None
    list_name: str | None = None
    warnings: Mapping[str, Located] = field(default_factory=dict)
    # What the ledger needs to undo the deposit (`deposit.undo`); None if that is impossible.
    undo: Mapping[str, Any] | None = None

    def counts(self, rows_read: int, rows_rejected: int) -> Counts:
        """The deposit's counts, completed by those of its reading."""
        applied = rows_read - rows_rejected
        changes = (self.inserted, self.updated, self.unchanged, self.removed)
        return Counts(rows_read, applied, rows_rejected, *changes)
