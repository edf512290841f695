"""What watchdog 7.1 does not do, or does wrongly, and how to work around it.

Its inner classes have no stable interface. Every workaround is skipped where the class or attribute is missing.
"""

from __future__ import annotations

import logging
import os
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


def set_up() -> None:
    """Adjust what holds for the whole process: the pairing delay, warnings and logs."""
    # In a version that has moved this class, uploads may be delayed by half a second while folders are renamed.
    with suppress(ImportError):
        from watchdog.observers import inotify_move_event_grouper as grouper  # noqa: PLC0415 - may be missing

        grouper.InotifyMoveEventGrouper.delay = PAIRING_SECONDS
    # It warns, with a list of every watch, if folders appear faster than it walks them; the scan sees them.
    warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"watchdog\.")
    # `watch` handles its log while it watches. Otherwise nobody needs it.
    logging.getLogger("watchdog").propagate = False
    logging.getLogger("watchdog").addHandler(logging.NullHandler())


def guard(observer: BaseObserver, failed: Callable[[], None]) -> None:
    """Wrap the event handler of watchdog's reader thread, if this version has one; `failed` reports its end.

    watchdog loses track of its watches when folders are exchanged and removed, as a republished report and an uploader
    do. Then a KeyError ends its thread, and the observer silently receives no more events.

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
