"""What a batch of the retention removed, and where the next batch begins."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

Cursor = tuple[datetime, int]
START: Cursor = (datetime.min.replace(tzinfo=UTC), 0)


@dataclass(frozen=True, slots=True)
class Swept:
    """Deposits whose files went, their bytes, rows of the ledger, and personal data; sums add up with `+`.

    `cursor` is where the next batch begins, None after the last one; a sum has the second one's.
    """

    files: int = 0
    bytes: int = 0
    rows: int = 0
    reactions: int = 0
    consent_events: int = 0
    contacts: int = 0
    cursor: Cursor | None = None

    def __add__(self, other: Swept) -> Swept:
        """Both together."""
        mine, others = self.counts, other.counts
        return Swept(**{key: mine[key] + others[key] for key in mine}, cursor=other.cursor)

    @property
    def counts(self) -> dict[str, int]:
        """The numbers by name, for a log line or a table."""
        return {key: value for key, value in asdict(self).items() if key != "cursor"}
