"""Accounts: rows of `contactsync.account` as `model.Account`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contactsync.database import statements
from contactsync.database.connection import Connection
from contactsync.domain.account import Account
from contactsync.domain.errors import AnswerIsNo


def fingerprint(conn: Connection) -> str:
    """A word that changes whenever any account does."""
    row = conn.execute(statements.get("accounts/fingerprint")).fetchone()
    assert row is not None
    return str(row["fingerprint"])


def every(conn: Connection) -> list[Account]:
    """All accounts, by name."""
    return [_account(row) for row in conn.execute(statements.get("accounts/all")).fetchall()]


def find_account(conn: Connection, name: str) -> Account:
    """The account of that name; raises AnswerIsNo with the names that exist."""
    found = every(conn)
    for account in found:
        if account.name == name:
            return account
    names = ", ".join(account.name for account in found[:20]) or "none yet: `contactsync account add NAME`"
    raise AnswerIsNo(f"there is no account {name!r}; there is {names}")


def is_current(conn: Connection, account: Account) -> bool:
    """Whether the account's settings are still those that `account` has."""
    row = conn.execute(statements.get("accounts/revision"), {"account_id": account.account_id}).fetchone()
    return row is not None and bool(row["revision"] == account.revision)


def _account(row: Mapping[str, Any]) -> Account:
    return Account(**{**row, "field_labels": tuple(row["field_labels"])})
