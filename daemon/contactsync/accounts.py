"""Accounts: rows of `contactsync.account` as `model.Account`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contactsync import statements
from contactsync.db import Connection
from contactsync.model import Account


def fingerprint(conn: Connection) -> str:
    """A word that changes whenever any account does."""
    row = conn.execute(statements.get("account/fingerprint")).fetchone()
    assert row is not None
    return str(row["fingerprint"])


def every(conn: Connection) -> list[Account]:
    """All accounts, by name."""
    return [_account(row) for row in conn.execute(statements.get("account/all")).fetchall()]


def is_current(conn: Connection, account: Account) -> bool:
    """Whether the account's settings are still those that `account` has."""
    row = conn.execute(statements.get("account/revision"), {"account_id": account.account_id}).fetchone()
    return row is not None and bool(row["revision"] == account.revision)


def _account(row: Mapping[str, Any]) -> Account:
    return Account(**{**row, "field_labels": tuple(row["field_labels"])})
