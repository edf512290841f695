"""`init`: the FTP tree."""

from __future__ import annotations

from typing import Annotated

import typer

from contactsync.cli.session import connected, find_account, load_settings


def init(
    ctx: typer.Context,
    account: Annotated[
        str | None, typer.Argument(help="The account whose folders to make (default: every account).")
    ] = None,
) -> None:
    """Make the FTP folders of all accounts, or of one; safe to repeat.

    Owners change only where the account names a Unix user and group: run it as root then.

    Example: contactsync init acme
    """
    settings = load_settings(ctx)
    from contactsync import accounts, tree
    from contactsync.errors import ConfigurationError

    with connected(settings) as (conn, _):
        chosen = [find_account(conn, account)] if account else accounts.every(conn)
    problems = []
    for each in chosen:
        home = each.home_under(settings.ftp_root)
        try:
            done = tree.make(home, tree.owners_of(each))
        except ConfigurationError as error:  # the other accounts get their folders all the same
            problems.append(str(error))
            continue
        for line in done:
            typer.echo(line)
        if not done:
            typer.echo(f"{each.name}: all is there below {home}")
    if problems:
        raise ConfigurationError("\n".join(problems))
    if not chosen:
        typer.echo("there is no account yet: contactsync account add NAME", err=True)
