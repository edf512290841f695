"""`tidy`: applies keep_settled_days and keep_history_days now, or previews the effect."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contactsync.cli import output
from contactsync.cli.completion import complete_accounts
from contactsync.cli.session import connected, find_account, load_settings, opened, require_own_homes
from contactsync.domain.errors import AnswerIsNo

if TYPE_CHECKING:
    from contactsync.database.connection import Connection
    from contactsync.domain.account import Account
    from contactsync.retention.sweep import Cursor, Swept
    from contactsync.settings.settings import Settings
    from contactsync.spool.spool import Spool

COLUMNS = ("account", "files", "bytes", "rows")


def tidy(
    ctx: typer.Context,
    account: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Only files and rows of this account.", autocompletion=complete_accounts
        ),
    ] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Remove nothing; only count what is old enough.")
    ] = False,
    as_json: output.AsJson = False,
) -> None:
    """Remove settled files and ledger rows that are older than keep_settled_days and keep_history_days, now.

    The running daemon does this automatically a few times per day. The command is safe beside it, and never touches an
    unsettled file. With --dry-run, rows are counted by age alone; a row is removed only after its file.

    Example: contactsync tidy --dry-run
    """
    settings = load_settings(ctx)
    from contactsync.accounts import store

    # A folder that the spool recreates gets the modes of its tree.
    os.umask(0)
    with connected(settings) as (conn, _):
        chosen = [find_account(conn, account)] if account else store.served(conn)
        rows, problems = [], []
        for each in chosen:
            try:
                require_own_homes(conn, settings, [each])
                rows.append(_preview(conn, settings, each) if dry_run else _tidy(conn, settings, each))
            # Continue with the other accounts.
            except (AnswerIsNo, OSError) as error:
                problems.append(f"{each.name}: {error}")
    if not settings.keep_settled_days and not settings.keep_history_days:
        typer.echo("keep_settled_days and keep_history_days are 0: everything is kept forever", err=True)
    output.accounts(rows, COLUMNS, problems, in_json=as_json)


def _preview(conn: Connection, settings: Settings, account: Account) -> dict[str, Any]:
    from datetime import UTC, datetime

    from contactsync.database import statements

    what = {
        "account_id": account.account_id,
        "now": datetime.now(UTC),
        "settled_days": settings.keep_settled_days,
        "history_days": settings.keep_history_days,
    }
    row = conn.execute(statements.get("retention/preview"), what).fetchone() or {}
    return {"account": account.name, **row}


def _tidy(conn: Connection, settings: Settings, account: Account) -> dict[str, Any]:
    from contactsync.retention import sweep

    total = {"files": 0, "bytes": 0, "rows": 0}

    def every_batch(remove: Callable[[Connection, Account, Spool, int, Cursor], Swept], days: int) -> None:
        cursor: Cursor | None = sweep.START if days else None
        while cursor is not None:
            # Each batch takes the lock again, so that deposits can proceed in between.
            with opened(settings, account) as spool:
                swept = remove(conn, account, spool, days, cursor)
            total["files"] += swept.files
            total["bytes"] += swept.freed_bytes
            total["rows"] += swept.rows
            cursor = swept.cursor

    every_batch(sweep.remove_files, settings.keep_settled_days)
    every_batch(sweep.delete_rows, settings.keep_history_days)
    return {"account": account.name, **total}
