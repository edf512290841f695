"""The thread that sweeps each account a few times per day, one batch at a time (`sweep.py`).

It never delays deposits: it takes an account's lock only if it is free, and after a batch it rests ten times as long
as the batch took.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Set
from functools import partial
from typing import ClassVar

import structlog

from contactsync.database.connection import Where
from contactsync.database.thread_sessions import ThreadSession
from contactsync.domain.account import Account
from contactsync.domain.errors import AccountBusy, ContactsyncError, DatabaseAway, FoldersMissing
from contactsync.retention import personal_data, sweep
from contactsync.retention.swept import START, Cursor, Swept
from contactsync.runtime.background import Background
from contactsync.settings.settings import Settings
from contactsync.spool.home_pins import HomePins
from contactsync.spool.spool import Spool
from contactsync.telemetry.log import bare, reason_of
from contactsync.telemetry.log_throttle import Once
from contactsync.telemetry.metrics import Metrics

ROUND_SECONDS = 6 * 3600.0
"""How often all accounts are swept."""

REST_SHARE, MIN_REST_SECONDS = 10, 0.1
BUSY_SECONDS = 1.0
AWAY_SECONDS = 30.0

log = structlog.get_logger()

RemoveBatch = Callable[[Cursor], Swept]
"""Removes the batch that begins at a cursor."""


class Sweeper(Background[Account, Settings]):
    """One thread for all accounts; does nothing while the settings are 0. `stop` lets the current batch end."""

    # A batch takes less than a second, and one that is cut short is repeated.
    max_stop_seconds: ClassVar[float] = 1.0

    def __init__(
        self,
        settings: Settings,
        url: Where,
        pins: HomePins,
        metrics: Metrics | None = None,
        *,
        hung: Callable[[], Collection[str]] = frozenset,
    ) -> None:
        """Prepare the thread; `url` is any that `connect` takes, `hung` returns accounts whose home does not answer."""
        super().__init__("sweeper")
        self._settings = settings
        self._pins = pins
        self._session = ThreadSession(url)
        self._hung = hung
        # The account whose folders the thread is in.
        self._attending: str | None = None
        self._metrics = metrics or Metrics()
        self._accounts: list[Account] = []
        # Accounts that were served, and are not any more: disabled, removed or refused.
        self._dropped: Set[str] = frozenset()
        self._round_wanted = False
        self._faults = Once()

    def update(self, accounts: Iterable[Account]) -> None:
        """Apply the current list of accounts; the first list starts the first round."""
        with self._changed:
            first, before = not self._accounts, {account.name for account in self._accounts}
            self._accounts = list(accounts)
            current = {account.name for account in self._accounts}
            self._dropped = (self._dropped | before) - current
            for name in before - current:
                self._faults.news(name, None)
            if first:
                self._want_round()

    def configure(self, settings: Settings) -> None:
        """Apply new settings; a round under them begins as soon as the current one has ended."""
        with self._changed:
            self._settings = settings
            self._want_round()

    # --- the thread ----------------------------------------------------------------------------------------

    def _want_round(self) -> None:
        self._round_wanted = True
        self._changed.notify()

    def _run(self) -> None:
        while not self._is_over:
            with self._changed:
                self._round_wanted = False
                accounts, settings = self._accounts, self._settings
            for account in accounts:
                while self._serves(account) and not self._attend_unless_hung(account, settings):
                    self._pause(AWAY_SECONDS)
            with self._changed:
                self._changed.wait_for(lambda: self._is_over or self._round_wanted, ROUND_SECONDS)
        self._session.close()

    def _serves(self, account: Account) -> bool:
        """Whether to go on with this account: it may have been disabled, or removed, during the round."""
        with self._changed:
            return not self._is_over and account.name not in self._dropped

    def _hangs(self) -> bool:
        return self._attending in self._hung()

    def _attend_unless_hung(self, account: Account, settings: Settings) -> bool:
        if account.name in self._hung():
            # The next round sweeps it.
            return True
        self._attending = account.name
        is_done = self._attend(account, settings)
        if not self._is_over:
            self._attending = None
        return is_done

    def _attend(self, account: Account, settings: Settings) -> bool:
        """Sweep one account to its end. Returns False if the database is unreachable; every exception ends here.

        A fault is logged when it appears, when it changes, and when it returns after a round without it.
        """
        total = Swept()
        try:
            for swept in self._sweep(account, settings):
                total += swept
        except DatabaseAway:
            self._metrics.trouble("database")
            return False
        except (ContactsyncError, OSError) as error:
            reason = reason_of(error)
            if self._faults.news(account.name, reason):
                log.warning("retention.waits", account=account.name, reason=reason)
            self._metrics.trouble("retention")
        except Exception as error:
            if self._faults.news(account.name, bare(error)):
                log.error("bug", account=account.name, exc_info=error)
            self._metrics.trouble("bug")
        else:
            self._faults.news(account.name, None)
        if any(total.counts.values()):
            log.info(
                "retention.removed",
                account=account.name,
                files=total.files,
                bytes=total.bytes,
                rows=total.rows,
                reactions=total.reactions,
                consent_events=total.consent_events,
                contacts=total.contacts,
            )
        return True

    def _sweep(self, account: Account, settings: Settings) -> Iterator[Swept]:
        """Remove what each setting asks for. Contacts go before the reactions, by which they are judged."""
        in_folders = (
            (settings.keep_settled_days, sweep.remove_files),
            (settings.keep_history_days, sweep.delete_rows),
        )
        in_database = (
            (settings.keep_contacts_idle_days, personal_data.remove_idle_contacts),
            (settings.keep_consent_days, personal_data.remove_consent_events),
            (settings.keep_reactions_days, personal_data.remove_reactions),
        )
        # With undo_days = 0, nothing is kept, and what was kept before goes too.
        yield from self._batches(
            account, partial(self._in_database, account, settings.undo_days, personal_data.remove_images)
        )
        for days, remove in in_database:
            if days:
                yield from self._batches(account, partial(self._in_database, account, days, remove))
        for days, remove_in in in_folders:
            if days:
                yield from self._batches(
                    account, partial(self._in_folders, account, settings, days, remove_in)
                )

    def _in_database(self, account: Account, days: int, remove: personal_data.Sweep, after: Cursor) -> Swept:
        with self._session() as conn:
            return remove(conn, account, days, after)

    def _in_folders(
        self, account: Account, settings: Settings, days: int, remove: sweep.Sweep, after: Cursor
    ) -> Swept:
        home = account.home_under(settings.ftp_root)
        with (
            Spool(home, self._pins, max_bytes=settings.max_file_bytes, ignored=settings.ignores) as spool,
            self._session() as conn,
        ):
            return remove(conn, account, spool, days, after)

    def _batches(self, account: Account, remove_batch: RemoveBatch) -> Iterator[Swept]:
        """Remove batch after batch, with a rest after each, until none is left, or the account is not served any more."""
        cursor: Cursor | None = START
        while cursor is not None and self._serves(account):
            started = time.monotonic()
            try:
                swept = remove_batch(cursor)
            except AccountBusy:
                self._pause(BUSY_SECONDS)
                continue
            except FoldersMissing:
                # No folders yet, so no files.
                return
            cursor = swept.cursor
            yield swept
            if cursor is not None:
                self._pause(max(MIN_REST_SECONDS, REST_SHARE * (time.monotonic() - started)))
