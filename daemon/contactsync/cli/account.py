"""The `account` commands: `add`, `set`, `list` and `show`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer

from contactsync.cli import output
from contactsync.cli.session import connected, find_account, load_settings
from contactsync.domain.errors import ConfigurationError

app = typer.Typer(
    help="Manage the accounts that may upload, and how their files are read.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.")]


def _choice(column: str, help_text: str, default: str) -> Any:
    def complete() -> list[str]:
        from contactsync.accounts.rules import CHOICES

        return list(CHOICES[column])

    return typer.Option(help=f"{help_text} (default: {default})", autocompletion=complete)


Home = Annotated[
    str | None,
    typer.Option(
        help="The account's FTP home (default: the folder with its name in ftp_root); '' clears it."
    ),
]
UnixUser = Annotated[
    str | None, typer.Option(help="The Unix user of its FTP login, for `init` run as root; '' clears it.")
]
UnixGroup = Annotated[str | None, typer.Option(help="The group of that user; required with --unix-user.")]
Separator = Annotated[
    str | None,
    typer.Option(
        help="The field separator of its files: ';' ',' '|' tab, or auto: the header line decides (default: ;)"
    ),
]
Dedup = Annotated[
    str | None,
    _choice("dedup", "How a row is matched to an existing contact: none, triplet or reference.", "none"),
]
Label = Annotated[
    list[str] | None,
    typer.Option(metavar="N=TEXT", help="Its own name for `Champ N`; repeatable, `N=` removes the name."),
]
Headers = Annotated[
    str | None,
    _choice(
        "headers",
        "Which headers are recognised: known (also those of widely used programs) or protocol.",
        "known",
    ),
]
Header = Annotated[
    list[str] | None,
    typer.Option(
        metavar="OLD=NEW",
        help="A header of its files and the column it means: Portable=Mobile; repeatable, `OLD=` removes it.",
    ),
]
Region = Annotated[
    str | None,
    typer.Option(help="The country of its national phone numbers: FR, BE, CH… (default: FR)"),
]
TimeZone = Annotated[
    str | None, typer.Option(help="The time zone of its days, for reports (default: Europe/Paris)")
]
Encoding = Annotated[
    str | None, _choice("encoding", "The encoding of its files: auto, iso-8859-1 or utf-8.", "auto")
]
BlankCells = Annotated[
    str | None,
    _choice("blank_cells", "What a blank cell does to an existing value: keep or clear.", "keep"),
]
PhoneCheck = Annotated[
    str | None,
    _choice("phone_check", "How strictly phone numbers are checked: possible or valid.", "possible"),
]
SyntaxErrors = Annotated[
    str | None,
    _choice(
        "syntax_errors",
        "What to do about rows with too many or too few cells: refuse the file, or skip the rows.",
        "refuse",
    ),
]
Language = Annotated[
    str | None, _choice("language", "The language of the messages to its uploaders: fr or en.", "fr")
]

DateOrder = Annotated[
    str | None,
    _choice("date_order", "The order of dates with slashes in its files: dmy (31/12/1980) or mdy.", "dmy"),
]


@app.command("add")
def add(
    ctx: typer.Context,
    name: Name,
    *,
    home: Home = None,
    unix_user: UnixUser = None,
    unix_group: UnixGroup = None,
    separator: Separator = None,
    dedup: Dedup = None,
    label: Label = None,
    headers: Headers = None,
    header: Header = None,
    region: Region = None,
    time_zone: TimeZone = None,
    encoding: Encoding = None,
    blank_cells: BlankCells = None,
    phone_check: PhoneCheck = None,
    syntax_errors: SyntaxErrors = None,
    language: Language = None,
    date_order: DateOrder = None,
) -> None:
    """Add an account. `contactsync init NAME` then makes its folders.

    Example: contactsync account add acme --dedup reference --separator ';' --label 3=Magasin
    """
    _write(ctx, name, (label or [], header or []), _given(locals()), new=True)


@app.command("set")
def set_(
    ctx: typer.Context,
    name: Name,
    *,
    home: Home = None,
    unix_user: UnixUser = None,
    unix_group: UnixGroup = None,
    separator: Separator = None,
    dedup: Dedup = None,
    label: Label = None,
    headers: Headers = None,
    header: Header = None,
    region: Region = None,
    time_zone: TimeZone = None,
    encoding: Encoding = None,
    blank_cells: BlankCells = None,
    phone_check: PhoneCheck = None,
    syntax_errors: SyntaxErrors = None,
    language: Language = None,
    date_order: DateOrder = None,
) -> None:
    """Change an account. Options that are not given keep their values; a running daemon adopts the change in seconds.

    A new criterion (--dedup) gives every contact a new key. It is refused if two contacts would become one.

    Example: contactsync account set acme --blank-cells clear --label 3=
    """
    _write(ctx, name, (label or [], header or []), _given(locals()), new=False)


def _given(options: Mapping[str, Any]) -> dict[str, str | None]:
    return {key: value for key, value in options.items() if key not in ("ctx", "name", "label", "header")}


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
def show_(ctx: typer.Context, name: Name, *, as_json: output.AsJson = False) -> None:
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
