"""`doctor`: look at everything that has to be right, and name the command that mends what is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from contactsync.cli import output
from contactsync.cli.doctor.finding import Finding
from contactsync.cli.exit_status import NO, explain
from contactsync.cli.session import load_settings, opened_database
from contactsync.domain.errors import ContactsyncError

if TYPE_CHECKING:
    from contactsync.settings.settings import Settings
    from contactsync.telemetry.heartbeat import Sign

SILENT_FIX = "systemctl restart contactsync"


def doctor(ctx: typer.Context, *, as_json: output.AsJson = False) -> None:
    """Look at database, folders, disks, clocks, kernel limits, rights and leftovers; exit status 1 where one is wrong.

    Each finding names the command that mends it. Nothing is changed; a small file is written and removed again in an
    on/ folder of each file system. Run it as root or as the daemon's user, or parts cannot be looked at.

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
    from contactsync.cli import status, waiting
    from contactsync.cli.doctor import database, folders, host, leftovers
    from contactsync.database.connection import connect

    sign = status.read_sign(settings)
    yield from _daemon(settings, sign)
    yield from _settings(settings)
    homes = waiting.homes_without_database(settings, sign)
    accounts = None
    with opened_database(settings) as where:
        try:
            if isinstance(where, ContactsyncError):
                raise where  # noqa: TRY301 - told like any other reason
            with connect(where[0]) as conn:
                yield from database.findings(conn, settings, embedded=where[1])
                accounts = database.accounts_of(conn)
                if accounts is not None:
                    homes = {account.name: account.home_under(settings.ftp_root) for account in accounts}
                    yield from leftovers.findings(conn, settings, accounts, sign)
        except Exception as error:
            told = explain(error)
            if told is None:
                raise
            fix = "start PostgreSQL, or mend database_url: contactsync config show"
            yield Finding("error", "database", told.sentence, fix)
    yield from folders.findings(settings, accounts)
    yield from host.findings(settings, homes, sign)


def _daemon(settings: Settings, sign: Sign) -> Iterator[Finding]:
    from contactsync import __version__

    level = {"running": "ok", "silent": "error", "not running": "warning", "unknown": "warning"}[sign.state]
    fix = {"silent": SILENT_FIX, "not running": "systemctl start contactsync"}.get(sign.state)
    yield Finding(level, "daemon", sign.sentence, fix)  # type: ignore[arg-type]  # the values are levels
    if sign.state != "running":
        return
    if sign.content.get("version") != __version__:
        message = f"it runs version {sign.content.get('version')}, installed is {__version__}"
        yield Finding("warning", "daemon", message, SILENT_FIX)
    if sign.content.get("ftp_root") != str(settings.ftp_root):
        message = f"it works in {sign.content.get('ftp_root')}, this configuration says {settings.ftp_root}"
        yield Finding("warning", "daemon", message, "contactsync config show")
    if sign.content.get("database_away"):
        message = f"it waits for the database since {sign.content['database_away_since'][:19]}Z: {sign.content['database_away']}"
        yield Finding("error", "daemon", message, "contactsync status")
    for trouble in sign.content.get("troubles", ()):
        message = f"{trouble['account']} waits since {trouble['since'][:19]}Z: {trouble['reason']}"
        yield Finding("error", "daemon", message, "journalctl -u contactsync -p warning --since today")


def _settings(settings: Settings) -> Iterator[Finding]:
    notes = []
    if 0 < settings.grace_seconds < settings.settle_seconds:
        notes.append("grace_seconds is below settle_seconds, which counts for both")
    if settings.keep_history_days and not settings.keep_settled_days:
        notes.append("keep_history_days without keep_settled_days: a row stays as long as its file does")
    elif settings.keep_history_days and settings.keep_history_days < settings.keep_settled_days:
        notes.append("keep_history_days is below keep_settled_days: a row stays as long as its file does")
    for note in notes:
        yield Finding("note", "settings", note, "contactsync config show")
    if not notes:
        yield Finding("ok", "settings", "every key is valid")
