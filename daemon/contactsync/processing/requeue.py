"""Puts a refused deposit back into `in/`: note it in the ledger, rename the file, remove its old results.

Every step can be repeated, under the account's lock. A process that was killed in between leaves a row with
`retried_at` and a file in `ko/`, or one in `in/` with old results in `ko/`: `finish` does the rest.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from contactsync.database import ledger, retries
from contactsync.database.connection import Connection
from contactsync.database.retries import Retried
from contactsync.domain.account import Account
from contactsync.spool import settled
from contactsync.spool.spool import Spool


def put_back(
    conn: Connection, account: Account, spool: Spool, deposit: Retried, *, confirmed: bool = False
) -> bool:
    """Put a refused deposit back into `in/`, confirmed or not; False if its file is no longer in `ko/`.

    Raises FileExistsError if `in/` has an upload of that name. Then, and after any other error, nothing has changed.
    """
    if spool.where(deposit.action, deposit.claimed_name) != "ko":
        return False
    if not retries.set_retried(conn, account, deposit.deposit_id, datetime.now(UTC), confirmed=confirmed):
        return False
    try:
        return _move(conn, account, spool, deposit)
    except OSError:
        if spool.where(deposit.action, deposit.claimed_name) == "ko":
            retries.set_retried(conn, account, deposit.deposit_id, None)
        raise


def finish(conn: Connection, account: Account, spool: Spool) -> None:
    """Finish what a killed `put_back` began; if `in/` has an upload of that name, the file stays in `ko/` for now."""
    for deposit in retries.waiting(conn, account):
        with suppress(FileExistsError):
            _move(conn, account, spool, deposit)


def _move(conn: Connection, account: Account, spool: Spool, deposit: Retried) -> bool:
    candidates = settled.result_names(deposit.claimed_name)
    spared = ledger.names_of_deposits(conn, account, [deposit.action.name], candidates)
    return spool.put_in_line(deposit.action, deposit.claimed_name, deposit.name, spared)
