"""`init`: makes or checks the FTP folders."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from contactsync.cli import output
from contactsync.cli.exit_status import NO
from contactsync.cli.session import connected, find_account, load_settings
from contactsync.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from contactsync.domain.account import Account
    from contactsync.spool.layout_check import Deviation


def init(
    ctx: typer.Context,
    account: Annotated[
        str | None, typer.Argument(help="The account whose folders to make (default: all accounts).")
    ] = None,
    *,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Change nothing; report deviations, and exit with status 1 if there are any."
        ),
    ] = False,
    as_json: output.AsJson = False,
) -> None:
    """Make the FTP folders of all accounts, or of one; safe to repeat.

    Owners change only if the account has a Unix user and group. In that case, run it as root.

    Example: contactsync init acme
    """
    if as_json and not check:
        raise ConfigurationError("--json: requires --check")
    settings = load_settings(ctx)
    from contactsync.accounts import homes, store

    with connected(settings) as (conn, _):
        every = store.every(conn)
        chosen = [find_account(conn, account)] if account else every
    refused = homes.refused(every, settings.ftp_root)
    problems: list[str] = []
    deviations: list[Deviation] = []
    for each in chosen:
        if each.name in refused:
            problems.append(f"account {each.name}: {refused[each.name]}")
            continue
        home = each.home_under(settings.ftp_root)
        try:
            deviations += _check(each, home, quiet=as_json) if check else _make(each, home)
        # Continue with the other accounts.
        except ConfigurationError as error:
            problems.append(str(error))
    if as_json:
        output.as_json([asdict(each) for each in deviations])
    if problems:
        raise ConfigurationError("\n".join(problems))
    if not chosen:
        typer.echo(output.NO_ACCOUNT, err=True)
    if deviations:
        raise typer.Exit(NO)


def _make(account: Account, home: Path) -> list[Deviation]:
    from contactsync.spool import layout, layout_make

    done = layout_make.make(home, layout.owners_of(account))
    for line in done or [f"{account.name}: all folders exist below {home}"]:
        typer.echo(line)
    return []


def _check(account: Account, home: Path, *, quiet: bool) -> list[Deviation]:
    from contactsync.spool import layout, layout_check

    found = layout_check.check(account.name, home, layout.owners_of(account))
    lines = [str(each) for each in found] or [f"{account.name}: all folders are correct below {home}"]
    if not quiet:
        typer.echo("\n".join(lines))
    return found
