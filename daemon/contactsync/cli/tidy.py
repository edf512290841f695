"""`tidy`: applies the retention settings now, or previews the effect."""

from __future__ import annotations

import os
import time
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
    from contactsync.retention import personal_data, sweep
    from contactsync.retention.swept import Cursor, Swept
    from contactsync.settings.settings import Settings

COLUMNS = ("account", "files", "bytes", "rows", "reactions", "consent_events", "contacts")
SETTINGS = (
    "keep_settled_days",
    "keep_history_days",
    "keep_reactions_days",
    "keep_consent_days",
    "keep_contacts_idle_days",
)
BUSY_SECONDS = 0.5


def tidy(
    ctx: typer.Context,
    account: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Only what belongs to this account.", autocompletion=complete_accounts
        ),
    ] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Remove nothing; only count what is old enough.")
    ] = False,
    as_json: output.AsJson = False,
) -> None:
    """Remove now what is older than the retention settings allow: files, ledger rows and personal data.

    The settings are keep_settled_days, keep_history_days, keep_reactions_days, keep_consent_days and
    keep_contacts_idle_days. The running daemon does this automatically a few times per day. The command is safe beside
    it, and never touches an unsettled file or an opt-out. With --dry-run, rows are counted by age alone; a row is
    removed only after its file.

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
    if not any(getattr(settings, key) for key in SETTINGS):
        typer.echo(
            f"{', '.join(SETTINGS[:-1])} and {SETTINGS[-1]} are 0: everything is kept forever", err=True
        )
    output.accounts(rows, COLUMNS, problems, in_json=as_json)


def _preview(conn: Connection, settings: Settings, account: Account) -> dict[str, Any]:
    from datetime import UTC, datetime

    from contactsync.database import statements
    from contactsync.retention import personal_data

    what = {
        "account_id": account.account_id,
        "now": datetime.now(UTC),
        "settled_days": settings.keep_settled_days,
        "history_days": settings.keep_history_days,
        "reactions_days": settings.keep_reactions_days,
    }
    row = conn.execute(statements.get("retention/preview"), what).fetchone() or {}
    consent, idle = settings.keep_consent_days, settings.keep_contacts_idle_days
    return {
        "account": account.name,
        **row,
        "consent_events": personal_data.count(conn, account, consent, personal_data.old_consent_events),
        "contacts": personal_data.count(conn, account, idle, personal_data.idle_contacts),
    }


def _tidy(conn: Connection, settings: Settings, account: Account) -> dict[str, Any]:
    from contactsync.retention import personal_data, sweep
    from contactsync.retention.swept import START, Swept

    total = Swept()

    def every_batch(remove_batch: Callable[[Cursor], Swept]) -> None:
        nonlocal total
        cursor: Cursor | None = START
        while cursor is not None:
            swept = remove_batch(cursor)
            total += swept
            cursor = swept.cursor

    def in_database(remove: personal_data.Sweep, days: int) -> None:
        if days:
            every_batch(lambda cursor: _when_free(lambda: remove(conn, account, days, cursor)))

    def in_folders(remove: sweep.Sweep, days: int) -> None:
        def remove_batch(cursor: Cursor) -> Swept:
            # Each batch takes the lock again, so that deposits can proceed in between.
            with opened(settings, account) as spool:
                return remove(conn, account, spool, days, cursor)

        if days:
            every_batch(remove_batch)

    every_batch(lambda cursor: personal_data.remove_images(conn, account, settings.undo_days, cursor))
    in_database(personal_data.remove_idle_contacts, settings.keep_contacts_idle_days)
    in_database(personal_data.remove_consent_events, settings.keep_consent_days)
    in_database(personal_data.remove_reactions, settings.keep_reactions_days)
    in_folders(sweep.remove_files, settings.keep_settled_days)
    in_folders(sweep.delete_rows, settings.keep_history_days)
    return {"account": account.name, **total.counts}


def _when_free(remove_batch: Callable[[], Swept]) -> Swept:
    """What a batch removed, when no deposit of the account is being merged any more."""
    from contactsync.domain.errors import AccountBusy

    while True:
        try:
            return remove_batch()
        except AccountBusy:
            time.sleep(BUSY_SECONDS)
