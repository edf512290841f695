"""Events from the FTP tree, as hints that make the daemon prompt. The scan is the truth (ftp/FACTS.md, "watchdog")."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable
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

from contactsync.repeats import Repeats

MAX_WATCHED_FOLDERS = 15_000
"""A recursive watch over more than 16,384 folders goes deaf after one overflow: above, polling alone is right."""

log = structlog.get_logger()


class Watch:
    """Watches folders recursively and hints the path below which something happened."""

    def __init__(self, hint: Callable[[Path], None], hint_all: Callable[[], None]) -> None:
        """`hint` takes the path of a file that came; `hint_all` is called when events were lost."""
        self._handler = _Handler(hint)
        self._alarm = _Alarm(hint_all)
        self._observer = Observer()
        self._watched: set[Path] = set()

    def start(self) -> None:
        """Be ready for `add`."""
        # It warns, with a list of every watch, when folders appear faster than it walks them; the scan sees them.
        warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"watchdog\.")
        logging.getLogger("watchdog").addHandler(self._alarm)
        logging.getLogger("watchdog").propagate = False  # it is told by the alarm
        self._observer.start()

    def add(self, root: Path) -> None:
        """Watch a folder and all below it, once; what cannot be watched is left to the periodic scan."""
        if root in self._watched or any(root.is_relative_to(watched) for watched in self._watched):
            return
        self._watched.add(root)
        if _more_folders_than(root, MAX_WATCHED_FOLDERS):
            log.warning(
                "watch.polling_only", root=str(root), reason=f"more than {MAX_WATCHED_FOLDERS} folders"
            )
            return
        try:
            self._observer.schedule(
                self._handler,
                str(root),
                recursive=True,
                event_filter=[FileClosedEvent, FileCreatedEvent, FileMovedEvent],
            )
        except OSError as error:
            log.warning("watch.polling_only", root=str(root), reason=os.strerror(error.errno or 0))

    def stop(self) -> None:
        """Stop watching; the emitters end by themselves within a second."""
        logging.getLogger("watchdog").removeHandler(self._alarm)
        self._observer.stop()


class _Handler(FileSystemEventHandler):
    def __init__(self, hint: Callable[[Path], None]) -> None:
        self._hint = hint

    def on_any_event(self, event: FileSystemEvent) -> None:
        for path in (event.src_path, event.dest_path):
            if path and (folder := os.path.dirname(os.fsdecode(path))).endswith("/in"):
                self._hint(Path(folder))


class _Alarm(logging.Handler):
    """watchdog logs an overflow of its queue and says nothing else: look at everything."""

    def __init__(self, hint_all: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._hint_all = hint_all
        self._repeats = Repeats()

    def emit(self, record: logging.LogRecord) -> None:
        if times := self._repeats.count("events_lost"):
            log.warning("watch.events_lost", reason=record.levelname.lower(), times=times)
        self._hint_all()


def _more_folders_than(root: Path, limit: int) -> bool:
    """Whether there are more than `limit` folders below `root`, without walking much further than that."""
    seen, pending = 0, [str(root)]
    while pending and seen <= limit:
        with suppress(OSError), os.scandir(pending.pop()) as entries:
            below = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
            seen += len(below)
            pending += below
    return seen > limit
