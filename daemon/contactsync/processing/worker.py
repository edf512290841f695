"""What one of the daemon's threads does with an account when it is its turn: a step, under the settings of now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from contactsync.domain.errors import AccountBusy, FoldersMissing
from contactsync.processing.pipeline import Pipeline, Rules
from contactsync.processing.pool import Lane
from contactsync.runtime import gil
from contactsync.settings.settings import Settings
from contactsync.spool.spool import Spool

BUSY_SECONDS = 1.0
"""When to come again to an account that another daemon has."""

TURN_SECONDS = 0.025
"""For so long an account's small files are taken one after the other: opening and looking through its fifty folders
takes as long as one of them. Then others have their turn."""

MAX_TOLD_STRAYS = 100
"""How many folders in an account's `in/` are logged in a daemon's life."""

log = structlog.get_logger()


@dataclass(slots=True)
class DepositWorker:
    """One thread's tools: a connection and the story of a deposit."""

    settings: Callable[[], Settings]
    pipeline: Pipeline

    def work(self, lane: Lane) -> float | None:
        """Open the account's folders, finish what a restart left, then take deposits for a turn."""
        settings = self.settings()
        self.pipeline.rules = rules(settings)
        lane.line.set_waits(
            settle_seconds=settings.settle_seconds,
            grace_seconds=settings.grace_seconds,
            rescan_seconds=settings.rescan_seconds,
        )
        home = lane.account.home_under(settings.ftp_root)
        spool = Spool(home, max_bytes=settings.max_file_bytes, ignored=settings.ignores, unchanged=lane.still)
        try:
            with spool, gil.in_turn():
                if not lane.ledger_checked:
                    self.pipeline.close_vanished(lane.account, spool)
                    self.pipeline.finish_retries(lane.account, spool)
                    lane.ledger_checked = True
                delay = self.pipeline.step(lane.account, lane.line, spool, seconds=TURN_SECONDS)
        except AccountBusy:
            return BUSY_SECONDS
        except FoldersMissing:
            if not lane.told_missing:
                log.error(
                    "account.no_folders",
                    account=lane.account.name,
                    fix=f"contactsync init {lane.account.name}",
                )
                lane.told_missing = True
            return None
        if not spool.leases and not lane.told_no_lease:
            log.warning(
                "lease.unavailable",
                account=lane.account.name,
                note="a silent writer goes unnoticed: give the daemon CAP_LEASE, or raise settle_seconds",
            )
            lane.told_no_lease = True
        for stray in set(spool.strays) - lane.strays:
            if len(lane.strays) < MAX_TOLD_STRAYS:  # who makes them by the thousand shall not fill the log
                log.warning("stray.folder", account=lane.account.name, path=stray)
                lane.strays.add(stray)
        lane.told_missing = False
        return delay

    def close(self) -> None:
        """Close the connection."""
        self.pipeline.session.close()


def rules(settings: Settings) -> Rules:
    """What the settings say about reading a deposit and answering it."""
    return Rules(
        settings.max_inflated_bytes,
        settings.max_file_bytes,
        result_files=settings.result_files,
        defused=settings.defuse_formulas,
    )
