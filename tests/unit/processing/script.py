"""Accounts without a database, and workers whose steps a test ends."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from contactsync.domain.account import Account
from contactsync.intake.upload_queue import UploadQueue
from contactsync.processing.lanes import Lane
from contactsync.processing.share import Share

ACCOUNT = Account(
    1, "acme", None, None, None, ";", "none", (None,) * 15, "FR", "Europe/Paris", "auto", "keep", "possible", "refuse",
    "fr", 1,
)  # fmt: skip
PATIENCE = 60.0


def named(*names: str) -> list[Account]:
    """Accounts with these names."""
    return [replace(ACCOUNT, account_id=number, name=name) for number, name in enumerate(names, 1)]


def upload_queue() -> UploadQueue:
    """An upload queue without waiting times."""
    return UploadQueue(settle_seconds=0, grace_seconds=0, rescan_seconds=1)


@dataclass
class Script:
    """Every worker's steps: each reports which account it has, then waits until the test ends it."""

    asked: queue.Queue[str] = field(default_factory=queue.Queue)
    answers: queue.Queue[Callable[[], float | None]] = field(default_factory=queue.Queue)
    closed: list[int] = field(default_factory=list)
    inside: dict[str, int] = field(default_factory=dict)
    most: int = 0
    # By account: what its last step got.
    shares: dict[str, Share] = field(default_factory=dict)

    def work(self, lane: Lane, share: Share) -> float | None:
        """One step."""
        name = lane.account.name
        self.inside[name] = self.inside.get(name, 0) + 1
        self.most = max(self.most, self.inside[name])
        self.shares[name] = share
        self.asked.put(name)
        try:
            return self.answers.get(timeout=PATIENCE)()
        finally:
            self.inside[name] -= 1

    def close(self) -> None:
        """A worker has ended."""
        self.closed.append(threading.get_ident())

    def next(self) -> str:
        """Wait for the next step; its account."""
        return self.asked.get(timeout=PATIENCE)

    def is_idle(self) -> bool:
        """Whether no step has begun since the last `next`."""
        return self.asked.empty()

    def end_step(self, delay: float | None) -> None:
        """End a step with a delay."""
        self.answers.put(lambda: delay)

    def fail(self, error: Exception) -> None:
        """End a step with an error."""

        def raising() -> float | None:
            raise error

        self.answers.put(raising)
