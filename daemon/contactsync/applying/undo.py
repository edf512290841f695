"""Undoes a deposit that was applied: an import, a delete or an opt-in (protocol 10).

The merge kept what the deposit changed as it was. Undoing puts that back, in one transaction under the account's lock, if
no later deposit built on it; `in_the_way` decides that by ids, and counts a deposit too many rather than one too few.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, LiteralString, cast

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from contactsync.database import statements
from contactsync.database.connection import Connection, patient
from contactsync.domain.account import Account
from contactsync.domain.columns import KEYS
from contactsync.domain.deposit import ACTIONS
from contactsync.domain.errors import AnswerIsNo
from contactsync.domain.messages import words
from contactsync.domain.messages.verdicts import UNDONE

_KINDS = {"import": "after_import", "delete": "after_delete", "optin": "after_opt_in"}
"""What can be undone, and the statement that selects the later deposits in the way. Opt-outs are never undone."""


FEW_CONTACTS = 10_000
"""So many contacts are looked up one by one, in 50 ms, however many the account has."""

_KEPT = "SELECT contact_id FROM contactsync.contact_before WHERE account_id = %(account_id)s AND deposit_id = %(deposit_id)s"


@dataclass(frozen=True, slots=True)
class Applied:
    """A deposit as the ledger has it; `kept` is `deposit.undo`."""

    deposit_id: int
    action: str
    claimed_name: str
    claimed_bytes: bytes
    list_id: int | None
    kept: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Undone:
    """A deposit that was undone, and how much: contacts that were removed, restored and inserted again, and so on."""

    deposit: Applied
    result: Mapping[str, Any]
    contacts_removed: int = 0
    contacts_restored: int = 0
    members_removed: int = 0
    members_restored: int = 0
    opted_out_again: int = 0


def undo(
    conn: Connection, account: Account, deposit_id: int, now: datetime, *, all_after: bool, dry_run: bool
) -> Sequence[Undone]:
    """Undo a deposit; with `all_after`, first those that are in the way, newest first. All or nothing.

    With `dry_run`, everything is rolled back: the very same statements count. Raises AnswerIsNo if the deposit cannot
    be undone, with a sentence that names the deposits in the way.
    """
    with patient(conn), conn.transaction() as transaction:
        conn.execute(statements.get("accounts/lock"), {"account_id": account.account_id})
        conn.execute(statements.get("undo/plan"))
        undone = list(_with_later(conn, account, deposit_id, now, all_after=all_after))
        if dry_run:
            raise psycopg.Rollback(transaction)
    return undone


def _with_later(
    conn: Connection, account: Account, deposit_id: int, now: datetime, *, all_after: bool
) -> Iterator[Undone]:
    """Undo a deposit when nothing is in its way any more.

    What is in the way is asked again after each one that was undone: a contact that comes back may be another's.
    """
    deposit = find(conn, account, deposit_id)
    while later := in_the_way(conn, account, deposit):
        if not all_after:
            raise AnswerIsNo(_refusal(deposit_id, later))
        yield from _with_later(conn, account, later[-1]["deposit_id"], now, all_after=True)
    yield _undo(conn, account, deposit, now)


def find(conn: Connection, account: Account, deposit_id: int) -> Applied:
    """The deposit, if it is one that can be undone; raises AnswerIsNo with the reason if not."""
    row = conn.execute(statements.get("undo/deposit"), {"deposit_id": deposit_id}).fetchone()
    if row is None or row["account"] != account.name:
        raise AnswerIsNo(f"there is no deposit {deposit_id}: contactsync history --state ok")
    if problem := _problem(row, account):
        raise AnswerIsNo(f"deposit {deposit_id} {problem}")
    return Applied(
        deposit_id,
        row["action"],
        row["claimed_name"],
        bytes(row["claimed_bytes"]),
        row["list_id"],
        row["undo"],
        row["result"],
    )


def _problem(row: Mapping[str, Any], account: Account) -> str | None:
    if row["state"] != "ok" or row["dry_run"]:
        return "changed nothing: it was refused, only checked, or is still in progress"
    if row["undone_at"] is not None:
        return f"was undone on {row['undone_at']:%Y-%m-%d %H:%M:%S} UTC"
    if ACTIONS[row["action"]].kind not in _KINDS:
        return "is an opt-out, which is never undone: upload an opt-in if the person agrees again"
    if row["undo"] is None:
        return "can no longer be undone: what it changed is kept for undo_days only"
    if row["undo"]["dedup"] != account.dedup:
        return "can no longer be undone: the account's criterion for contacts was changed since (--dedup)"
    return None


def in_the_way(conn: Connection, account: Account, deposit: Applied) -> Sequence[Mapping[str, Any]]:
    """The later deposits (`deposit_id`, `action`, `claimed_name`) that built on what this one changed, oldest first."""
    what = {"account_id": account.account_id, "deposit_id": deposit.deposit_id}
    kind = ACTIONS[deposit.action].kind
    statement = statements.get(f"undo/{_KINDS[kind]}")
    if kind != "delete":
        return conn.execute(statement, what).fetchall()
    looked_up = _looked_up(conn, what, "c.identity", "SELECT identity FROM gone")
    return conn.execute(statement.format(looked_up=looked_up), what).fetchall()


def _looked_up(conn: Connection, what: Mapping[str, Any], column: str, keys: str) -> sql.SQL:
    """A condition that looks a few contacts up in an index; many are found by reading the table once."""
    row = conn.execute(statements.get("undo/count_kept"), what).fetchone()
    few = row is not None and row["kept"] <= FEW_CONTACTS
    return sql.SQL(cast("LiteralString", f"{column} = ANY (ARRAY({keys}))" if few else "true"))  # type: ignore[redundant-cast]  # as in statements.get


def _refusal(deposit_id: int, later: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        f"deposit {deposit_id} was not undone: {len(later)} later deposit(s) used the same contacts, lists or addresses",
        "(--all-after undoes these first, the newest before the others):",
    ]
    lines += [f"  {each['deposit_id']}  {each['action']}/ok/{each['claimed_name']}" for each in later]
    return "\n".join(lines)


def _undo(conn: Connection, account: Account, deposit: Applied, now: datetime) -> Undone:
    what = {
        "account_id": account.account_id,
        "deposit_id": deposit.deposit_id,
        "deposit_ids": [deposit.deposit_id],
        "list_id": deposit.list_id,
        "now": now,
        **{key: deposit.kept.get(key) for key in ("first", "last", "list_is_new")},
    }

    def run(name: str, **slots: sql.Composable) -> int:
        statement = statements.get(f"undo/{name}")
        return conn.execute(statement.format(**slots) if slots else statement, what).rowcount

    counts = {}
    kind = ACTIONS[deposit.action].kind
    if kind == "import":
        counts["members_removed"] = run("remove_members")
        counts["contacts_removed"] = run("remove_contacts")
        looked_up = (
            _looked_up(conn, what, "c.contact_id", _KEPT),
            _looked_up(conn, what, "now.contact_id", _KEPT),
        )
        slots = {"assigned": _assigned(), "changed": looked_up[0], "looked_up": looked_up[1]}
        counts["contacts_restored"] = run("restore_contacts", **slots)
        run("remove_list")
    elif kind == "delete":
        counts["contacts_restored"] = run("reinsert_contacts")
    else:
        counts["opted_out_again"] = run("restore_opt_outs")
        run("join_opt_outs")
    counts["members_restored"] = run("restore_members")
    for table in ("contacts", "members", "opt_outs"):
        run(f"forget_{table}")
    date = words.moment(now, account.time_zone, account.language)
    message = UNDONE.form(account.language, 1).format(date=date)
    result = {**deposit.result, "message": message, "undone_at": now.isoformat()}
    conn.execute(statements.get("undo/mark"), {**what, "result": Jsonb(result)})
    return Undone(deposit, result, **counts)


def _assigned() -> sql.Composable:
    """Every column of a contact that a file can change."""
    return sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(column), sql.Identifier("r", column)) for column in KEYS
    )
