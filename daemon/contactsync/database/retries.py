"""Refused deposits that are queued again, as their rows in the ledger record it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contactsync.database import statements
from contactsync.database.connection import Connection
from contactsync.domain.account import Account
from contactsync.domain.deposit import ACTIONS, Action, Claimed


@dataclass(frozen=True, slots=True)
class Retried:
    """A refused deposit that `retry` queued again, or was about to.

    `first_deposited_at` is its deposit date, or that of the first deposit if it was a retry itself.
    """

    deposit_id: int
    action: Action
    name: bytes
    claimed_name: bytes
    size_bytes: int
    sha256: str | None
    first_deposited_at: datetime
    confirmed: bool = False

    def is_now(self, claimed: Claimed) -> bool:
        """Whether this file is the retried one, by name and content (its inode has changed).

        This is a guess. The columns `retry_of` and `first_deposited_at` depend on it.
        """
        return (
            (self.action, self.name, self.size_bytes) == (claimed.action, claimed.name, claimed.size_bytes)
        ) and self.sha256 in (None, claimed.sha256)


def set_retried(
    conn: Connection, account: Account, deposit_id: int, when: datetime | None, *, confirmed: bool = False
) -> bool:
    """Record when a refused deposit is queued again, or with None that it is not; False if it was not refused.

    A confirmed deposit is not refused again for what had to be confirmed.
    """
    what = {
        "account_id": account.account_id,
        "deposit_id": deposit_id,
        "retried_at": when,
        "confirmed": confirmed,
    }
    return conn.execute(statements.get("ledger/set_retried"), what).rowcount == 1


def waiting(conn: Connection, account: Account) -> list[Retried]:
    """The deposits that were queued again and have not been claimed since, the latest first."""
    rows = conn.execute(statements.get("ledger/retried"), {"account_id": account.account_id}).fetchall()
    return [as_retried(row) for row in rows]


def as_retried(row: Mapping[str, Any]) -> Retried:
    """A row of the ledger as `retry` needs it."""
    return Retried(
        row["deposit_id"],
        ACTIONS[row["action"]],
        bytes(row["name_bytes"]),
        bytes(row["claimed_bytes"]),
        row["size_bytes"],
        row["sha256"],
        row["first_deposited_at"],
        row.get("confirmed", False),
    )
