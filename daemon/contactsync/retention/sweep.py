"""Removes old settled files and old ledger rows, one small batch at a time. What is not settled is never touched.

A batch holds the account's lock for some milliseconds, as a deposit in progress does. It removes the files first,
then notes that in the ledger, so a batch that was killed is simply repeated. A row is deleted only if no file of its
name is left, not even in `on/`: a deposit whose last rename failed is there, and without its row it would be applied
again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from contactsync.database import ledger, statements
from contactsync.database.connection import Connection
from contactsync.domain.account import Account
from contactsync.domain.deposit import ACTIONS
from contactsync.retention.swept import Cursor, Swept
from contactsync.spool import settled
from contactsync.spool.spool import Spool

BATCH = 100
"""Deposits per batch: about 20 ms under the account's lock."""

Sweep = Callable[[Connection, Account, Spool, int, Cursor], Swept]
"""Removes one batch; `remove_files` or `delete_rows`."""


def remove_files(conn: Connection, account: Account, spool: Spool, days: int, after: Cursor) -> Swept:
    """Remove a batch of deposits that were settled more than `days` ago, with their result files.

    A deposit that `retry` is about to move back, and one whose last rename failed, are kept.
    """
    rows = _batch(conn, "retention/removable", account, days, after)
    chosen = defaultdict[tuple[str, str], list[Mapping[str, Any]]](list)
    for row in rows:
        where = spool.where(ACTIONS[row["action"]], bytes(row["claimed_bytes"]))
        if where != "on" and not (row["retried_at"] is not None and where == "ko"):
            chosen[row["action"], row["state"]].append(row)
    files = freed = 0
    for (action, state), each in chosen.items():
        names = [bytes(row["claimed_bytes"]) for row in each]
        candidates = [name for claimed in names for name in settled.result_names(claimed)]
        spared = ledger.names_of_deposits(conn, account, [action], candidates)
        freed += spool.discard(ACTIONS[action], "ok" if state == "ok" else "ko", names, spared)
        files += len(each)
    ids = [row["deposit_id"] for each in chosen.values() for row in each]
    _run(conn, "retention/mark_removed", account, ids)
    return Swept(files=files, bytes=freed, cursor=_next(rows))


def delete_rows(conn: Connection, account: Account, spool: Spool, days: int, after: Cursor) -> Swept:
    """Delete a batch of ledger rows settled more than `days` ago whose files are gone."""
    rows = _batch(conn, "retention/old_rows", account, days, after)
    ids = [
        row["deposit_id"]
        for row in rows
        if spool.where(ACTIONS[row["action"]], bytes(row["claimed_bytes"])) is None
    ]
    _run(conn, "retention/delete_rows", account, ids)
    return Swept(rows=len(ids), cursor=_next(rows))


def _batch(
    conn: Connection, statement: str, account: Account, days: int, after: Cursor
) -> list[dict[str, Any]]:
    what = {"account_id": account.account_id, "days": days, "now": datetime.now(UTC), "count": BATCH}
    return conn.execute(
        statements.get(statement), {**what, "after_time": after[0], "after_id": after[1]}
    ).fetchall()


def _run(conn: Connection, statement: str, account: Account, deposit_ids: list[int]) -> None:
    if deposit_ids:
        what = {"account_id": account.account_id, "deposit_ids": deposit_ids, "now": datetime.now(UTC)}
        conn.execute(statements.get(statement), what)


def _next(rows: list[dict[str, Any]]) -> Cursor | None:
    return (rows[-1]["finished_at"], rows[-1]["deposit_id"]) if len(rows) == BATCH else None
