"""`person`: what is held about one person, and the history of consent."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contactsync.cli import output
from contactsync.cli.completion import complete_accounts
from contactsync.cli.exit_status import NO
from contactsync.cli.session import connected, find_account, load_settings
from contactsync.domain.columns import KEYS, in_order
from contactsync.domain.formulas import defused_field

if TYPE_CHECKING:
    from contactsync.database.connection import Connection
    from contactsync.domain.account import Account
    from contactsync.people.kept_files import Search
    from contactsync.people.person import Typed
    from contactsync.people.records import Records
    from contactsync.settings.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Show what is held about one person, and why.")

Email = Annotated[str | None, typer.Option(metavar="ADDRESS", help="The person's e-mail address.")]
Phone = Annotated[str | None, typer.Option(metavar="NUMBER", help="The person's fixed telephone number.")]
Mobile = Annotated[str | None, typer.Option(metavar="NUMBER", help="The person's mobile number.")]
Reference = Annotated[str | None, typer.Option(metavar="REF", help="The reference that the CRM gave.")]
OfAccount = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Only this account; else all.", autocompletion=complete_accounts),
]

SECTIONS = ("contacts", "lists", "opt_outs", "consent", "reactions", "files")


@app.command("show")
def show(
    ctx: typer.Context,
    *,
    email: Email = None,
    phone: Phone = None,
    mobile: Mobile = None,
    reference: Reference = None,
    account: OfAccount = None,
    as_json: output.AsJson = False,
) -> None:
    """Show everything that is held about a person: contacts, lists, opt-outs, consent, reactions, kept files.

    A value matches any contact that has it; the contact's own addresses and reference then find the rest. Files are
    searched in ok/ and ko/, as far as they are kept; run it as root or as the daemon's user. Times are UTC. Exit
    status 1 if nothing is held.

    Example: contactsync person show --email a@example.com
    """
    found = _everything(ctx, account, typed(email, phone, mobile, reference))
    if as_json:
        output.as_json(found)
    elif not found:
        typer.echo("nothing is held about this person")
    for each in found if not as_json else ():
        for line in _lines(each):
            typer.echo(line)
    if not found:
        raise typer.Exit(NO)


@app.command("export")
def export(
    ctx: typer.Context,
    *,
    email: Email = None,
    phone: Phone = None,
    mobile: Mobile = None,
    reference: Reference = None,
    account: OfAccount = None,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="A table with a row per value, instead of JSON.")
    ] = False,
) -> None:
    """Write the same as `show` in a machine-readable form to standard output: JSON, or CSV in UTF-8.

    Example: contactsync person export --email a@example.com > person.json
    """
    found = _everything(ctx, account, typed(email, phone, mobile, reference))
    if not as_csv:
        output.as_json(found)
    else:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(("account", "section", "row", "field", "value"))
        writer.writerows(_cells(found))
    if not found:
        raise typer.Exit(NO)


@app.command("why")
def why(
    ctx: typer.Context,
    *,
    email: Email = None,
    phone: Phone = None,
    mobile: Mobile = None,
    reference: Reference = None,
    account: OfAccount = None,
) -> None:
    """Explain the history of a person's consent: each opt-out and opt-in with its time, and its file and line or campaign.

    Exit status 1 if no address of the person was ever opted out.

    Example: contactsync person why --email a@example.com --account acme
    """
    from contactsync.people import history

    explained = False
    for _, records, search in _accounts(ctx, account, typed(email, phone, mobile, reference)):
        if records.consent or records.opt_outs:
            explained = True
            typer.echo(f"account {records.account.name}")
            for sentence in history.sentences(records, search):
                typer.echo(f"  {output.text(sentence)}")
    if not explained:
        typer.echo("no address of this person was ever opted out")
        raise typer.Exit(NO)


def typed(email: str | None, phone: str | None, mobile: str | None, reference: str | None) -> Typed:
    """What the options name."""
    from contactsync.people.person import Typed

    return Typed(email, phone, mobile, reference)


def _everything(ctx: typer.Context, name: str | None, typed: Typed) -> list[dict[str, Any]]:
    """What each account holds; accounts that hold nothing are left out."""
    found = [
        _held(records, list(search.every(conn))) for conn, records, search in _accounts(ctx, name, typed)
    ]
    return [each for each in found if any(each[section] for section in SECTIONS)]


def _accounts(
    ctx: typer.Context, name: str | None, typed: Typed
) -> Iterator[tuple[Connection, Records, Search]]:
    """The records of each account, with a search in its files. Raises ConfigurationError if nobody is named."""
    from contactsync.accounts import store

    settings = load_settings(ctx)
    with connected(settings) as (conn, _):
        chosen = [find_account(conn, name)] if name else store.every(conn)
        typed.require_valid(chosen[0].region if len(chosen) == 1 else "FR")
        for account in chosen:
            yield (conn, *_of(conn, settings, account, typed))


def _of(conn: Connection, settings: Settings, account: Account, typed: Typed) -> tuple[Records, Search]:
    from contactsync.people import records
    from contactsync.people.kept_files import Search

    found = records.held(conn, account, typed.identifiers(account))
    home = account.home_under(settings.ftp_root)
    return found, Search(account, home, found.known_by, settings.max_inflated_bytes)


def _held(records: Records, files: list[Any]) -> dict[str, Any]:
    from dataclasses import asdict

    consent = [
        {key: value for key, value in row.items() if key not in ("claimed_bytes", "tidied_at")}
        for row in records.consent
    ]
    return {
        "account": records.account.name,
        "contacts": [{"contact_id": row["contact_id"], **_in_order(row["data"])} for row in records.contacts],
        "lists": list(records.lists),
        "opt_outs": list(records.opt_outs),
        "consent": consent,
        "reactions": [
            {**{key: value for key, value in row.items() if key != "data"}, **_in_order(row["data"])}
            for row in records.reactions
        ],
        "files": [asdict(each) for each in files],
    }


def _in_order(data: Mapping[str, Any]) -> dict[str, Any]:
    """The columns in the order of the protocol, then the others."""
    others = (column for column in data if column not in KEYS)
    return {column: data[column] for column in (*in_order(data), *others)}


def _value(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else output.text(value)


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"account {found['account']}"
    for section in SECTIONS:
        if found[section]:
            yield f"\n  {section.replace('_', '-')}"
        for row in found[section]:
            values = (f"{key}={_value(value)}" for key, value in row.items() if value not in (None, ()))
            yield f"    {', '.join(values)}"
    yield ""


def _cells(found: list[dict[str, Any]]) -> Iterator[tuple[str, str, int, str, str]]:
    for each in found:
        for section in SECTIONS:
            for number, row in enumerate(each[section], start=1):
                for key, value in row.items():
                    if value is not None:
                        text = value if isinstance(value, str) else json.dumps(value, default=str).strip('"')
                        # The table is made for spreadsheets.
                        safe = defused_field(text.encode(), may_be_number=True).decode()
                        yield each["account"], section, number, key, safe
