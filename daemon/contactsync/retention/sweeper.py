"""The daemon's thread that keeps house: a few times a day it sweeps each account, a batch at a time (`retention.py`).

It never stands in the way of deposits: it takes an account's lock only where nobody has it, and rests after a batch
ten times as long as that took.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import structlog

from contactsync.database.connection import Connection, Session
from contactsync.domain.account import Account
from contactsync.domain.errors import AccountBusy, ContactsyncError, DatabaseAway, FoldersMissing
from contactsync.retention import sweep as retention
from contactsync.retention.sweep import Swept
from contactsync.settings.settings import Settings
from contactsync.spool.spool import Spool
from contactsync.telemetry.log import reason_of

ROUND_SECONDS = 6 * 3600.0
"""How often all accounts are looked at."""

REST_SHARE, MIN_REST_SECONDS = 10, 0.1
BUSY_SECONDS = 1.0
AWAY_SECONDS = 30.0

log = structlog.get_logger()


@dataclass(slots=True)
class _Total:
    """What a round did for an account."""

    files: int = 0
    freed_bytes: int = 0
    rows: int = 0

    def add(self, swept: Swept) -> None:
        self.files += swept.files
        self.freed_bytes += swept.freed_bytes
        self.rows += swept.rows


class Sweeper:
    """One thread for all accounts; does nothing while both settings are 0."""

    def __init__(self, settings: Settings, url: str) -> None:
        """Prepare; `url` is any that `db.connect` takes."""
        self._settings = settings
        self._session = Session(url)
        self._accounts: list[Account] = []
        self._changed = threading.Condition()
        self._stopping = False
        self._told: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> None:
        """Start the thread; a daemon thread, so one that hangs does not keep the process."""
        self._thread.start()

    def update(self, accounts: Iterable[Account]) -> None:
        """Take over the accounts as they are now."""
        with self._changed:
            first = not self._accounts
            self._accounts = list(accounts)
            if first:
                self._changed.notify()

    def configure(self, settings: Settings) -> None:
        """Take over the settings as they are now; a round begins at once."""
        with self._changed:
            self._settings = settings
            self._changed.notify()

    def stop(self, seconds: float) -> bool:
        """End the thread after the batch in work; False where it still runs after so long."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    # --- the thread ----------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping:
            with self._changed:
                if not self._accounts and not self._stopping:
                    self._changed.wait()
                accounts, settings = self._accounts, self._settings
            for account in accounts:
                while not self._stopping and not self._attend(account, settings):
                    self._rest(AWAY_SECONDS)
            self._rest(ROUND_SECONDS)
        self._session.close()

    def _rest(self, seconds: float) -> None:
        with self._changed:
            if not self._stopping:
                self._changed.wait(seconds)

    def _attend(self, account: Account, settings: Settings) -> bool:
        """Sweep one account to its end; False where the database is away. What this raises ends here."""
        total = _Total()
        try:
            for swept in self._sweep(account, settings):
                total.add(swept)
        except DatabaseAway:
            return False
        except (ContactsyncError, OSError) as error:
            reason = reason_of(error)
            self._tell_once(account, reason)
        except Exception as error:
            if account.name not in self._told:
                log.error("bug", account=account.name, exc_info=error)
            self._told.add(account.name)
        if total.files or total.rows:
            log.info(
                "retention.removed",
                account=account.name,
                files=total.files,
                bytes=total.freed_bytes,
                rows=total.rows,
            )
        return True

    def _sweep(self, account: Account, settings: Settings) -> Iterator[Swept]:
        if settings.keep_settled_days:
            yield from self._batches(account, settings, settings.keep_settled_days, retention.remove_files)
        if settings.keep_history_days:
            yield from self._batches(account, settings, settings.keep_history_days, retention.forget)

    def _batches(
        self,
        account: Account,
        settings: Settings,
        days: int,
        sweep: Callable[[Connection, Account, Spool, int, retention.Cursor], Swept],
    ) -> Iterator[Swept]:
        """Batch after batch, with a rest after each, until there are no more or the daemon stops."""
        home = account.home_under(settings.ftp_root)
        cursor: retention.Cursor | None = retention.START
        while cursor is not None and not self._stopping:
            started = time.monotonic()
            try:
                with Spool(home, max_bytes=settings.max_file_bytes, ignored=settings.ignores) as spool:
                    with self._session() as conn:
                        swept = sweep(conn, account, spool, days, cursor)
                    cursor = swept.cursor
            except AccountBusy:
                self._rest(BUSY_SECONDS)
                continue
            except FoldersMissing:
                return  # no folders yet, so no files
            yield swept
            if cursor is not None:
                self._rest(max(MIN_REST_SECONDS, REST_SHARE * (time.monotonic() - started)))

    def _tell_once(self, account: Account, reason: str) -> None:
        line = f"{account.name} {reason}"
        if line not in self._told:
            log.warning("retention.waits", account=account.name, reason=reason)
        self._told.add(line)
