"""One step of an account, under the settings of now: recovery first, then the pipeline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog

from contactsync.domain import names
from contactsync.domain.errors import AccountBusy, FileLeased, FoldersMissing
from contactsync.processing import folders, recovery
from contactsync.processing.apply import Rules
from contactsync.processing.lanes import Lane
from contactsync.processing.pipeline import Pipeline
from contactsync.processing.share import Postponed, Share
from contactsync.processing.watermark import NoRoom, Watermark
from contactsync.runtime import gil
from contactsync.settings.settings import Settings
from contactsync.spool.home_pins import HomePins
from contactsync.spool.spool import Spool

BUSY_SECONDS = 1.0
"""When to look again at an account that another process keeps the daemon out of."""

NO_ROOM_SECONDS = 2.0
"""When to look again at an upload on a file system with too little free space."""

TURN_SECONDS = 0.025
"""For this long a step takes an account's small files one after the other.

Opening and looking through its fifty folders takes as long as one of them.
"""

log = structlog.get_logger()


@dataclass(slots=True)
class DepositWorker:
    """What one thread works with: a connection, and the story of a deposit."""

    settings: Callable[[], Settings]
    pins: HomePins
    pipeline: Pipeline
    watermark: Watermark

    def work(self, lane: Lane, share: Share) -> float | None:
        """Open the account's folders, finish what a restart left, then take uploads for TURN_SECONDS.

        Returns in how many seconds the next step is due (0 if there is more to do), None if nothing is left.
        Raises Retryable or OSError if the database or the disk prevents it; every file stays where it is.
        """
        settings = self.settings()
        self.pipeline.rules, self.pipeline.share = rules(settings), share
        settle, grace = lane.account.settle_seconds, lane.account.grace_seconds
        lane.uploads.set_waits(
            settle_seconds=settings.settle_seconds if settle is None else settle,
            grace_seconds=settings.grace_seconds if grace is None else grace,
            rescan_seconds=settings.rescan_seconds,
        )
        home = lane.account.home_under(settings.ftp_root)
        self.pipeline.before_claim = partial(
            self.watermark.require_room,
            home,
            min_bytes=settings.min_free_bytes,
            min_percent=settings.min_free_percent,
        )
        spool = Spool(
            home,
            self.pins,
            max_bytes=settings.max_file_bytes,
            ignored=settings.ignores,
            unchanged=lane.unchanged,
        )
        try:
            with spool, gil.in_turn():
                delay = self._step(lane, spool)
                self._answer_folders(lane, spool)
        except Postponed:
            lane.is_long = True
            return 0.0
        except NoRoom:
            return NO_ROOM_SECONDS
        except AccountBusy:
            lane.holders.note_lock(lane.account, home)
            return BUSY_SECONDS
        except FileLeased as held:
            lane.holders.note_lease(lane.account, held)
            return BUSY_SECONDS
        except FoldersMissing:
            _log_missing_folders(lane)
            return None
        lane.holders.clear()
        lane.reported.news("folders", None)
        _log_notable(lane, spool)
        return delay

    def _step(self, lane: Lane, spool: Spool) -> float | None:
        account, pipeline = lane.account, self.pipeline
        if not lane.ledger_checked:
            recovery.close_vanished(pipeline, account, spool)
            recovery.finish_retries(pipeline, account, spool)
            lane.ledger_checked = True
        spool.recreate_missing()
        if recovery.finish_in_progress(pipeline, account, spool):
            return 0.0
        return pipeline.step(account, lane.uploads, spool, seconds=TURN_SECONDS)

    def _answer_folders(self, lane: Lane, spool: Spool) -> None:
        """Log each folder in `in/` once, and answer it."""
        for action, name in spool.strays:
            path = f"{action.name}/in/{names.printable(name)}"
            if lane.strays.news(path, value=True):
                try:
                    folders.answer(self.pipeline, lane.account, spool, action, name)
                except BaseException:
                    # The next look tries again.
                    lane.strays.news(path, value=None)
                    raise
                log.warning("stray.folder", account=lane.account.name, path=path)

    def close(self) -> None:
        """Close the connection."""
        self.pipeline.session.close()


def _log_missing_folders(lane: Lane) -> None:
    if lane.reported.news("folders", "missing"):
        name = lane.account.name
        log.error("account.no_folders", account=name, fix=f"contactsync init {name}")


def _log_notable(lane: Lane, spool: Spool) -> None:
    """Log, once each, what a step noticed in the folders and operators should know."""
    name = lane.account.name
    if not spool.leases and lane.reported.news("lease", "unavailable"):
        note = "a silent writer goes unnoticed: give the daemon CAP_LEASE, or raise settle_seconds"
        log.warning("lease.unavailable", account=name, note=note)


def rules(settings: Settings) -> Rules:
    """The part of the settings that decides what happens to a file."""
    return Rules(
        settings.max_inflated_bytes,
        settings.max_file_bytes,
        result_files=settings.result_files,
        result_pages=settings.result_pages,
        defused=settings.defuse_formulas,
        max_cpu_seconds=settings.max_cpu_seconds,
        repeat_days=settings.repeat_days,
        undo_days=settings.undo_days,
    )
