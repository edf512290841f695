"""`account disable`, `enable` and `remove`."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from contactsync.cli import output
from contactsync.cli.account.options import Name
from contactsync.cli.session import connected, find_account, load_settings
from contactsync.domain.errors import AnswerIsNo
from contactsync.runtime import stdio

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contactsync.database.connection import Connection
    from contactsync.domain.account import Account


def disable(ctx: typer.Context, name: Name) -> None:
    """Stop serving an account, and keep everything that it has.

    A deposit in progress ends first. After that, uploads wait in in/, no report is published, and no old file is
    removed. The FTP login is not touched: close it on the FTP server.

    Example: contactsync account disable acme
    """
    _set_disabled(ctx, name, disabled=True)
    typer.echo(f"account {name} disabled: its uploads wait in in/; contactsync account enable {name}")


def enable(ctx: typer.Context, name: Name) -> None:
    """Serve a disabled account again; what waits in in/ is applied in order of its deposit dates.

    Example: contactsync account enable acme
    """
    _set_disabled(ctx, name, disabled=False)
    typer.echo(f"account {name} enabled: a running daemon serves it within seconds")


def _set_disabled(ctx: typer.Context, name: str, *, disabled: bool) -> None:
    settings = load_settings(ctx)
    from contactsync.accounts import changes

    with connected(settings) as (conn, _):
        changes.set_disabled(conn, name, disabled=disabled)


def remove(
    ctx: typer.Context,
    name: Name,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be removed.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the account's name.")] = False,
    as_json: output.AsJson = False,
) -> None:
    """Remove a disabled account and all its rows from the database; this cannot be undone. Its files stay.

    The rows include contacts, lists, campaigns, reactions, the history of deposits, and the opt-outs: an account of
    the same name would start without them. Unless the database is the embedded one, run it with the database_url of
    the migrator, as `migrate`: the daemon's role may not remove consent.

    Example: contactsync account remove acme --dry-run
    """
    settings = load_settings(ctx)
    import psycopg

    from contactsync.accounts import removal
    from contactsync.database.connection import patient
    from contactsync.database.source import embedded_migrator

    try:
        with ExitStack() as stack:
            conn, embedded = stack.enter_context(connected(settings))
            if embedded:
                conn = stack.enter_context(embedded_migrator(conn))
            stack.enter_context(patient(conn))
            account = find_account(conn, name)
            home = account.home_under(settings.ftp_root)
            rows = removal.rows(conn, account)
            if not dry_run:
                _remove(conn, account, rows, str(home), agreed=yes)
    except psycopg.errors.InsufficientPrivilege:
        raise AnswerIsNo(
            f"the role in database_url may not remove accounts: run this as the migrator, with "
            f"CONTACTSYNC_DATABASE_URL=postgresql://contactsync_migrator@… contactsync account remove {name}"
        ) from None
    if as_json:
        output.as_json({"account": name, "removed": not dry_run, "rows": rows, "home": str(home)})
        return
    for line in _summary(name, rows, str(home), dry_run=dry_run):
        typer.echo(line)


def _remove(conn: Connection, account: Account, rows: Mapping[str, int], home: str, *, agreed: bool) -> None:
    from contactsync.accounts import removal

    removal.require_disabled(account)
    if not agreed:
        for line in _summary(account.name, rows, home, dry_run=True):
            typer.echo(line, err=True)
        if not stdio.is_terminal(sys.stdin):
            raise AnswerIsNo(
                f"account {account.name} is kept: nobody can be asked here; repeat it with --yes"
            )
        typed = typer.prompt(f"Type the account's name to remove it ({account.name})", default="", err=True)
        if typed.strip() != account.name:
            raise AnswerIsNo(f"account {account.name} is kept")
    removal.remove(conn, account)


def _summary(name: str, rows: Mapping[str, int], home: str, *, dry_run: bool) -> list[str]:
    verb = "would lose" if dry_run else "lost"
    counted = [f"  {count:>12,}  {table}" for table, count in rows.items()]
    if dry_run:
        ending = f"the files below {home} would stay"
    else:
        ending = f"account {name} is removed; its files stay: remove {home} yourself once nobody needs them"
    return [f"the database {verb} these rows of account {name}:", *counted, ending]
