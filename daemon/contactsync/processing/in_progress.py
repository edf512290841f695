"""How far the deposit of a step is, for `status`: written by the worker, read by the heartbeat."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from contactsync.domain import names
from contactsync.domain.deposit import Claimed
from contactsync.telemetry.status import Progress


@dataclass(slots=True)
class InProgress:
    """The deposit in progress of one account. A reader sees the whole of it as it was at one moment."""

    now: Progress | None = None

    @contextmanager
    def deposit(self, claimed: Claimed) -> Iterator[None]:
        """A deposit is in progress while the block runs."""
        began = datetime.now(UTC)
        file = names.printable(claimed.claimed_name)
        self.now = Progress(claimed.action.name, file, claimed.size_bytes, "reading", began, began)
        try:
            yield
        finally:
            self.now = None

    def read(self, rows: int) -> None:
        """So many rows of it have been read and validated."""
        if self.now is not None:
            self.now = replace(self.now, rows=rows, counted_at=datetime.now(UTC))

    def merge(self) -> None:
        """All rows are in the database, which merges them from now on."""
        if self.now is not None:
            self.now = replace(self.now, stage="merging", stage_since=datetime.now(UTC))
