"""Reads accounts: rows of `contactsync.account` as `domain.account.Account`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contactsync.database import statements
from contactsync.database.connection import Connection
from contactsync.domain.account import Account
from contactsync.domain.errors import AnswerIsNo

MAX_LISTED_NAMES = 20


def fingerprint(conn: Connection) -> str:
    """A string that changes whenever any account changes."""
    row = conn.execute(statements.get("accounts/fingerprint")).fetchone()
    assert row is not None
    return str(row["fingerprint"])


def every(conn: Connection) -> list[Account]:
    """All accounts, by name."""
    return [_account(row) for row in conn.execute(statements.get("accounts/all")).fetchall()]


def served(conn: Connection) -> list[Account]:
    """All accounts but the disabled ones, by name."""
    return [account for account in every(conn) if not account.disabled]


def find_account(conn: Connection, name: str) -> Account:
    """The account with this name; raises AnswerIsNo with the names that exist."""
    found = every(conn)
    for account in found:
        if account.name == name:
            return account
    if not found:
        raise AnswerIsNo(f"there is no account {name!r}, and no other: contactsync account add NAME")
    names = ", ".join(account.name for account in found[:MAX_LISTED_NAMES])
    raise AnswerIsNo(f"there is no account {name!r}; the accounts are {names}")


def is_current(conn: Connection, account: Account) -> bool:
    """Whether the account's settings in the database are still those of `account`."""
    row = conn.execute(statements.get("accounts/revision"), {"account_id": account.account_id}).fetchone()
    return row is not None and bool(row["revision"] == account.revision)


def _account(row: Mapping[str, Any]) -> Account:
    arrays = {column: tuple(row[column]) for column in ("field_labels", "header_map")}
    return Account(**{**row, **arrays})
