"""`init`: the FTP tree, made or checked."""

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
        str | None, typer.Argument(help="The account whose folders to make (default: every account).")
    ] = None,
    *,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Change nothing; tell what deviates, exit status 1 where anything does."
        ),
    ] = False,
    as_json: output.AsJson = False,
) -> None:
    """Make the FTP folders of all accounts, or of one; safe to repeat.

    Owners change only where the account names a Unix user and group: run it as root then.

    Example: contactsync init acme
    """
    if as_json and not check:
        raise ConfigurationError("--json: goes with --check")
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
        except ConfigurationError as error:  # the other accounts get their folders all the same
            problems.append(str(error))
    if as_json:
        output.as_json([asdict(each) for each in deviations])
    if problems:
        raise ConfigurationError("\n".join(problems))
    if not chosen:
        typer.echo("there is no account yet: contactsync account add NAME", err=True)
    if deviations:
        raise typer.Exit(NO)


def _make(account: Account, home: Path) -> list[Deviation]:
    from contactsync.spool import layout, layout_make

    done = layout_make.make(home, layout.owners_of(account))
    for line in done or [f"{account.name}: all is there below {home}"]:
        typer.echo(line)
    return []


def _check(account: Account, home: Path, *, quiet: bool) -> list[Deviation]:
    from contactsync.spool import layout, layout_check

    found = layout_check.check(account.name, home, layout.owners_of(account))
    lines = [str(each) for each in found] or [f"{account.name}: all is as it should be below {home}"]
    if not quiet:
        typer.echo("\n".join(lines))
    return found
