"""`doctor`: runs all checks and prints their findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from contactsync.cli import output
from contactsync.cli.doctor.finding import Finding, Level
from contactsync.cli.exit_status import NO, explain
from contactsync.cli.session import load_settings, opened_database
from contactsync.domain.errors import ContactsyncError, DatabaseAway, DatabaseRefuses

if TYPE_CHECKING:
    from contactsync.settings.settings import Settings
    from contactsync.telemetry.heartbeat import Sign


def doctor(ctx: typer.Context, *, as_json: output.AsJson = False) -> None:
    """Check database, folders, reports, disks, clocks, kernel limits, rights and leftovers; exit status 1 if there is an error.

    Each finding names the command that fixes it. Nothing is changed, except that a small file is created and removed in
    an on/ folder of each file system. Run it as root or as the daemon's user; other users cannot check everything.

    Example: contactsync doctor
    """
    settings = load_settings(ctx)
    found = list(_findings(settings))
    if as_json:
        output.as_json([asdict(finding) for finding in found])
    else:
        for finding in found:
            typer.echo(f"{finding.level:<8} {finding.check:<10} {finding.message}")
            if finding.fix:
                typer.echo(f"{'':<19} → {finding.fix}")
    if any(finding.level == "error" for finding in found):
        raise typer.Exit(NO)


def _findings(settings: Settings) -> Iterator[Finding]:
    from contactsync.cli import waiting
    from contactsync.cli.doctor import database, folders, host, leftovers, reports
    from contactsync.database.connection import connect

    sign = waiting.read_sign(settings)
    yield from _daemon(settings, sign)
    yield from _settings(settings)
    homes = waiting.homes_without_database(settings, sign)
    accounts = None
    with opened_database(settings) as where:
        try:
            if isinstance(where, ContactsyncError):
                raise where  # noqa: TRY301 - reported like any other database error
            with connect(where[0]) as conn:
                yield from database.findings(conn, settings, embedded=where[1])
                accounts = database.accounts_of(conn)
                if accounts is not None:
                    faults = folders.faults_of_homes(settings, accounts)
                    own = [account for account in accounts if account.name not in faults]
                    homes = {account.name: account.home_under(settings.ftp_root) for account in own}
                    yield from leftovers.findings(conn, settings, own, sign)
                    yield from reports.findings(conn, settings, own, sign)
        except Exception as error:
            ending = explain(error)
            if ending is None:
                raise
            yield _no_database(error, ending.sentence)
    yield from folders.findings(settings, accounts)
    yield from host.findings(settings, homes, sign)


def _no_database(error: Exception, sentence: str) -> Finding:
    if isinstance(error, DatabaseRefuses):
        return Finding("error", "database", f"the database refuses: {error}", error.fix)
    fix = error.fix if isinstance(error, DatabaseAway) else None
    return Finding("error", "database", sentence, fix or "correct database_url in the configuration")


def _daemon(settings: Settings, sign: Sign) -> Iterator[Finding]:
    from contactsync import __version__
    from contactsync.telemetry.heartbeat import RESTART, START

    levels: dict[str, tuple[Level, str | None]] = {
        "running": ("ok", None),
        "hangs": ("error", RESTART),
        "silent": ("error", RESTART),
        "not running": ("error", START),
        "unknown": ("warning", None),
    }
    level, fix = levels[sign.state]
    yield Finding(level, "daemon", sign.sentence, fix)
    if sign.state not in ("running", "hangs"):
        return
    daemon = sign.content
    if daemon.get("version") != __version__:
        message = f"it runs version {daemon.get('version')}; version {__version__} is installed"
        yield Finding("warning", "daemon", message, RESTART)
    if daemon.get("ftp_root") != str(settings.ftp_root):
        message = f"its ftp_root is {daemon.get('ftp_root')}; in this configuration it is {settings.ftp_root}"
        yield Finding("warning", "daemon", message, "contactsync config show")
    if daemon.get("database_away"):
        since = f"{daemon['database_away_since'][:19]}Z"
        message = f"it has been waiting for the database since {since}: {daemon['database_away']}"
        yield Finding("error", "daemon", message, "contactsync status")
    for trouble in daemon.get("troubles", ()):
        message = f"{trouble['account']} has been waiting since {trouble['since'][:19]}Z: {trouble['reason']}"
        yield Finding("error", "daemon", message, "journalctl -u contactsync -p warning --since today")


def _settings(settings: Settings) -> Iterator[Finding]:
    notes = []
    if 0 < settings.grace_seconds < settings.settle_seconds:
        notes.append("grace_seconds is below settle_seconds, which applies to both")
    if settings.keep_history_days and not settings.keep_settled_days:
        notes.append("keep_history_days without keep_settled_days: a row stays as long as its file")
    elif settings.keep_history_days and settings.keep_history_days < settings.keep_settled_days:
        notes.append("keep_history_days is below keep_settled_days: a row stays as long as its file")
    for note in notes:
        yield Finding("note", "settings", note, "contactsync config show")
    if not notes:
        yield Finding("ok", "settings", "every key is valid")
