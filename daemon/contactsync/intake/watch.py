"""Events from the FTP tree, as hints that make the daemon prompt. The scan is the truth (docs/ftp-facts.md, "watchdog").

What is watched is either all of it or nothing: where the kernel has no more watches, or there are too many folders,
the daemon polls alone, and says so. A tree that was deleted and made again is watched again.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

from contactsync.telemetry.log_throttle import Doubling

if TYPE_CHECKING:
    from watchdog.observers.inotify_c import InotifyEvent

MAX_WATCHED_FOLDERS = 15_000
"""A recursive watch over more than 16,384 folders goes deaf after one overflow: above, polling alone is right."""

REVIVE_SECONDS = 30.0
"""Watches whose books are wrong again so soon after they were renewed stay so until then: the scan works on."""

RECHECK_SECONDS = 120.0
"""How often the number of folders is compared with what is watched; the kernel tells of no watch that it refused."""

PAIRING_SECONDS = 0.01
"""How long watchdog holds back all events for the other half of a folder's rename, as it did for a file's, half a second
long and often in vain. The kernel tells both halves at once."""

log = structlog.get_logger()


class Watch:
    """Watches folders recursively and hints the path below which something happened. Main thread only."""

    def __init__(self, hint: Callable[[Path], None], hint_all: Callable[[], None]) -> None:
        """`hint` takes the path of a file that came; `hint_all` is called when events were lost."""
        self._handler = _Handler(hint)
        self._alarm = _Alarm(hint_all)
        self._roots: tuple[Path, ...] = ()
        self._identities: list[tuple[int, int] | None] = []
        self._observer: BaseObserver | None = None
        self._recheck_at = 0.0
        self._revive_at = 0.0
        self._broken = threading.Event()
        self._told: str | None = None

    def start(self) -> None:
        """Be ready for `follow`."""
        # A room of watchdog's own: where it has moved, uploads may wait for half a second while folders are renamed.
        with suppress(ImportError):
            from watchdog.observers.inotify_move_event_grouper import InotifyMoveEventGrouper  # noqa: PLC0415 - it may fail

            InotifyMoveEventGrouper.delay = PAIRING_SECONDS
        # It warns, with a list of every watch, when folders appear faster than it walks them; the scan sees them.
        warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"watchdog\.")
        logging.getLogger(
            "watchdog"
        ).propagate = False  # it is told by the alarm, and by nobody while that is off
        logging.getLogger("watchdog").addHandler(logging.NullHandler())

    def follow(self, roots: Iterable[Path]) -> None:
        """Watch these folders and all below them from now on, and no others; they need not be there yet."""
        asked = set(roots)
        wanted = tuple(sorted(root for root in asked if not asked.intersection(root.parents)))
        if wanted != self._roots:
            self._roots = wanted
            self._renew()

    def check(self) -> None:
        """Watch again what was deleted and made again, or went unheard; to be called often."""
        if self._broken.is_set() and time.monotonic() >= self._revive_at:
            self._revive_at = time.monotonic() + REVIVE_SECONDS
            self._broken.clear()
            self._renew()
            self._alarm.tell("the reader of events had failed")
        elif self._identities != [_identity(root) for root in self._roots]:
            self._renew()
        elif time.monotonic() >= self._recheck_at:
            self._recheck_at = time.monotonic() + RECHECK_SECONDS
            folders = _count_folders(self._roots)
            if self._observer is None or folders > MAX_WATCHED_FOLDERS or _watches() < folders:
                self._renew()

    def stop(self) -> None:
        """Stop watching."""
        self._end()

    def _renew(self) -> None:
        """Watch everything anew, or nothing."""
        self._end()
        self._identities = [_identity(root) for root in self._roots]
        self._recheck_at = time.monotonic() + RECHECK_SECONDS
        reason = self._begin()
        if reason is not None:
            self._end()
            if reason != self._told:
                log.warning("watch.polling_only", reason=reason)
        elif self._told is not None:
            log.info("watch.events_again")
        self._told = reason

    def _begin(self) -> str | None:
        """Watch every root that is there; why that is not possible, or None."""
        folders = _count_folders(self._roots)
        if folders > MAX_WATCHED_FOLDERS:
            return f"more than {MAX_WATCHED_FOLDERS} folders"
        logging.getLogger("watchdog").addHandler(self._alarm)
        try:
            self._observer = Observer()
            _guard(self._observer, self._broken.set)
            self._observer.start()
            for root, identity in zip(self._roots, self._identities, strict=True):
                if identity is not None:
                    self._observer.schedule(
                        self._handler,
                        str(root),
                        recursive=True,
                        event_filter=[FileClosedEvent, FileCreatedEvent, FileMovedEvent],
                    )
        except FileNotFoundError:  # deleted again: `check` will see it come back
            return self._told
        except OSError as error:
            return str(error.strerror or error)
        # A folder below a root that the kernel gave no watch for is passed over in silence.
        if _watches() < min(folders, _count_folders(self._roots)):
            return "the kernel gives no more watches: raise fs.inotify.max_user_watches"
        return None

    def _end(self) -> None:
        logging.getLogger("watchdog").removeHandler(self._alarm)
        observer, self._observer = self._observer, None
        if observer is not None:
            try:
                observer.stop()
            except KeyError:  # its books are wrong: see _guard
                observer._inotify_fd.stop()  # type: ignore[attr-defined]  # noqa: SLF001 - nobody else would


class _Handler(FileSystemEventHandler):
    def __init__(self, hint: Callable[[Path], None]) -> None:
        self._hint = hint

    def on_any_event(self, event: FileSystemEvent) -> None:
        path = event.dest_path or event.src_path  # what leaves in/, as each claimed file does, is no news
        if (folder := os.path.dirname(os.fsdecode(path))).endswith("/in"):
            self._hint(Path(folder))


class _Alarm(logging.Handler):
    """watchdog logs an overflow of its queue and says nothing else: look at everything."""

    def __init__(self, hint_all: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._hint_all = hint_all
        self._repeats = Doubling()

    def emit(self, record: logging.LogRecord) -> None:
        self.tell(record.levelname.lower())

    def tell(self, reason: str) -> None:
        """Log that events were lost, and have everything looked at."""
        if times := self._repeats.count("events_lost"):
            log.warning("watch.events_lost", reason=reason, times=times)
        self._hint_all()


def _guard(observer: BaseObserver, failed: Callable[[], None]) -> None:
    """Stand before the thread in which watchdog 7.1 reads an observer's events, where it still has it.

    Its books go wrong when folders are exchanged and removed, as a report that is published again does and an uploader
    can: then it dies of a KeyError, the observer says nothing and hears nothing any more. And of a deposit it hears a dozen
    times, which would go through two more threads before nobody but the first wants to know.
    """
    reader = getattr(observer, "_inotify_fd", None)
    if reader is None:
        return
    handle: Callable[[InotifyEvent], None] = reader.handle_event

    def guarded(event: InotifyEvent) -> None:
        if _is_nobodys(reader, event):
            return
        try:
            handle(event)
        except KeyError:
            failed()

    reader.handle_event = guarded


def _is_nobodys(reader: Any, event: InotifyEvent) -> bool:
    """Whether it tells of a file, not a folder, that leaves or that is in none of the folders `in/`."""
    if event.is_directory or not event.name:
        return False
    if event.is_moved_from:
        return True
    with suppress(AttributeError):  # where watchdog keeps its books otherwise, all events are somebody's
        watch = reader._watch_for_wd.get(event.wd)  # noqa: SLF001 - nobody else knows the folder, after it was renamed
        # A copy: other threads write the books meanwhile.
        groups = tuple(watch.callbacks.values()) if watch else ()
        paths = [group._active_callbacks_by_watch.get(event.wd, b"/in") for group in groups]  # noqa: SLF001 - the same
        return bool(paths) and not any(path.endswith(b"/in") for path in paths)
    return False


def _identity(root: Path) -> tuple[int, int] | None:
    """What distinguishes a folder from one of the same name that was there before; None where there is none."""
    try:
        status = os.stat(root)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _count_folders(roots: Iterable[Path]) -> int:
    """How many folders that can be read there are, the roots included; not walked much further than the limit."""
    seen, pending = 0, [str(root) for root in roots]
    while pending and seen <= MAX_WATCHED_FOLDERS:
        with suppress(OSError), os.scandir(pending.pop()) as entries:
            seen += 1
            pending += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    return seen


def _watches() -> int:
    """How many inotify watches the kernel holds for this process (proc(5), fdinfo)."""
    found = 0
    for fd in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            if os.readlink(f"/proc/self/fd/{fd}") == "anon_inode:inotify":
                with open(f"/proc/self/fdinfo/{fd}", "rb") as lines:
                    found += sum(line.startswith(b"inotify ") for line in lines)
    return found
