"""Collects what `status` shows. The fields are the keys of `status --json`, which are public (protocol 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contactsync.cli import waiting

if TYPE_CHECKING:
    from contactsync.database.connection import Connection
    from contactsync.domain.account import Account
    from contactsync.settings.settings import Settings
    from contactsync.telemetry.heartbeat import Sign


@dataclass(frozen=True, slots=True)
class DaemonReport:
    """The daemon, by its heartbeat. Fields are None if there is no heartbeat; times are ISO 8601."""

    state: str
    sentence: str
    silent_seconds: float | None
    pid: int | None
    since: str | None
    version: str | None
    as_of: str | None
    summary: str | None
    database_away: str | None
    database_away_since: str | None
    troubles: Sequence[Mapping[str, Any]] | None
    queued: Sequence[str] | None
    running: Sequence[str] | None
    pausing: int | None
    # Whether it certainly does not do its work: the exit status is then 1.
    is_down: bool


@dataclass(frozen=True, slots=True)
class DatabaseReport:
    """The database. `schema` is the name of the last migration, `error` why it is unreachable."""

    reachable: bool
    embedded: bool
    schema: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """An account's last refused deposit."""

    deposit_id: int
    action: str
    reason: str
    finished_at: datetime
    file: str


@dataclass(frozen=True, slots=True)
class LedgerCounts:
    """What the ledger knows of an account's deposits; None without a database. Today is the account's day."""

    in_work: int | None = None
    attempts: int | None = None
    ok_today: int | None = None
    ko_today: int | None = None
    last_refused: Refusal | None = None


@dataclass(frozen=True, slots=True)
class DepositInProgress:
    """A deposit in progress: what the daemon last reported of it. `sentence` says it for people."""

    action: str
    file: str
    size_bytes: int
    stage: str
    seconds: int
    rows: int
    rows_per_second: int | None
    sentence: str


@dataclass(frozen=True, slots=True)
class AccountReport:
    """An account: its `in/` folders, what its deposits wait for, what is in progress, and what the ledger knows."""

    account: str
    queue: waiting.Queue
    waits_for: str | None
    ledger: LedgerCounts
    in_progress: DepositInProgress | None = None

    def as_mapping(self) -> dict[str, Any]:
        """One flat mapping, as in the JSON."""
        return {
            "account": self.account,
            **asdict(self.queue),
            "waits_for": self.waits_for,
            "in_progress": asdict(self.in_progress) if self.in_progress else None,
            **asdict(self.ledger),
        }


@dataclass(frozen=True, slots=True)
class StatusReport:
    """The daemon, the database and every account, at one moment."""

    daemon: DaemonReport
    database: DatabaseReport
    accounts: Sequence[AccountReport]

    def as_mapping(self) -> dict[str, Any]:
        """The document that `status --json` prints."""
        return {
            "daemon": asdict(self.daemon),
            "database": asdict(self.database),
            "accounts": [account.as_mapping() for account in self.accounts],
        }


def with_database(conn: Connection, settings: Settings, sign: Sign, *, embedded: bool) -> StatusReport:
    """The report on all accounts of the database; raises ConfigurationError if its schema is not current."""
    from contactsync.accounts import homes, store
    from contactsync.cli.session import require_schema
    from contactsync.database import statements
    from contactsync.spool.home_pins import HomePins

    require_schema(conn, embedded=embedded)
    row = conn.execute(statements.get("database/schema_version")).fetchone()
    schema = row["name"] if row else None
    every = store.every(conn)
    pins = HomePins(settings.ftp_root, settings.data_dir)
    faults = homes.faults(every, settings.ftp_root, pins, waiting.ATTENDED, waiting.ANSWER_SECONDS)
    accounts = [
        _left_alone(each.name, str(faults[each.name]), _counts(conn, each))
        if each.name in faults
        else _account(settings, each, sign, _counts(conn, each))
        for each in every
    ]
    database = DatabaseReport(reachable=True, embedded=embedded, schema=schema, error=None)
    return StatusReport(_daemon(sign), database, accounts)


def without_database(settings: Settings, sign: Sign, error: str) -> StatusReport:
    """The report if the database is unreachable: the accounts are found by their folders and the heartbeat."""
    homes = waiting.homes_without_database(settings, sign)
    accounts = [_found(settings, name, home, sign, LedgerCounts()) for name, home in homes.items()]
    database = DatabaseReport(reachable=False, embedded=not settings.database_url, schema=None, error=error)
    return StatusReport(_daemon(sign), database, accounts)


def _daemon(sign: Sign) -> DaemonReport:
    derived = ("state", "sentence", "silent_seconds", "is_down")
    heartbeat = {key: sign.content.get(key) for key in DaemonReport.__slots__ if key not in derived}
    return DaemonReport(sign.state, sign.sentence, sign.silent_seconds, is_down=sign.is_down, **heartbeat)


def _account(settings: Settings, account: Account, sign: Sign, ledger: LedgerCounts) -> AccountReport:
    report = _found(settings, account.name, account.home_under(settings.ftp_root), sign, ledger)
    return (
        replace(report, waits_for=f"contactsync account enable {account.name}")
        if account.disabled
        else report
    )


def _found(settings: Settings, name: str, home: Path, sign: Sign, ledger: LedgerCounts) -> AccountReport:
    queue = waiting.queue(settings, name, home)
    waits_for = waiting.waits_for(name, queue.waiting, sign)
    return AccountReport(name, queue, waits_for, ledger, _in_progress(name, sign))


def _in_progress(account: str, sign: Sign) -> DepositInProgress | None:
    status = sign.status if sign.state == "running" else None
    found = status.progress.get(account) if status else None
    if found is None:
        return None
    now = datetime.now(UTC)
    return DepositInProgress(
        found.action,
        found.file,
        found.size_bytes,
        found.stage,
        max(0, round((now - found.since).total_seconds())),
        found.rows,
        found.rows_per_second,
        found.sentence(now),
    )


def _left_alone(name: str, fault: str, ledger: LedgerCounts) -> AccountReport:
    """An account whose home must not be opened, not even to count what is in it."""
    queue = waiting.Queue(0, None, fault)
    return AccountReport(name, queue, "an operator (see folders)", ledger)


def _counts(conn: Connection, account: Account) -> LedgerCounts:
    from contactsync.database import statements
    from contactsync.domain import names

    what = {"account_id": account.account_id, "since": _start_of_day(account.time_zone)}
    counts = conn.execute(statements.get("ledger/deposits_today"), what).fetchone() or {}
    row = conn.execute(statements.get("ledger/last_refused"), what).fetchone()
    refusal = None
    if row:
        file = names.printable(bytes(row.pop("name_bytes")))
        refusal = Refusal(file=file, **row)
    return LedgerCounts(**counts, last_refused=refusal)


def _start_of_day(time_zone: str) -> datetime:
    """When the current day began in this time zone, or on this host if the name is invalid."""
    try:
        now = datetime.now(ZoneInfo(time_zone))
    # An account written by SQL may have any name.
    except (ZoneInfoNotFoundError, ValueError):
        now = datetime.now().astimezone()
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
