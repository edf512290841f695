"""What the ledger knows of deposits whose file is not where it was (docs/internals/deposit-states.md, "Vanished")."""

from __future__ import annotations

from contactsync.database import statements
from contactsync.database.connection import Connection
from contactsync.domain.account import Account


def reopen(conn: Connection, account: Account, deposit_id: int) -> bool:
    """Put a deposit in progress again that was closed as vanished; False if it was not."""
    what = {"account_id": account.account_id, "deposit_id": deposit_id}
    return conn.execute(statements.get("ledger/reopen"), what).rowcount == 1


def forget_places(conn: Connection, account: Account) -> None:
    """Forget in which folders the unfinished deposits were: the caller vouches for the folders of today."""
    conn.execute(statements.get("ledger/forget_places"), {"account_id": account.account_id})
