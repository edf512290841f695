"""The thread that looks after each account's reports: `nightly` does the work, here it gets its time (protocol 6)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

import structlog

from contactsync.database.connection import Where
from contactsync.database.thread_sessions import ThreadSession
from contactsync.domain.account import Account
from contactsync.domain.errors import AccountBusy, ContactsyncError, DatabaseAway
from contactsync.reports.nightly import Nightly
from contactsync.reports.turn import Turn
from contactsync.reports.writer import Interrupted
from contactsync.runtime.background import Background
from contactsync.runtime.clock import SYSTEM_CLOCK, Clock
from contactsync.settings.settings import Settings
from contactsync.spool.home_pins import HomePins
from contactsync.telemetry.log import bare, reason_of
from contactsync.telemetry.log_throttle import Once
from contactsync.telemetry.metrics import Metrics

LOOK_SECONDS = 30.0
"""How often an account's folder is checked between two midnights.

Somebody may have removed a day, or the host's clock may have been set.
"""

BUSY_SECONDS = 30.0
"""When to retry an account whose folder another process holds."""

MAX_BACKOFF_SECONDS = 300.0

log = structlog.get_logger()


class Publisher(Background[Account, Settings]):
    """One thread for all accounts. `stop` abandons the day being built, which stays due."""

    def __init__(
        self,
        settings: Settings,
        url: Where,
        pins: HomePins,
        metrics: Metrics | None = None,
        clock: Clock = SYSTEM_CLOCK,
        *,
        hung: Callable[[], Collection[str]] = frozenset,
    ) -> None:
        """Prepare the thread; `url` is any that `connect` takes, `hung` returns accounts whose home does not answer."""
        super().__init__("publisher")
        self._settings = settings
        self._session = ThreadSession(url)
        self._hung = hung
        # The account whose folder the thread is in.
        self._attending: str | None = None
        self._metrics = metrics or Metrics()
        self._outage = Once()
        self._clock = clock
        self._nightly = Nightly(
            self._session,
            pins,
            self._metrics,
            clock,
            stopping=lambda: self._stopping,
            outage=self._outage,
        )
        self._turns: dict[str, Turn] = {}

    def configure(self, settings: Settings) -> None:
        """Apply new settings; every account is checked under them at once."""
        with self._changed:
            self._settings = settings
            for turn in self._turns.values():
                turn.due = self._clock.monotonic()
            self._changed.notify()

    def update(self, accounts: Iterable[Account]) -> None:
        """Apply the current list of accounts; a new or changed one is checked at once."""
        with self._changed:
            current = {account.name: account for account in accounts}
            for name in self._turns.keys() - current.keys():
                del self._turns[name]
                self._metrics.unreported(name, 0)
            for name, account in current.items():
                turn, now = self._turns.get(name), self._clock.monotonic()
                if turn is None:
                    self._turns[name] = Turn(account, now)
                elif turn.account != account:
                    self._turns[name] = replace(turn, account=account, due=now, failures=0, expired_on=None)
            self._changed.notify()

    def waits(self) -> Mapping[str, str]:
        """Return the accounts whose last check failed, with the reason."""
        with self._changed:
            return {name: turn.reason for name, turn in self._turns.items() if turn.reason}

    # --- the thread ----------------------------------------------------------------------------------------

    def _run(self) -> None:
        while (turn := self._take()) is not None:
            due = turn.due
            wait = LOOK_SECONDS if turn.account.name in self._hung() else self._attend(turn)
            with self._changed:
                # Otherwise `configure` wants the account checked again at once.
                if turn.due == due:
                    turn.due = self._clock.monotonic() + wait
        self._session.close()

    def _hangs(self) -> bool:
        return self._attending in self._hung()

    def _take(self) -> Turn | None:
        """Return the next account that is due, or None when the daemon stops."""
        with self._changed:
            while not self._is_over:
                self._attending = None
                turn = min(self._turns.values(), key=lambda turn: turn.due, default=None)
                wait = turn.due - self._clock.monotonic() if turn else LOOK_SECONDS
                if turn is not None and wait <= 0:
                    self._attending = turn.account.name
                    return turn
                self._changed.wait(min(wait, LOOK_SECONDS))
            return None

    def _attend(self, turn: Turn) -> float:
        """Publish the account's due days. Returns in how many seconds to come back; every exception ends here."""
        try:
            next_night = self._nightly.check(turn, self._settings)
        except (AccountBusy, Interrupted):
            return BUSY_SECONDS
        except DatabaseAway as error:
            turn.reason = str(error)
            # One line per outage, not one per account: the publisher has one connection.
            if self._outage.news("database", "away"):
                log.warning("report.waits", reason=turn.reason)
            self._metrics.trouble("report")
        except (ContactsyncError, OSError) as error:
            turn.reason = reason_of(error)
            if turn.faults.news("failure", turn.reason):
                log.warning("report.waits", account=turn.account.name, reason=turn.reason)
            self._metrics.trouble("report")
        except Exception as error:
            turn.reason = "a fault of the program: see the event `bug` in the log"
            if turn.faults.news("failure", bare(error)):
                log.error("bug", account=turn.account.name, exc_info=error)
            self._metrics.trouble("bug")
        else:
            turn.faults.news("failure", None)
            turn.failures, turn.reason = 0, None
            return min(next_night, LOOK_SECONDS)
        turn.failures += 1
        return min(MAX_BACKOFF_SECONDS, 2.0 ** min(turn.failures, 10))
