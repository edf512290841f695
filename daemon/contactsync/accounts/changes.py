"""Writes accounts: each change in one transaction, under the account's lock, with its contacts' keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg import sql

from contactsync.accounts import store
from contactsync.accounts.store import find_account
from contactsync.database import statements
from contactsync.database.connection import Connection
from contactsync.domain.account import Account
from contactsync.domain.errors import AnswerIsNo, ConfigurationError

MAX_LISTED_CLASHES = 20
MAX_LISTED_CONTACTS = 5

Understand = Callable[[Mapping[str, Any]], tuple[dict[str, Any], list[str]]]
"""The account's current columns → the columns to write, and the problems with them."""


def add(conn: Connection, name: str, understand: Understand, ftp_root: Path) -> None:
    """Add an account; raises ConfigurationError with every problem, AnswerIsNo if the name is taken."""
    values, problems = understand({})
    with conn.transaction():
        others = store.every(conn)
        _raise(problems + _shared_home(name, values.get("home"), others, ftp_root))
        values["name"] = name
        statement = statements.get("accounts/add").format(
            columns=sql.SQL(", ").join(map(sql.Identifier, values)),
            values=sql.SQL(", ").join(map(sql.Placeholder, values)),
        )
        if conn.execute(statement, values).fetchone() is None:
            raise AnswerIsNo(f"account {name} already exists: contactsync account set {name} …")


def change(conn: Connection, name: str, understand: Understand, ftp_root: Path) -> int | None:
    """Change an account; returns how many of its contacts got a new key, None if the criterion is unchanged.

    Raises ConfigurationError with every problem, AnswerIsNo if there is no such account or if two of
    its contacts would become one.
    """
    with conn.transaction():
        conn.execute(statements.get("accounts/lock"), {"account_id": find_account(conn, name).account_id})
        # Read again: it may have changed before we held the lock.
        account = find_account(conn, name)
        values, problems = understand(asdict(account))
        others = [other for other in store.every(conn) if other.name != name] if "home" in values else []
        _raise(problems + _shared_home(name, values.get("home"), others, ftp_root))
        rekeyed = None
        if values.get("dedup", account.dedup) != account.dedup:
            rekeyed = _rekey(conn, account, values["dedup"])
        assigned = sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(column), sql.Placeholder(column)) for column in values
        )
        conn.execute(
            statements.get("accounts/set").format(assigned=assigned),
            {**values, "account_id": account.account_id},
        )
    return rekeyed


def set_disabled(conn: Connection, name: str, *, disabled: bool) -> None:
    """Disable or enable an account; raises AnswerIsNo if there is none of this name, or if nothing would change."""
    with conn.transaction():
        conn.execute(statements.get("accounts/lock"), {"account_id": find_account(conn, name).account_id})
        account = find_account(conn, name)
        if account.disabled == disabled:
            raise AnswerIsNo(f"account {name} is already {'disabled' if disabled else 'enabled'}")
        what = {"account_id": account.account_id, "since": datetime.now(UTC) if disabled else None}
        conn.execute(statements.get("accounts/set_disabled"), what)


def _raise(problems: Sequence[str]) -> None:
    if problems:
        raise ConfigurationError("\n".join(problems))


def _shared_home(name: str, home: str | None, others: Sequence[Account], ftp_root: Path) -> list[str]:
    """The problem if another account has this home: each would claim the other's deposits."""
    mine = Path(home) if home else ftp_root / name
    return [
        f"--home: {mine} is the home of account {other.name}"
        for other in others
        if other.home_under(ftp_root) == mine and other.name != name
    ]


def _rekey(conn: Connection, account: Account, dedup: str) -> int:
    """Compute the contacts' keys under the criterion `dedup`; returns how many contacts changed."""
    what = {"account_id": account.account_id, "dedup": dedup}
    clashes = conn.execute(statements.get("accounts/clashes"), what).fetchall()
    if clashes:
        raise AnswerIsNo(_clash_sentence(account.name, dedup, clashes))
    # Two steps: a row's new key may be another row's old one, and the index is checked row by row.
    conn.execute(statements.get("accounts/clear_keys"), what)
    return conn.execute(statements.get("accounts/rekey"), what).rowcount


def _clash_sentence(name: str, dedup: str, clashes: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        f"account {name} keeps its criterion: under {dedup}, {len(clashes)} group(s) of contacts would become one:"
    ]
    for clash in clashes[:MAX_LISTED_CLASHES]:
        ids = ", ".join(map(str, clash["contact_ids"][:MAX_LISTED_CONTACTS]))
        more = clash["contacts"] - MAX_LISTED_CONTACTS
        lines.append(f"  contacts {ids}" + (f" and {more} more" if more > 0 else ""))
    if len(clashes) > MAX_LISTED_CLASHES:
        lines.append(f"  and {len(clashes) - MAX_LISTED_CLASHES} more")
    return "\n".join(lines)
