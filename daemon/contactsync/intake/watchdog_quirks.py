"""What watchdog 7.1 does not do, or does wrongly, and how to work around it.

Its inner classes have no stable interface. Every workaround is skipped where the class or attribute is missing.
"""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from watchdog.observers.api import BaseObserver

if TYPE_CHECKING:
    from watchdog.observers.inotify_c import InotifyEvent

PAIRING_SECONDS = 0.01
"""How long watchdog delays all events to find the other half of a folder's rename. Its default is half a second, often
in vain, as a file moved out of the tree has no other half. The kernel reports both halves at once."""

_REPORT = re.compile(rb"/reporting/(?:\.new-|\.old-)?[0-9]{4}-[0-9]{2}-[0-9]{2}[^/]*(?:/|$)")


def is_report(path: str | bytes) -> bool:
    """Whether a folder is a published day, or one that is being built or removed, or is inside one.

    No upload arrives there, and the daemon exchanges such folders, which makes watchdog lose track (see `guard`).
    """
    return _REPORT.search(os.fsencode(path)) is not None


def set_up() -> None:
    """Adjust what holds for the whole process: the pairing delay, unwatched folders, warnings and logs."""
    # In a version that has moved this class, uploads may be delayed by half a second while folders are renamed.
    with suppress(ImportError):
        from watchdog.observers import inotify_move_event_grouper as grouper  # noqa: PLC0415 - may be missing

        grouper.InotifyMoveEventGrouper.delay = PAIRING_SECONDS
    # In a version that has moved this class, reports are watched too, and every upload still causes an event.
    with suppress(ImportError, AttributeError):
        from watchdog.observers.inotify import InotifyWatchGroup  # noqa: PLC0415 - may be missing

        _leave_reports_unwatched(InotifyWatchGroup)
    # It warns, with a list of every watch, if folders appear faster than it walks them; the scan sees them.
    warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"watchdog\.")
    # `watch` handles its log while it watches. Otherwise nobody needs it.
    logging.getLogger("watchdog").propagate = False
    logging.getLogger("watchdog").addHandler(logging.NullHandler())


def _leave_reports_unwatched(group: Any) -> None:
    add: Callable[[Any, bytes], None] = group._add_callback  # noqa: SLF001 - every folder passes through it

    def add_unless_report(self: Any, path: bytes) -> None:
        if not is_report(path):
            add(self, path)

    if add.__name__ != add_unless_report.__name__:
        group._add_callback = add_unless_report  # noqa: SLF001 - the same


def guard(observer: BaseObserver, failed: Callable[[], None]) -> None:
    """Wrap the event handler of watchdog's reader thread, if this version has one; `failed` reports its end.

    watchdog loses track of its watches when folders are exchanged and removed, as an uploader can do. Then a KeyError
    ends its thread, and the observer silently receives no more events.

    The wrapper also drops events that no handler wants before they pass through two more threads: a deposit causes a
    dozen, of which one counts.
    """
    reader = getattr(observer, "_inotify_fd", None)
    if reader is None:
        return
    handle: Callable[[InotifyEvent], None] = reader.handle_event

    def guarded(event: InotifyEvent) -> None:
        if _is_irrelevant(reader, event):
            return
        try:
            handle(event)
        except KeyError:
            failed()

    reader.handle_event = guarded


def _is_irrelevant(reader: Any, event: InotifyEvent) -> bool:
    """Whether the event is about a file, not a folder, that leaves its folder or is in none of the folders `in/`."""
    if event.is_directory or not event.name:
        return False
    if event.is_moved_from:
        return True
    # In a version that keeps track of its watches differently, every event is relevant.
    with suppress(AttributeError):
        watch = reader._watch_for_wd.get(event.wd)  # noqa: SLF001 - the only place that knows a renamed folder
        # A copy: other threads change it meanwhile.
        groups = tuple(watch.callbacks.values()) if watch else ()
        paths = [group._active_callbacks_by_watch.get(event.wd, b"/in") for group in groups]  # noqa: SLF001 - the same
        return bool(paths) and not any(path.endswith(b"/in") for path in paths)
    return False


def stop(observer: BaseObserver) -> None:
    """Stop an observer, even one that has lost track of its watches (see `guard`)."""
    try:
        observer.stop()
    except KeyError:
        observer._inotify_fd.stop()  # type: ignore[attr-defined]  # noqa: SLF001 - nothing else stops its thread


def count_watches() -> int:
    """How many inotify watches the kernel holds for this process (proc(5), fdinfo).

    watchdog silently skips a folder below a root if the kernel refuses a watch for it.
    """
    found = 0
    for fd in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            if os.readlink(f"/proc/self/fd/{fd}") == "anon_inode:inotify":
                with open(f"/proc/self/fdinfo/{fd}", "rb") as lines:
                    found += sum(line.startswith(b"inotify ") for line in lines)
    return found
