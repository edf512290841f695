"""Which accounts wait for the database, why, and since when; logs the start and the end of an outage."""

from __future__ import annotations

import threading
from collections.abc import Collection
from datetime import datetime

import structlog

from contactsync.runtime.clock import SYSTEM_CLOCK, Clock
from contactsync.telemetry.log_throttle import Doubling

MAIN_THREAD = ""
"""The name of the main thread as a waiter; every other waiter is an account."""

FLICKER_SECONDS = 30.0
"""A database that fails again within this time flickers: its outages are logged at doubling intervals."""

LASTING_SECONDS = 3.0
"""An outage that lasts longer is logged even if the database flickers."""

log = structlog.get_logger()


class DatabaseOutage:
    """An outage starts with the first failure and ends once no waiter is left; safe from any thread.

    Some waiters get an answer while others still wait: a full or read-only database continues to answer questions.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        """The database is reachable, as far as anybody knows."""
        self._clock = clock
        self._throttle = Doubling(FLICKER_SECONDS, clock.monotonic)
        self._lock = threading.Lock()
        self._waiting: set[str] = set()
        self._logged: set[str] = set()
        self._started = 0.0
        self._reason: str | None = None
        self._since: datetime | None = None

    @property
    def reason(self) -> str | None:
        """The latest failure, without any value of a file; None while the database is reachable."""
        return self._reason

    @property
    def now(self) -> tuple[str | None, datetime | None]:
        """The reason and the UTC time of the first failure; None and None while the database is reachable."""
        with self._lock:
            return self._reason, self._since

    def failed(self, waiter: str, reason: str, *, fix: str | None = None) -> None:
        """Note that `waiter`, an account or MAIN_THREAD, waits for the database.

        `fix`: the database refuses until somebody does this. Without it, the database is expected back.

        Logs each reason once per outage. If the database flickers, logs an outage each time their number doubles,
        and each one that lasts.
        """
        with self._lock:
            self._waiting.add(waiter)
            if self._since is None:
                self._since, self._started = self._clock.now(), self._clock.monotonic()
                deserves_a_line = self._throttle.count("database.away") > 0
            else:
                lasts = self._clock.monotonic() - self._started > LASTING_SECONDS
                deserves_a_line = lasts or bool(self._logged)
            if deserves_a_line and reason not in self._logged:
                self._logged.add(reason)
                if fix is None:
                    log.warning("database.away", reason=reason)
                else:
                    log.error("database.refuses", reason=reason, fix=fix)
            self._reason = reason

    def answered(self, waiter: str) -> None:
        """Note that `waiter` got an answer."""
        with self._lock:
            self._waiting.discard(waiter)
            self._end_without_waiters()

    def keep_only(self, accounts: Collection[str]) -> None:
        """Forget the accounts that are no longer served."""
        with self._lock:
            self._waiting &= {MAIN_THREAD, *accounts}
            self._end_without_waiters()

    def _end_without_waiters(self) -> None:
        if self._reason is None or self._waiting:
            return
        if self._logged:
            log.info("database.back")
        self._reason = self._since = None
        self._logged.clear()
