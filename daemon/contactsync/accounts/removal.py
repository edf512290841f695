"""Removes an account and its rows, table by table, in one transaction. Its files are not touched."""

from __future__ import annotations

from psycopg import sql

from contactsync.accounts.store import find_account
from contactsync.database import statements
from contactsync.database.connection import Connection
from contactsync.domain.account import Account
from contactsync.domain.errors import AnswerIsNo

TABLES = (
    *("reaction", "campaign"),
    *("list_member", "contact_list", "contact"),
    *("opt_out", "consent_event", "erasure"),
    *("contact_before", "member_before", "opt_out_before"),
    *("report_day", "deposit", "account"),
)
"""Every table with an `account_id`; a table comes before those that it references."""


def rows(conn: Connection, account: Account) -> dict[str, int]:
    """How many rows of each table belong to the account."""
    counted = {}
    for table in TABLES:
        statement = statements.get("accounts/count_rows").format(table=sql.Identifier("contactsync", table))
        row = conn.execute(statement, {"account_id": account.account_id}).fetchone()
        counted[table] = row["rows"] if row else 0
    return counted


def require_disabled(account: Account) -> None:
    """Raise AnswerIsNo if the daemon serves the account: it could be in the middle of a deposit."""
    if not account.disabled:
        raise AnswerIsNo(
            f"account {account.name} is in use: contactsync account disable {account.name}, "
            "and repeat this when its deposit in progress has ended"
        )


def remove(conn: Connection, account: Account) -> None:
    """Delete the account's rows, all or none; raises AnswerIsNo if somebody has enabled or removed it meanwhile."""
    with conn.transaction():
        conn.execute(statements.get("accounts/lock"), {"account_id": account.account_id})
        require_disabled(find_account(conn, account.name))
        for table in TABLES:
            statement = statements.get("accounts/delete_rows").format(
                table=sql.Identifier("contactsync", table)
            )
            conn.execute(statement, {"account_id": account.account_id})
