"""Removes old reactions, old events of consent and idle contacts, one small batch at a time.

Opt-outs stay, and so does the event by which an address is opted out today: it is the proof. Lists and campaigns have
names only and stay too. The settings are checked so that nothing needed to judge a contact is removed before it
(`settings.load`): an idle contact is one that did not change, react, or belong to a list in use (protocol 9).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from psycopg import Cursor as Rows

from contactsync.database import statements
from contactsync.database.connection import Connection
from contactsync.domain.account import Account
from contactsync.domain.errors import AccountBusy
from contactsync.retention.swept import START, Cursor, Swept

BATCH = 5000
"""Rows per batch: 20 to 60 ms, for idle contacts under the account's lock."""

BATCH_DEPOSITS = 20
"""Deposits per batch of `remove_images`: each may have kept as many contacts as the account has."""

Sweep = Callable[[Connection, Account, int, Cursor], Swept]
"""Removes one batch; one of the functions `remove_…`."""

Find = Callable[[Connection, Account, int, Cursor], dict[str, Any]]
"""Finds one batch; `old_consent_events` or `idle_contacts`."""


def remove_reactions(conn: Connection, account: Account, days: int, after: Cursor) -> Swept:
    """Delete a batch of reactions that occurred more than `days` ago. The next one begins where this one did."""
    found = _find(conn, "retention/old_reactions", account, days, START)
    if found["chosen"]:
        _run(conn, "retention/delete_reactions", account, found)
    return Swept(reactions=found["chosen"], cursor=after if found["chosen"] == BATCH else None)


def remove_consent_events(conn: Connection, account: Account, days: int, after: Cursor) -> Swept:
    """Delete what is older than `days` among the next events of consent after `after`."""
    with conn.transaction():
        found = old_consent_events(conn, account, days, after)
        if found["ids"]:
            _run(conn, "retention/delete_consent", account, found)
    return Swept(consent_events=len(found["ids"]), cursor=_next_after(found))


def remove_idle_contacts(conn: Connection, account: Account, days: int, after: Cursor) -> Swept:
    """Delete what has been idle for `days` among the next contacts after `after`, and takes it off all lists.

    Raises AccountBusy if a deposit is being merged: a contact that it is about to change is not idle.
    """
    with conn.transaction():
        if _run(conn, "retention/lock", account, {}).fetchone() is None:
            raise AccountBusy
        found = idle_contacts(conn, account, days, after)
        if found["ids"]:
            _run(conn, "retention/delete_idle_members", account, found)
            _run(conn, "retention/delete_idle_contacts", account, found)
    return Swept(contacts=len(found["ids"]), cursor=_next_after(found))


def remove_images(conn: Connection, account: Account, days: int, after: Cursor) -> Swept:  # noqa: ARG001 - a Sweep
    """Delete what a batch of deposits has kept for `undo`, if they were applied more than `days` ago."""
    what = {"days": days, "now": datetime.now(UTC), "count": BATCH_DEPOSITS}
    with conn.transaction():
        old = _run(conn, "retention/old_images", account, what).fetchall()
        if old:
            chosen = {"deposit_ids": [row["deposit_id"] for row in old]}
            for statement in ("undo/forget_contacts", "undo/forget_members", "undo/forget_opt_outs"):
                _run(conn, statement, account, chosen)
            _run(conn, "retention/forget_undo", account, chosen)
    return Swept(cursor=START if len(old) == BATCH_DEPOSITS else None)


def old_consent_events(conn: Connection, account: Account, days: int, after: Cursor) -> dict[str, Any]:
    """The old ones among the next events: their `ids`, `looked_at` (how many) and `last_id`."""
    return _find(conn, "retention/old_consent", account, days, after)


def idle_contacts(conn: Connection, account: Account, days: int, after: Cursor) -> dict[str, Any]:
    """The idle ones among the next contacts: their `ids`, `looked_at` (how many) and `last_id`."""
    return _find(conn, "retention/idle_contacts", account, days, after)


def count(conn: Connection, account: Account, days: int, find: Find) -> int:
    """How many rows all batches of `find` would remove; 0 if `days` is 0."""
    total, cursor = 0, START if days else None
    while cursor is not None:
        found = find(conn, account, days, cursor)
        total += len(found["ids"])
        cursor = _next_after(found)
    return total


def _next_after(found: dict[str, Any]) -> Cursor | None:
    """Where the next batch begins; None after the last one."""
    return (START[0], found["last_id"]) if found["looked_at"] == BATCH else None


def _find(conn: Connection, statement: str, account: Account, days: int, after: Cursor) -> dict[str, Any]:
    what = {"days": days, "now": datetime.now(UTC), "count": BATCH, "after_id": after[1]}
    found = _run(conn, statement, account, what).fetchone()
    assert found is not None, "an aggregate has a row"
    return found


def _run(conn: Connection, statement: str, account: Account, what: dict[str, Any]) -> Rows[dict[str, Any]]:
    return conn.execute(statements.get(statement), {**what, "account_id": account.account_id})
