"""`run --once`: work until nothing is left, or until nothing moves any more."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from contactsync.processing.pool import WorkerPool
from contactsync.settings.settings import Settings

PATIENCE_SECONDS = 30.0
"""How long nothing may be settled after the last upload must have become quiet."""

PASS_SECONDS = 0.1
"""The longest pause between two passes."""

log = structlog.get_logger()


class RunOnce:
    """Decides when `run --once` ends, and with which exit status."""

    def __init__(self, settings: Callable[[], Settings], pool: WorkerPool) -> None:
        """`settings` returns the current settings, which SIGHUP may change."""
        self._settings = settings
        self._pool = pool

    def pause(self) -> float:
        """Return the seconds until the next pass."""
        return min(PASS_SECONDS, self._settings().rescan_seconds)

    def status(self, *, known: bool) -> int | None:
        """Return the exit status, or None while there is something to wait for.

        `known`: the accounts have been read. 0: nothing is left, 1: something remains (protocol 7).
        """
        pool, settings = self._pool, self._settings()
        remaining = pool.unfinished()
        if known and not remaining:
            return 0
        idle_seconds = time.monotonic() - pool.progress
        patience = settings.settle_seconds + settings.grace_seconds + PATIENCE_SECONDS
        database_gone = pool.outage.reason is not None and idle_seconds > PATIENCE_SECONDS
        if not database_gone and idle_seconds < patience:
            return None
        log.error("once.gave_up", accounts=remaining, database=pool.outage.reason or "up")
        return 1
