"""How much of the workers one step may take, so that long deposits never occupy all of them.

A deposit is long if its file is large, if it has taken SLOW_CPU_SECONDS already, or if a process has died on it. The pool
keeps one worker free of long deposits. A deposit that turns out to be long when all other workers have one is
postponed: it changes nothing, and starts over when a worker for long deposits is free. A single worker has no other to
keep free: between two batches of a long deposit, it takes the steps of the accounts that wait.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from contactsync.processing.in_progress import InProgress
from contactsync.runtime import gil

LARGE_BYTES = 256 << 10
"""A file of up to this size is read and validated in a few milliseconds, unless somebody made it to be slow."""

SLOW_CPU_SECONDS = 0.5
"""Thirty times as much as a small file takes. Processor time, because on a busy host a small file may well take half a
second: it waited for the end of the hostile files that made the host busy."""

SHORT_MERGE_SECONDS = 5.0
"""The limit of a statement in the merge of a deposit that is not long: one that exceeds it is long."""


class Postponed(Exception):  # noqa: N818 - not an error: it waits for its turn
    """The deposit is long, and no worker for long deposits is free. Nothing of it has taken effect."""


@dataclass(slots=True)
class Share:
    """What the pool grants to one step. By default everything: a process with one pipeline has nobody to be fair to.

    `is_long`: the step may process long deposits. If it may not, `enter_long` asks for it. `give_way` lets accounts
    with short deposits go first. `in_progress` shows how far the step's deposit is.
    """

    is_long: bool = True
    enter_long: Callable[[], bool] = lambda: True
    give_way: Callable[[], None] = lambda: None
    in_progress: InProgress = field(default_factory=InProgress)

    def require_long(self) -> None:
        """Raise Postponed unless a long deposit may be processed now."""
        if not self.is_long:
            if not self.enter_long():
                raise Postponed
            self.is_long = True

    def require_for(self, size: int) -> None:
        """Raise Postponed if a file of this size has to wait for a worker that may process a long deposit."""
        if size > LARGE_BYTES:
            self.require_long()

    def between_batches(self, spent: float) -> None:
        """Be fair in the middle of a deposit that has taken so many CPU seconds; may raise Postponed."""
        if spent > SLOW_CPU_SECONDS:
            self.require_long()
            gil.give_up()
        if self.is_long:
            self.give_way()
