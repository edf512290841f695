"""`status`: whether the daemon and the database run, what waits, and for what."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from contactsync.cli import output
from contactsync.cli.exit_status import NO, explain
from contactsync.cli.session import load_settings, opened_database
from contactsync.domain.errors import ContactsyncError
from contactsync.runtime import stdio

if TYPE_CHECKING:
    from contactsync.cli.status_report import StatusReport
    from contactsync.database.connection import Where
    from contactsync.settings.settings import Settings


def status(
    ctx: typer.Context,
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Repeat until Ctrl-C.")] = False,
    interval: Annotated[
        float, typer.Option(min=0.1, max=3600, help="With --watch: seconds between two reports.")
    ] = 2.0,
    as_json: output.AsJson = False,
) -> None:
    """Show whether the daemon and the database run, and for each account how many deposits wait, and for what.

    The exit status is 1 if the daemon does not run or hangs, or if the database is unreachable: then the queues are
    counted from the folders, and the daemon's last report is shown. With --json --watch, each report is one line.

    Example: contactsync status --watch
    """
    from contactsync.cli import status_text

    settings = load_settings(ctx)
    # An embedded server that we start runs until the last report.
    with opened_database(settings) as where:
        reports = _reports(settings, where)
        if watch:
            try:
                _watch(reports, interval, as_json=as_json)
            except KeyboardInterrupt:
                return
        report = next(reports)
    if as_json:
        output.as_json(report.as_mapping())
    else:
        typer.echo(status_text.text(report, output.width()))
    if report.daemon.is_down or not report.database.reachable:
        raise typer.Exit(NO)


def _watch(reports: Iterator[StatusReport], interval: float, *, as_json: bool) -> None:
    """Print reports until interrupted; on a terminal each replaces the last."""
    from contactsync.cli import status_text

    ended: list[int] = []

    def end(number: int, _frame: object) -> None:
        # Python drops an exception that a signal raises in a destructor. The flag stays.
        ended.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, end)
    if as_json or not stdio.is_terminal(stdio.stdout()):
        for report in reports:
            if as_json:
                output.as_json(report.as_mapping(), indent=None)
            else:
                typer.echo(status_text.text(report, output.width()) + "\n")
            _rest(ended, interval)
    from rich.live import Live
    from rich.text import Text

    with Live(Text(""), screen=True, auto_refresh=False) as live:
        for report in reports:
            now = f"{datetime.now().astimezone():%H:%M:%S}  (Ctrl-C ends)\n"
            live.update(Text(now + status_text.text(report, output.width())), refresh=True)
            _rest(ended, interval)


def _rest(ended: Sequence[int], seconds: float) -> None:
    """Sleep, unless Ctrl-C was pressed before."""
    if ended:
        raise KeyboardInterrupt
    time.sleep(seconds)


def _reports(settings: Settings, where: tuple[Where, bool] | ContactsyncError) -> Iterator[StatusReport]:
    """An endless series of reports, each over a new connection."""
    from contactsync.cli import status_report, waiting
    from contactsync.database.connection import connect

    while True:
        sign = waiting.read_sign(settings)
        if isinstance(where, ContactsyncError):
            yield status_report.without_database(settings, sign, str(where))
            continue
        url, embedded = where
        try:
            with connect(url) as conn:
                report = status_report.with_database(conn, settings, sign, embedded=embedded)
        except Exception as error:
            ending = explain(error)
            if ending is None:
                raise
            report = status_report.without_database(settings, sign, ending.sentence)
        yield report
