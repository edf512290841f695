"""`status` for people: a line per account, and below it what somebody may want to act on. Fits any width."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from contactsync.cli import output

if TYPE_CHECKING:
    from contactsync.cli.status_report import AccountReport, StatusReport

HEADINGS = ("waiting", "oldest", "in work", "ok today", "ko today")
MOST_HOURS = 48
LEAST_NAME = 12
"""Characters of an account's name that a line has at least; a longer one is shortened in its middle."""


def text(report: StatusReport, width: int) -> str:
    """The report in lines of at most `width` characters."""
    database = report.database
    kind = "embedded" if database.embedded else "reachable"
    state = f"{kind}, schema {database.schema}" if database.reachable else database.error or "unreachable"
    lines = [
        *output.wrapped("daemon    ", report.daemon.sentence, width),
        *output.wrapped("database  ", state, width),
    ]
    if report.accounts:
        lines += ["", *_table(report, width)]
    elif database.reachable:
        lines += output.wrapped("", output.NO_ACCOUNT, width)
    else:
        lines += output.wrapped(
            "", "the accounts are unknown: only the database and the daemon know them", width
        )
    return "\n".join(lines)


def _table(report: StatusReport, width: int) -> Iterator[str]:
    rows = [_cells(account) for account in report.accounts]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
    room = max(LEAST_NAME, width - sum(widths) - 2 * len(widths))
    names = [output.shortened(account.account, room) for account in report.accounts]
    longest = max(len("account"), *map(len, names))

    def line(name: str, cells: tuple[str, ...]) -> str:
        numbers = "".join(f"  {cell:>{size}}" for cell, size in zip(cells, widths, strict=True))
        return f"{name:<{longest}}{numbers}".rstrip()

    yield line("account", HEADINGS)
    for account, name, cells in zip(report.accounts, names, rows, strict=True):
        yield line(name, cells)
        if name != account.account:
            yield from output.wrapped("  → ", account.account, width)
        for note in _notes(account):
            yield from output.wrapped("  → ", note, width)


def _cells(account: AccountReport) -> tuple[str, ...]:
    queue, ledger = account.queue, account.ledger
    counts = (ledger.in_work, ledger.ok_today, ledger.ko_today)
    return (str(queue.waiting), _age(queue.oldest_waiting_seconds), *map(output.text, counts))


def _age(seconds: int | None) -> str:
    """`0:02:05`, or whole days, because a line has no room for both."""
    if seconds is None:
        return output.text(None)
    hours, rest = divmod(seconds, 3600)
    return f"{hours // 24} days" if hours >= MOST_HOURS else f"{hours}:{rest // 60:02}:{rest % 60:02}"


def _notes(account: AccountReport) -> Iterator[str]:
    """What the line of counts cannot show."""
    ledger = account.ledger
    if account.queue.folders != "ok":
        yield f"folders: {account.queue.folders}"
    if account.in_progress is not None:
        yield account.in_progress.sentence
    if ledger.attempts is not None and ledger.attempts > 1:
        yield f"attempt {ledger.attempts} of the deposit in work"
    if account.waits_for is not None:
        yield f"waits for {account.waits_for}"
    if (refused := ledger.last_refused) is not None:
        when = output.text(refused.finished_at)
        yield f"last refused {when}: {refused.reason}, {refused.action}/{refused.file}"
