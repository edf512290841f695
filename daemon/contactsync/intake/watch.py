"""Turns events below the FTP root into hints that make the daemon prompt (docs/ftp-facts.md, "watchdog").

The scan is the truth. Either everything is watched or nothing: if the kernel has no more watches, or there are too many
folders, the daemon only polls, and logs that. A tree that was deleted and made again is watched again.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import structlog
from watchdog.events import (
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from contactsync.intake import watchdog_quirks
from contactsync.intake.watchdog_quirks import count_watches, is_report
from contactsync.telemetry.log_throttle import Doubling

MAX_WATCHED_FOLDERS = 15_000
"""Above this, poll only: a recursive watch over more than 16,384 folders goes deaf after one overflow."""

REVIVE_SECONDS = 30.0
"""How long to leave a reader that fails again right after a renewal; the scan finds deposits meanwhile."""

RECHECK_SECONDS = 120.0
"""How often to compare the number of folders with that of watches: the kernel reports no watch that it refused."""

log = structlog.get_logger()


class Watch:
    """Watches folders recursively and hints at the `in/` folders to which a file came. Main thread only."""

    def __init__(self, hint: Callable[[Path], None], hint_all: Callable[[], None]) -> None:
        """`hint` receives the path of an `in/` folder; `hint_all` is called when events were lost."""
        self._handler = _Handler(hint)
        self._alarm = _Alarm(hint_all)
        self._roots: tuple[Path, ...] = ()
        self._identities: list[tuple[int, int] | None] = []
        self._observer: BaseObserver | None = None
        self._recheck_at = 0.0
        self._revive_at = 0.0
        self._broken = threading.Event()
        self._polling_reason: str | None = None

    def start(self) -> None:
        """Prepare for `follow`."""
        watchdog_quirks.set_up()

    def follow(self, roots: Iterable[Path]) -> None:
        """From now on watch these folders and everything below them, and no others; they need not exist yet."""
        asked = set(roots)
        wanted = tuple(sorted(root for root in asked if not asked.intersection(root.parents)))
        if wanted != self._roots:
            self._roots = wanted
            self._renew()

    def check(self) -> None:
        """Renew the watches if a root was made again, the reader failed, or watches are missing; call it often."""
        if self._broken.is_set() and time.monotonic() >= self._revive_at:
            self._revive_at = time.monotonic() + REVIVE_SECONDS
            self._broken.clear()
            self._renew()
            self._alarm.report("reader", "the event reader failed: folders were exchanged or removed quickly")
        elif self._identities != [_identity(root) for root in self._roots]:
            self._renew()
        elif time.monotonic() >= self._recheck_at:
            self._recheck_at = time.monotonic() + RECHECK_SECONDS
            folders = _count_folders(self._roots)
            if self._observer is None or folders > MAX_WATCHED_FOLDERS or count_watches() < folders:
                self._renew()

    def stop(self) -> None:
        """Stop watching."""
        self._end()

    def _renew(self) -> None:
        """Watch everything again, or nothing."""
        self._end()
        self._identities = [_identity(root) for root in self._roots]
        self._recheck_at = time.monotonic() + RECHECK_SECONDS
        reason = self._begin()
        if reason is not None:
            self._end()
            if reason != self._polling_reason:
                log.warning("watch.polling_only", reason=reason)
        elif self._polling_reason is not None:
            log.info("watch.events_again")
        self._polling_reason = reason

    def _begin(self) -> str | None:
        """Watch every root that exists; returns why that is impossible, or None."""
        folders = _count_folders(self._roots)
        if folders > MAX_WATCHED_FOLDERS:
            return f"more than {MAX_WATCHED_FOLDERS} folders"
        logging.getLogger("watchdog").addHandler(self._alarm)
        try:
            self._observer = Observer()
            watchdog_quirks.guard(self._observer, self._broken.set)
            self._observer.start()
            for root, identity in zip(self._roots, self._identities, strict=True):
                if identity is not None:
                    self._observer.schedule(
                        self._handler,
                        str(root),
                        recursive=True,
                        event_filter=[FileClosedEvent, FileCreatedEvent, FileMovedEvent],
                    )
        except FileNotFoundError:
            # A root was deleted meanwhile: `check` sees its return.
            return self._polling_reason
        except OSError as error:
            return str(error.strerror or error)
        if count_watches() < min(folders, _count_folders(self._roots)):
            return "the kernel gives no more watches: raise fs.inotify.max_user_watches"
        return None

    def _end(self) -> None:
        logging.getLogger("watchdog").removeHandler(self._alarm)
        observer, self._observer = self._observer, None
        if observer is not None:
            watchdog_quirks.stop(observer)


class _Handler(FileSystemEventHandler):
    def __init__(self, hint: Callable[[Path], None]) -> None:
        self._hint = hint

    def on_any_event(self, event: FileSystemEvent) -> None:
        # A file that leaves in/, as each claimed one does, is not news.
        path = event.dest_path or event.src_path
        if (folder := os.path.dirname(os.fsdecode(path))).endswith("/in"):
            self._hint(Path(folder))


class _Alarm(logging.Handler):
    """Has every folder looked at when watchdog logs that something went wrong: a log entry is all that it does."""

    def __init__(self, hint_all: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._hint_all = hint_all
        self._repeats = Doubling()

    def emit(self, record: logging.LogRecord) -> None:
        # The text without its arguments, which are paths.
        text = str(record.msg)
        if "reconciling" in text:
            # The second line about the same overflow.
            return
        if "overflow" in text:
            self.report("overflow", "more events came at once than the kernel queues")
        else:
            self.report("library", text)

    def report(self, cause: str, reason: str) -> None:
        """Log that events were lost, and have every folder looked at."""
        if times := self._repeats.count(cause):
            log.warning("watch.events_lost", cause=cause, reason=reason, times=times)
        self._hint_all()


def _identity(root: Path) -> tuple[int, int] | None:
    """What distinguishes a folder from an earlier one of the same name; None if it does not exist."""
    try:
        status = os.stat(root)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _count_folders(roots: Iterable[Path]) -> int:
    """How many folders can be watched, the roots included. Stops counting soon after the limit."""
    seen, pending = 0, [str(root) for root in roots]
    while pending and seen <= MAX_WATCHED_FOLDERS:
        with suppress(OSError), os.scandir(pending.pop()) as entries:
            seen += 1
            folders = (entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
            pending += [path for path in folders if not is_report(path)]
    return seen
