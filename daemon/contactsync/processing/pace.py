"""What a deposit does between two chunks of its file, so that it costs no more than it may and delays nobody."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from contactsync.domain.errors import Retryable
from contactsync.processing.cpu_budget import CpuBudget
from contactsync.processing.share import Share


@dataclass(frozen=True, slots=True)
class Pace:
    """Called between two chunks, in the thread that reads them, and while its worker waits for the next batch.

    A zip of 200 kB may inflate to hundreds of megabytes before it has a row, so batches come too late for this.
    """

    budget: CpuBudget
    share: Share
    stopping: Callable[[], bool]
    _worker: int = field(default_factory=threading.get_ident)

    def __call__(self) -> None:
        """Raise FileRefused over the budget, Retryable if the daemon stops, Postponed if no worker may go on.

        Only the worker's own thread gives way to other deposits.
        """
        if self.stopping():
            raise Retryable("the daemon is stopping")
        with self.budget.uncharged():
            if threading.get_ident() == self._worker:
                self.share.between_batches(self.budget.spent)
