"""`report`: publish a day again, or for the first time."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contactsync.cli import output
from contactsync.cli.exit_status import explain
from contactsync.cli.session import connected, find_account, load_settings
from contactsync.domain.errors import AnswerIsNo, ConfigurationError, ContactsyncError, FoldersMissing

if TYPE_CHECKING:
    from contactsync.database.connection import Connection
    from contactsync.domain.account import Account
    from contactsync.settings.settings import Settings

COLUMNS = ("account", "day", "campaigns", "files", "rows", "folder")


def report(
    ctx: typer.Context,
    day: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM-DD", help="Which day (default: yesterday, in each account's time zone)."
        ),
    ] = None,
    account: Annotated[str | None, typer.Option(metavar="NAME", help="Only this account's.")] = None,
    *,
    as_json: output.AsJson = False,
) -> None:
    """Publish a day's report again: reporting/DAY/ is made anew from the database and takes its place at once.

    The daemon does so by itself every night. Today's report holds what there is so far, and is made again by the
    daemon when the day has ended.

    Example: contactsync report --day 2015-04-27 --account acme
    """
    settings = load_settings(ctx)
    wanted = _day(day)
    from contactsync.accounts import store

    with connected(settings) as (conn, _):
        chosen = [find_account(conn, account)] if account else store.every(conn)
        os.umask(0)  # modes are given where things are made
        rows, problems = [], []
        for each in chosen:
            try:
                rows.append(_publish(conn, settings, each, wanted))
            except (ContactsyncError, OSError) as error:  # the other accounts get theirs all the same
                told = explain(error)
                problems.append(f"{each.name}: {told.sentence if told else error}")
    for row in rows:
        if lossy := row.pop("lossy"):
            typer.echo(f"{row['account']}: in {lossy} file(s) ? stands for what iso-8859-1 lacks", err=True)
    if as_json:
        output.as_json(rows)
    elif rows or not problems:
        output.table(rows, COLUMNS, "there is no account yet: contactsync account add NAME")
    if problems:
        raise AnswerIsNo("\n".join(problems))


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ConfigurationError(f"--day: {text!r} is no day such as 2015-04-27") from None


def _publish(conn: Connection, settings: Settings, account: Account, wanted: date | None) -> dict[str, Any]:
    from contactsync.reports import days
    from contactsync.reports.folder import ReportFolder
    from contactsync.reports.publish import publish

    zone = days.zone_of(account)
    today = days.today(datetime.now(UTC), zone)
    day = today - timedelta(days=1) if wanted is None else wanted
    if day > today:
        raise AnswerIsNo(f"{day} has not begun in {account.time_zone}")
    home = account.home_under(settings.ftp_root)
    try:
        with ReportFolder(home, wait=True) as folder:
            contents = publish(conn, account, folder, days.day_of(day, zone), settings)
    except FoldersMissing as error:
        raise AnswerIsNo(f"there is no {error.path}: contactsync init {account.name}") from None
    if days.expired([day], datetime.now(UTC), zone, settings.report_retention_days):
        note = "is older than report_retention_days: a running daemon removes it at the next midnight"
        typer.echo(f"{account.name}: {day} {note}", err=True)
    return {
        "account": account.name,
        "day": str(day),
        "campaigns": contents.campaigns,
        "files": contents.files,
        "rows": contents.rows,
        "lossy": contents.lossy,
        "folder": str(home / "reporting" / str(day)),
    }
