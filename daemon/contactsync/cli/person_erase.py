"""`person erase`: removes one person from the tables, the kept files and the reports of every account."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contactsync.cli import output
from contactsync.cli.exit_status import NO, explain
from contactsync.cli.person import Email, Mobile, OfAccount, Phone, Reference, typed
from contactsync.cli.session import (
    connected,
    find_account,
    home_pins,
    load_settings,
    opened,
    require_own_homes,
)
from contactsync.domain.errors import ContactsyncError, FoldersMissing
from contactsync.runtime import stdio

if TYPE_CHECKING:
    from contactsync.database.connection import Connection
    from contactsync.domain.account import Account
    from contactsync.people.person import Typed
    from contactsync.settings.settings import Settings

COUNTS = ("contacts", "memberships", "reactions", "consent_events", "files", "rows", "reports")

GROUND = "an address that objected must never be used again: GDPR, articles 17(3) and 21(3)"

OUT_OF_REACH = (
    "backups of the database and of the files, and the database's write-ahead log, until they expire",
    "what the sending platform holds",
    "the uploader's own systems: the next file that names the person brings the person back",
)


def erase(
    ctx: typer.Context,
    *,
    email: Email = None,
    phone: Phone = None,
    mobile: Mobile = None,
    reference: Reference = None,
    account: OfAccount = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Erase nothing; only count what would be erased.")
    ] = False,
    as_json: output.AsJson = False,
) -> None:
    """Erase a person: contacts, lists, reactions and consent, and the person's rows in ok/, ko/ and reporting/.

    Opt-outs stay. What else the contact is known by is used too, except what another contact of the account has as well,
    such as a shared telephone. The command is safe beside the daemon and safe to repeat; after a kill, run it again. Exit
    status 1 if a file may still hold the person.

    Example: contactsync person erase --email a@example.com --dry-run
    """
    settings = load_settings(ctx)
    wanted = typed(email, phone, mobile, reference)
    from contactsync.accounts import store

    # A folder that the spool recreates gets the modes of its tree.
    os.umask(0)
    with connected(settings) as (conn, _), _progress() as searched:
        chosen = [find_account(conn, account)] if account else store.every(conn)
        wanted.require_valid(chosen[0].region if len(chosen) == 1 else "FR")
        found = [_erase(conn, settings, each, wanted, searched, dry_run=dry_run) for each in chosen]
    if as_json:
        output.as_json({"accounts": found, "ground": GROUND, "out_of_reach": OUT_OF_REACH})
    else:
        for line in _lines(found, dry_run=dry_run):
            typer.echo(output.text(line))
    if any(each["problems"] for each in found):
        raise typer.Exit(NO)


def _erase(
    conn: Connection,
    settings: Settings,
    account: Account,
    wanted: Typed,
    searched: Callable[[], None],
    *,
    dry_run: bool,
) -> dict[str, Any]:
    """Erase from one account: the files first, while the database still knows everything the person is known by."""
    from contactsync.people import erased_rows
    from contactsync.people.erased_files import FileErasure
    from contactsync.spool.settled_files import SettledFiles

    person, rows = erased_rows.find(conn, account, wanted.identifiers(account))
    home, problems = account.home_under(settings.ftp_root), []
    files, reports = [], 0
    try:
        require_own_homes(conn, settings, [account])
        locked = None if dry_run else partial(opened, settings, account)
        erasure = FileErasure(account, home, person, settings.max_inflated_bytes, locked)
        for file in erasure.every(searched):
            if file.problem:
                problems.append(
                    f"{home / file.path}: {file.problem}: look at it, and remove it if it must go"
                )
            else:
                files.append({"path": file.path, "rows": file.rows})
        if waiting := sum(1 for _ in SettledFiles(home).waiting()):
            problems.append(f"{waiting} file(s) are not settled yet: repeat this when they are")
    except (ContactsyncError, OSError) as error:
        problems.append(_sentence(home, error))
    if not dry_run:
        rows = erased_rows.erase(conn, account, person)
        try:
            reports = _publish_again(conn, settings, account)
        except FoldersMissing:
            # No reports were ever published.
            pass
        except (ContactsyncError, OSError) as error:
            problems.append(_sentence(home / "reporting", error))
    return {
        "account": account.name,
        "contacts": rows.contacts,
        "memberships": rows.memberships,
        "reactions": rows.reactions,
        "consent_events": rows.consent_events,
        "files": files,
        "reports": reports,
        "opt_outs_kept": list(rows.kept),
        "problems": problems,
    }


def _publish_again(conn: Connection, settings: Settings, account: Account) -> int:
    """Publish each day again whose reactions have changed since; returns how many."""
    from contactsync.reports import days, published_days
    from contactsync.reports.folder import ReportFolder
    from contactsync.reports.publish import publish

    zone = days.zone_of(account)
    home = account.home_under(settings.ftp_root)
    with ReportFolder(home, home_pins(settings), wait=True, daily_name=settings.daily_zip_name) as folder:
        present = sorted(folder.days())
        known = published_days.known(conn, account)
        end = days.today(datetime.now(UTC), zone)
        changed = published_days.differences(conn, account, min(present, default=end), date.max)
        for day in present:
            if day in changed or day not in known:
                publish(conn, account, folder, days.bounded(day, zone, known), settings)
    return sum(day in changed or day not in known for day in present)


def _sentence(place: object, error: Exception) -> str:
    ending = explain(error)
    return f"{place}: {ending.sentence if ending else error}"


def _lines(found: list[dict[str, Any]], *, dry_run: bool) -> Iterator[str]:
    would = "would be " if dry_run else ""
    for each in found:
        counts = {**each, "files": len(each["files"]), "rows": sum(file["rows"] for file in each["files"])}
        if not any((*(counts[key] for key in COUNTS), each["opt_outs_kept"], each["problems"])):
            continue
        yield f"account {each['account']}"
        yield (
            f"  {would}erased: {counts['contacts']} contact(s), {counts['memberships']} list membership(s), "
            f"{counts['reactions']} reaction(s), {counts['consent_events']} event(s) of consent"
        )
        yield f"  {would}rewritten: {counts['files']} file(s) without {counts['rows']} row(s)"
        for file in each["files"]:
            yield f"    {file['path']}: {file['rows']} row(s)"
        if not dry_run:
            yield f"  published again: {counts['reports']} day(s) of reporting/"
        for opt_out in each["opt_outs_kept"]:
            yield f"  kept: the opt-out from {opt_out['medium']} since {output.text(opt_out['since'])} ({GROUND})"
        for problem in each["problems"]:
            yield f"  not done: {problem}"
    yield "Out of reach:"
    for place in OUT_OF_REACH:
        yield f"  {place}"


@contextmanager
def _progress() -> Iterator[Callable[[], None]]:
    """On a terminal, show how many files were searched; yields a function to call after each."""
    if not stdio.is_terminal(sys.stderr):
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn(), TextColumn("{task.completed} file(s) searched"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("searching", total=None)
        yield partial(progress.advance, task)
