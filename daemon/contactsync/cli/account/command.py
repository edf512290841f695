"""The `account` commands: `add`, `set`, `list` and `show`; `lifecycle` has the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import typer

from contactsync.cli import output
from contactsync.cli.account import lifecycle, options
from contactsync.cli.session import connected, find_account, load_settings
from contactsync.domain.errors import ConfigurationError

app = typer.Typer(
    help="Manage the accounts that may upload, and how their files are read.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


app.command("disable")(lifecycle.disable)
app.command("enable")(lifecycle.enable)
app.command("remove")(lifecycle.remove)


@app.command("add")
def add(
    ctx: typer.Context,
    name: options.NewName,
    *,
    home: options.Home = None,
    unix_user: options.UnixUser = None,
    unix_group: options.UnixGroup = None,
    separator: options.Separator = None,
    dedup: options.Dedup = None,
    label: options.Label = None,
    headers: options.Headers = None,
    header: options.Header = None,
    region: options.Region = None,
    time_zone: options.TimeZone = None,
    encoding: options.Encoding = None,
    blank_cells: options.BlankCells = None,
    phone_check: options.PhoneCheck = None,
    syntax_errors: options.SyntaxErrors = None,
    language: options.Language = None,
    date_order: options.DateOrder = None,
    settle_seconds: options.SettleSeconds = None,
    grace_seconds: options.GraceSeconds = None,
    repeats: options.Repeats = None,
    max_removals: options.MaxRemovals = None,
    max_removal_percent: options.MaxRemovalPercent = None,
) -> None:
    """Add an account. `contactsync init NAME` then makes its folders.

    Example: contactsync account add acme --dedup reference --separator ';' --label 3=Magasin
    """
    _write(ctx, name, (label or [], header or []), _given(locals()), new=True)


@app.command("set")
def set_(
    ctx: typer.Context,
    name: options.Name,
    *,
    home: options.Home = None,
    unix_user: options.UnixUser = None,
    unix_group: options.UnixGroup = None,
    separator: options.Separator = None,
    dedup: options.Dedup = None,
    label: options.Label = None,
    headers: options.Headers = None,
    header: options.Header = None,
    region: options.Region = None,
    time_zone: options.TimeZone = None,
    encoding: options.Encoding = None,
    blank_cells: options.BlankCells = None,
    phone_check: options.PhoneCheck = None,
    syntax_errors: options.SyntaxErrors = None,
    language: options.Language = None,
    date_order: options.DateOrder = None,
    settle_seconds: options.SettleSeconds = None,
    grace_seconds: options.GraceSeconds = None,
    repeats: options.Repeats = None,
    max_removals: options.MaxRemovals = None,
    max_removal_percent: options.MaxRemovalPercent = None,
) -> None:
    """Change an account. Options that are not given keep their values; a running daemon adopts the change in seconds.

    A new criterion (--dedup) gives every contact a new key. It is refused if two contacts would become one.

    Example: contactsync account set acme --blank-cells clear --label 3=
    """
    _write(ctx, name, (label or [], header or []), _given(locals()), new=False)


def _given(arguments: Mapping[str, Any]) -> dict[str, str | None]:
    return {key: value for key, value in arguments.items() if key not in ("ctx", "name", "label", "header")}


def _write(
    ctx: typer.Context,
    name: str,
    repeated: tuple[list[str], list[str]],
    given: dict[str, str | None],
    *,
    new: bool,
) -> None:
    """Write an account; `repeated` are the values of --label and --header."""
    from contactsync.accounts import rules

    labels, headers = repeated

    def understand(current: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        return rules.understand(given, labels, current, headers)

    settings = load_settings(ctx)
    if not new and not any(repeated) and all(value is None for value in given.values()):
        raise ConfigurationError(f"account set {name}: give what to change, such as --language en")
    # Report invalid values even if there is no database yet.
    if new:
        name_problem = rules.name_problem(name)
        problems = [*([name_problem] if name_problem else []), *understand({})[1]]
        if problems:
            raise ConfigurationError("\n".join(problems))

    from contactsync.accounts import changes

    with connected(settings) as (conn, _):
        if new:
            changes.add(conn, name, understand, settings.ftp_root)
            typer.echo(f"account {name} added; its folders: contactsync init {name}")
            return
        rekeyed = changes.change(conn, name, understand, settings.ftp_root)
    keys = "" if rekeyed is None else f"; {rekeyed} contact(s) have a key by {given['dedup']}"
    typer.echo(f"account {name} changed{keys}")


@app.command("list")
def list_(ctx: typer.Context, *, as_json: output.AsJson = False) -> None:
    """List the accounts.

    Example: contactsync account list --json
    """
    settings = load_settings(ctx)
    from contactsync.accounts import store

    with connected(settings) as (conn, _):
        found = [asdict(account) for account in store.every(conn)]
    if as_json:
        output.as_json(found)
        return
    rows = [{**row, "home": row["home"] or str(settings.ftp_root / row["name"])} for row in found]
    columns = ("name", "dedup", "separator", "encoding", "region", "time_zone", "language", "home")
    output.table(rows, columns, output.NO_ACCOUNT)


@app.command("show")
def show_(ctx: typer.Context, name: options.Name, *, as_json: output.AsJson = False) -> None:
    """Show every property of an account.

    Example: contactsync account show acme
    """
    settings = load_settings(ctx)
    with connected(settings) as (conn, _):
        account = find_account(conn, name)
    if as_json:
        output.as_json(asdict(account))
        return
    labels = [f"{n}={label}" for n, label in enumerate(account.field_labels, start=1) if label]
    home = str(account.home_under(settings.ftp_root))
    listed = {"field_labels": ", ".join(labels) or None, "header_map": ", ".join(account.header_map) or None}
    output.pairs({**asdict(account), "home": home, **listed})
