"""`adopt`: adds accounts for the homes that an FTP server already has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from contactsync.cli import output
from contactsync.cli.session import connected, load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contactsync.accounts.adoption import Proposal
    from contactsync.database.connection import Connection
    from contactsync.settings.settings import Settings


def adopt(
    ctx: typer.Context,
    only: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]…", help="Only these homes (default: all).")
    ] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the accounts, and add none.")] = False,
    as_json: output.AsJson = False,
) -> None:
    """Add an account for each folder in ftp_root that has none, with the folder's Unix user and group.

    The accounts get the default settings: change them with `account set`. No folder is made or changed: run
    `contactsync init` afterwards.

    Example: contactsync adopt --dry-run
    """
    settings = load_settings(ctx)
    from contactsync.accounts import adoption, store
    from contactsync.domain.errors import AnswerIsNo

    with connected(settings) as (conn, _):
        found = adoption.proposals(settings.ftp_root, store.every(conn))
        if missing := set(only or ()) - {each.name for each in found}:
            raise AnswerIsNo(
                f"{settings.ftp_root} has no home {', '.join(sorted(missing))} that lacks an account"
            )
        chosen = [each for each in found if not only or each.name in only]
        adopted = [each for each in chosen if each.skipped is None]
        if not dry_run:
            for each in adopted:
                _add(conn, each, settings)
    _print(chosen, settings, dry_run=dry_run, as_json=as_json)


def _add(conn: Connection, proposal: Proposal, settings: Settings) -> None:
    from contactsync.accounts import changes, rules

    def understand(current: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        return rules.understand(proposal.options, [], current)

    changes.add(conn, proposal.name, understand, settings.ftp_root)


def _print(chosen: list[Proposal], settings: Settings, *, dry_run: bool, as_json: bool) -> None:
    from dataclasses import asdict

    if as_json:
        output.as_json([{**asdict(each), "added": not dry_run and each.skipped is None} for each in chosen])
        return
    done = "would be added" if dry_run else "added"
    rows = [
        {
            "account": each.name,
            "outcome": f"skipped: {each.skipped}" if each.skipped else done,
            "unix_user": each.unix_user,
            "unix_group": each.unix_group,
        }
        for each in chosen
    ]
    nothing = f"every folder in {settings.ftp_root} is an account's home"
    output.table(rows, ("account", "unix_user", "unix_group", "outcome"), nothing)
    if not dry_run and any(each.skipped is None for each in chosen):
        typer.echo("their folders: contactsync init")
