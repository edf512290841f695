"""Counts how often a process died on a deposit. An attempt that ended cleanly does not count.

The ledger counts an attempt when it begins, because a process that dies can no longer do so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from contactsync.database import ledger
from contactsync.database.connection import Session
from contactsync.database.ledger import Attempt
from contactsync.domain.account import Account
from contactsync.domain.deposit import Claimed
from contactsync.domain.errors import Retryable

Key = tuple[int, str, bytes]
"""Account id, action, claimed name."""


class Attempts:
    """The attempts of one process that the ledger counts; shared by all its workers."""

    def __init__(self) -> None:
        """This process has begun nothing."""
        self._begun: set[Key] = set()

    def died(self, account: Account, claimed: Claimed, attempts: int) -> bool:
        """Whether one of the deposit's `attempts` in the ledger is that of a process that died."""
        return attempts - (_key(account, claimed) in self._begun) > 0

    @contextmanager
    def counted(
        self, session: Session, account: Account, claimed: Claimed, repeat_days: float = 0.0
    ) -> Iterator[Attempt | None]:
        """Count an attempt, and take it back if the block ends for no fault of the file; for `repeat_days` see `begin`.

        Gives None if the deposit is settled: by another daemon, or by a commit whose answer was lost.
        """
        key = _key(account, claimed)
        # Counted once per process, and noted before the answer arrives: a lost answer must not count twice.
        first = key not in self._begun
        self._begun.add(key)
        with session() as conn:
            attempt = ledger.begin(conn, account, claimed, count=int(first), repeat_days=repeat_days)
        if attempt is None:
            yield None
            return
        try:
            yield attempt
        except MemoryError:
            # It counts: the file may be too much for this host every time.
            self._begun.discard(key)
            raise
        except Exception:
            # If the database is unreachable, the attempt stays counted, once.
            with suppress(Retryable):
                with session() as conn:
                    ledger.uncount_attempt(conn, account, attempt.deposit_id)
                self._begun.discard(key)
            raise
        self._begun.discard(key)


def _key(account: Account, claimed: Claimed) -> Key:
    return account.account_id, claimed.action.name, claimed.claimed_name
