"""What the tests of applying share: three addresses and the ledger's counts."""

from __future__ import annotations

from typing import Any

COUNTS = ("rows_read", "rows_applied", "rows_rejected", "inserted", "updated", "unchanged", "removed")
A, B, C = "a@example-mail.fr", "b@example-mail.fr", "c@example-mail.fr"


def counts(row: dict[str, Any]) -> tuple[int, ...]:
    """The counts in a row of the ledger."""
    return tuple(row[name] for name in COUNTS)
