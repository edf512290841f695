"""`check`: what the daemon would make of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contactsync.cli import output
from contactsync.cli.exit_status import NO
from contactsync.cli.session import connected, find_account, load_settings
from contactsync.domain.deposit import ACTIONS
from contactsync.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from contactsync.cli.dry_run import RowFate


def check(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV, or a zip with one.")],
    account: Annotated[str, typer.Option(metavar="NAME", help="By whose settings to read it.")],
    action: Annotated[
        str,
        typer.Option(
            help="As if it came to contacts/ACTION/in: import, optoutEMAIL, optinSMS, delete…",
            autocompletion=lambda: list(ACTIONS),
        ),
    ] = "import",
    *,
    rows: Annotated[bool, typer.Option("--rows", help="Show what would become of each row.")] = False,
    as_json: output.AsJson = False,
) -> None:
    """Tell what the daemon would make of a file, without changing anything; exit status 1 where it is refused.

    Example: contactsync check contacts.csv --account acme --rows
    """
    settings = load_settings(ctx)
    if action not in ACTIONS:
        raise ConfigurationError(f"--action: {action!r} is none of {', '.join(ACTIONS)}")
    from contactsync.cli import dry_run

    with connected(settings) as (conn, _):
        owner = find_account(conn, account)
    seen: list[RowFate] = []
    each_row = (seen.append if as_json else _print_row) if rows else None
    wanted = dry_run.Wanted(every_reject=as_json, each_row=each_row)
    found = dry_run.of(file, owner, ACTIONS[action], settings, wanted)
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
    dry_run = "would be applied" if found["state"] == "ok" else f"would be refused ({found['reason']})"
    typer.echo(f"{output.text(found['file'])}: {dry_run}")
    typer.echo(f"  {output.text(found['message'])}")
    if found["state"] == "ok" and found["mode"]:
        typer.echo(
            f"  list {output.text(found['list'])!r}, {_MODES[found['mode']]}; encoding {found['encoding']}"
        )
    elif found["state"] == "ok":
        typer.echo(f"  encoding {found['encoding']}")
    if not found["is_a_deposit"]:
        typer.echo("  as long as it has this name it is not taken: `ignored_names` has a pattern for it")
    for warning in found["warnings"]:
        typer.echo(f"  warning: {output.text(warning['message'])} ({warning['count']})")
    for error in found["errors"]:
        where = f"line {error['line']}" + (f", {error['column']}" if error["column"] else "")
        typer.echo(f"  {where}: {error['message']}")
    if found["rows_rejected"] > len(found["errors"]) > 0:
        typer.echo(f"  and {found['rows_rejected'] - len(found['errors'])} more: --json lists them all")


_MODES = {
    1: "made new (mode 1)",
    2: "added to the newest of that name, or made new (mode 2)",
    3: "made to hold exactly these contacts (mode 3)",
}
