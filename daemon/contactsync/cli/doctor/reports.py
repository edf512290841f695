"""`doctor` on reports: the days that are owed, each with the reason, and the reactions that came too late."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from contactsync.cli.doctor.finding import Finding, Level
from contactsync.domain.errors import ConfigurationError, ContactsyncError
from contactsync.reports import days, late_reactions, owed
from contactsync.spool.home_pins import HomePins

if TYPE_CHECKING:
    from contactsync.database.connection import Connection
    from contactsync.domain.account import Account
    from contactsync.reports.owed import Owed
    from contactsync.settings.settings import Settings
    from contactsync.telemetry.heartbeat import Sign

PATIENCE = timedelta(hours=1)
"""A running daemon publishes late reactions, and a day that is due, within this time."""

START = "systemctl start contactsync"
JOURNAL = "journalctl -u contactsync -p warning --since today"


def findings(conn: Connection, settings: Settings, accounts: list[Account], sign: Sign) -> Iterator[Finding]:
    """A finding per account and reason, or one that nothing is missing. A disabled account is owed nothing."""
    nothing, pins = True, HomePins(settings.ftp_root, settings.data_dir)
    for account in (each for each in accounts if not each.disabled):
        for finding in (*_owed(conn, account, settings, pins, sign), *_unreported(conn, account, settings)):
            nothing = False
            yield finding
    if nothing:
        yield Finding("ok", "reports", "every day that is due is published")


def _owed(
    conn: Connection, account: Account, settings: Settings, pins: HomePins, sign: Sign
) -> Iterator[Finding]:
    home = account.home_under(settings.ftp_root)
    try:
        found = owed.owed_days(conn, account, settings, pins)
    except FileNotFoundError:
        message = f"{account.name}: no report is published: there is no {home / 'reporting'}"
        yield Finding("error", "reports", message, f"contactsync init {account.name}")
        return
    except ConfigurationError as error:
        fix = f"contactsync account set {account.name} --time-zone Europe/Paris"
        yield Finding("error", "reports", f"{account.name}: no report is published: {error}", fix)
        return
    except (ContactsyncError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        yield Finding(
            "error",
            "reports",
            f"{account.name}: reporting/ cannot be read: {reason}",
            "contactsync init --check",
        )
        return
    # Days with the same reason share a line.
    reasons: dict[tuple[Level, str, str, str], list[str]] = {}
    for each in found:
        verb = "is out of date" if each.is_present else "is missing"
        fix = f"ls -lA {shlex.quote(str(home / 'reporting' / str(each.day)))}" if each.obstacle else ""
        level, reason, cure = _reason(account, each, sign)
        reasons.setdefault((level, verb, reason, fix or cure), []).append(str(each.day))
    for (level, verb, reason, fix), dates in reasons.items():
        message = f"{account.name}: the report of {', '.join(dates)} {verb}: {reason}"
        yield Finding(level, "reports", message, fix)


def _reason(account: Account, day: Owed, sign: Sign) -> tuple[Level, str, str]:
    """Why a day is owed, how bad that is, and the command that helps."""
    if day.obstacle:
        return "error", day.obstacle, JOURNAL
    if sign.state != "running":
        return "warning", "the daemon is not running", START
    if reason := sign.content.get("reports_waiting", {}).get(account.name):
        return "error", str(reason), JOURNAL
    if day.is_present:
        return "note", "its reactions changed, and the daemon publishes it again within an hour", JOURNAL
    if datetime.now(UTC) - day.due_since < PATIENCE:
        return "note", "it is due since midnight, and the daemon is publishing", JOURNAL
    return "error", "the daemon has not published it, and gives no reason", JOURNAL


def _unreported(conn: Connection, account: Account, settings: Settings) -> Iterator[Finding]:
    """The days whose last reactions were recorded when their report was no longer kept."""
    try:
        current = days.today(datetime.now(UTC), days.zone_of(account))
    except ConfigurationError:
        return
    oldest = current - timedelta(days=settings.report_retention_days)
    late = late_reactions.unreported(conn, account, oldest, settings.report_retention_days)
    if late:
        message = (
            f"{account.name}: {sum(late.values())} reaction(s) of {len(late)} day(s), such as {max(late)}, were "
            "recorded after the report had left the retention: no report contains them"
        )
        fix = f"contactsync report --day {max(late)} --account {account.name}"
        yield Finding("warning", "reports", message, fix)
