"""`check`: what the daemon would do with a file."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contactsync.cli import output
from contactsync.cli.completion import complete_accounts
from contactsync.cli.exit_status import NO
from contactsync.cli.session import connected, find_account, load_settings
from contactsync.domain.deposit import ACTIONS
from contactsync.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from contactsync.cli.dry_run import RowFate


def check(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV, or a zip that contains one.")],
    account: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="The account whose settings apply.", autocompletion=complete_accounts
        ),
    ],
    action: Annotated[
        str,
        typer.Option(
            help="Check it as an upload to contacts/ACTION/in: import, optoutEMAIL, optinSMS, delete…",
            autocompletion=lambda: list(ACTIONS),
        ),
    ] = "import",
    *,
    rows: Annotated[bool, typer.Option("--rows", help="Show the outcome of each row.")] = False,
    as_json: output.AsJson = False,
) -> None:
    """Show what the daemon would do with a file, without changing anything; exit status 1 if it would refuse it.

    Example: contactsync check contacts.csv --account acme --rows
    """
    settings = load_settings(ctx)
    if action not in ACTIONS:
        raise ConfigurationError(f"--action: {action!r} is not one of {', '.join(ACTIONS)}")
    from contactsync.cli import dry_run

    seen: list[RowFate] = []
    each_row = (seen.append if as_json else _print_row) if rows else None
    wanted = dry_run.Wanted(every_reject=as_json, each_row=each_row)
    with connected(settings) as (conn, _):
        owner = find_account(conn, account)
        found = dry_run.of(file, owner, ACTIONS[action], settings, wanted, session=lambda: nullcontext(conn))
    if as_json:
        output.as_json({**found, "rows": [row._asdict() for row in seen]} if rows else found)
    else:
        _print(found)
    if found["state"] == "ko":
        raise typer.Exit(NO)


def _print_row(row: RowFate) -> None:
    reason = f": {row.column or 'row'}: {row.message}" if row.message else ""
    typer.echo(f"line {row.line}  {row.state}{reason}")


def _print(found: dict[str, Any]) -> None:
    verdict = "would be applied" if found["state"] == "ok" else f"would be refused ({found['reason']})"
    typer.echo(f"{output.text(found['file'])}: {verdict}")
    typer.echo(f"  {output.text(found['message'])}")
    if found["state"] == "ok" and found["mode"]:
        typer.echo(
            f"  list {output.text(found['list'])!r}, {_MODES[found['mode']]}; encoding {found['encoding']}"
        )
    elif found["state"] == "ok":
        typer.echo(f"  encoding {found['encoding']}")
    if not found["is_a_deposit"]:
        typer.echo(
            "  but the daemon would ignore a file of this name: it matches a pattern in `ignored_names`"
        )
    for warning in found["warnings"]:
        typer.echo(f"  warning: {output.text(warning['message'])} ({warning['count']})")
    for error in found["errors"]:
        where = f"line {error['line']}" + (f", {error['column']}" if error["column"] else "")
        typer.echo(f"  {where}: {error['message']}")
    if found["rows_rejected"] > len(found["errors"]) > 0:
        typer.echo(f"  and {found['rows_rejected'] - len(found['errors'])} more: --json lists them all")


_MODES = {
    1: "created (mode 1)",
    2: "the newest of that name is extended, or one is created (mode 2)",
    3: "replaced by exactly these contacts (mode 3)",
}
