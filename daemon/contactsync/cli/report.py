"""`report`: publishes a day again, or for the first time."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contactsync.cli import output
from contactsync.cli.completion import complete_accounts
from contactsync.cli.exit_status import explain
from contactsync.cli.session import connected, find_account, home_pins, load_settings, require_own_homes
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
            metavar="YYYY-MM-DD", help="The day to publish (default: yesterday, in each account's time zone)."
        ),
    ] = None,
    account: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Only the report of this account.", autocompletion=complete_accounts
        ),
    ] = None,
    *,
    as_json: output.AsJson = False,
) -> None:
    """Publish a day's report again: rebuild reporting/DAY/ from the database and replace it in one step.

    The daemon publishes every night. Today's report contains the day so far; the daemon publishes it again when the
    day has ended.

    Example: contactsync report --day 2015-04-27 --account acme
    """
    settings = load_settings(ctx)
    wanted = _day(day)
    from contactsync.accounts import store

    with connected(settings) as (conn, _):
        chosen = [find_account(conn, account)] if account else store.served(conn)
        # Each folder and file is created with an explicit mode.
        os.umask(0)
        rows, problems = [], []
        for each in chosen:
            try:
                rows.append(_publish(conn, settings, each, wanted))
            # Continue with the other accounts.
            except (ContactsyncError, OSError) as error:
                ending = explain(error)
                problems.append(f"{each.name}: {ending.sentence if ending else error}")
    for row in rows:
        if lossy := row.pop("lossy"):
            note = "? replaces characters that iso-8859-1 lacks"
            typer.echo(f"{row['account']}: in {lossy} file(s), {note}", err=True)
    output.accounts(rows, COLUMNS, problems, in_json=as_json)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ConfigurationError(f"--day: {text!r} is not a day such as 2015-04-27") from None


def _publish(conn: Connection, settings: Settings, account: Account, wanted: date | None) -> dict[str, Any]:
    from contactsync.reports import days, published_days
    from contactsync.reports.folder import ReportFolder
    from contactsync.reports.publish import publish

    zone = days.zone_of(account)
    today = days.today(datetime.now(UTC), zone)
    day = today - timedelta(days=1) if wanted is None else wanted
    if day > today:
        raise AnswerIsNo(f"{day} has not begun in {account.time_zone}")
    require_own_homes(conn, settings, [account])
    home = account.home_under(settings.ftp_root)
    try:
        with ReportFolder(home, home_pins(settings), wait=True, daily_name=settings.daily_zip_name) as folder:
            known = published_days.known(conn, account)
            contents = publish(conn, account, folder, days.bounded(day, zone, known), settings)
    except FoldersMissing as error:
        raise AnswerIsNo(f"there is no {error.path}: contactsync init {account.name}") from None
    if days.expired([day], datetime.now(UTC), zone, settings.report_retention_days):
        note = "is older than report_retention_days: a running daemon will remove it at the next midnight"
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
