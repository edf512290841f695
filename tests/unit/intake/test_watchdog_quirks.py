"""What watchdog does wrongly reaches no upload: delays, dead threads, events that no handler wants."""

from __future__ import annotations

import os
import queue
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from watchdog.observers import inotify_c
from watchdog.observers.inotify_move_event_grouper import InotifyMoveEventGrouper

from contactsync.intake import watch
from contactsync.intake.watchdog_quirks import count_watches
from contactsync.runtime.kernel import rename_exchange
from tests.unit.intake.watching import PATIENCE, Watched, tree

FOREVER = 100 * PATIENCE


def test_events_outside_in_do_not_reach_the_dispatchers(watched: Watched, tmp_path: Path) -> None:
    """A deposit causes a dozen events on its way through `on/` to `ok/`; watchdog's other threads get none."""
    folder, last = tree(tmp_path / "folder"), tree(tmp_path / "last")
    on, ok = (folder.parent / box for box in ("on", "ok"))
    on.mkdir()
    ok.mkdir()
    watched.watch.follow([tmp_path])
    heard: queue.Queue[str] = queue.Queue()
    (emitter,) = watched.watch._observer.emitters  # type: ignore[union-attr]  # it is there
    emitter.queue_event = lambda event: heard.put(str(event.src_path))
    (on / ".copy.1_a.csv").write_text("a")
    (on / ".copy.1_a.csv").rename(on / "1_a.csv")
    (on / "1_a.csv").rename(ok / "1_a.csv")
    (last / "a.csv").write_text("a")
    before = list(iter(lambda: heard.get(timeout=PATIENCE), str(last / "a.csv")))
    assert not any(path.startswith(str(folder)) for path in before)


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir], ids=["file", "folder"])
def test_half_a_rename_delays_no_upload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None]
) -> None:
    """A file or folder that is moved out of the tree has no other half to wait for, however long watchdog waits."""
    monkeypatch.setattr(InotifyMoveEventGrouper, "delay", FOREVER)
    watched = Watched()
    watched.watch.start()
    if make is Path.touch:
        # Such an event does not even reach the part of watchdog that waits.
        monkeypatch.setattr(InotifyMoveEventGrouper, "delay", FOREVER)
    folder, other = tree(tmp_path / "ftp" / "one"), tree(tmp_path / "ftp" / "two")
    watched.watch.follow([tmp_path / "ftp"])
    make(folder / "leaves")
    assert watched.hints_at(folder)
    (folder / "leaves").rename(tmp_path / "outside")
    assert watched.hints_at(other)
    watched.watch.stop()


def test_lost_watches_are_renewed(watched: Watched, tmp_path: Path) -> None:
    """The kernel's number of watches is compared with the number of folders."""
    folder = tree(tmp_path / "ftp")
    watched.watch.follow([tmp_path])
    assert count_watches() == watch._count_folders([tmp_path])
    group = next(iter(watched.watch._observer.emitters))._inotify  # type: ignore[union-attr]  # it is there
    group._remove_callbacks(list(group._active_callbacks_by_watch))
    watched.watch.check()
    assert count_watches() == 0
    watched.watch._recheck_at = 0.0
    watched.watch.check()
    assert watched.hints_at(folder)


def test_a_failed_reader_is_replaced(
    watched: Watched,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    """The watches are renewed, every folder is looked at, and events arrive again."""
    folder = tree(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(inotify_c.InotifyFD, "handle_event", lambda _self, event: {}.pop(event))
        watched.watch.follow({tmp_path})
        (folder / "b.csv").touch()
        assert watched.watch._broken.wait(PATIENCE)
    watched.watch.check()
    assert watched.alarms.get(timeout=PATIENCE)
    assert watched.hints_at(folder)
    assert [(line["event"], line["cause"]) for line in lines()] == [("watch.events_lost", "reader")]


def test_reports_may_be_published_and_removed(
    watched: Watched, tmp_path: Path, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    """Their folders are not watched, whether they were there at first or not, so the daemon loses no events by them."""
    folder = tree(tmp_path)
    reporting = folder.parents[2] / "reporting"
    (reporting / "2015-04-27").mkdir(parents=True)
    watched.watch.follow({tmp_path})
    handle = os.open(reporting, os.O_RDONLY)
    for day in [b"2015-04-27", b"2015-04-27", b"2015-04-28", b"2015-04-28"] * 20:
        new = b".new-" + day + b".a"
        os.mkdir(new, dir_fd=handle)
        if os.path.exists(reporting / os.fsdecode(day)):
            rename_exchange(handle, new, day)
            os.rmdir(new, dir_fd=handle)
        else:
            os.rename(new, day, src_dir_fd=handle, dst_dir_fd=handle)
        os.rename(day, b".old-" + day + b".a", src_dir_fd=handle, dst_dir_fd=handle)
        os.rename(b".old-" + day + b".a", day, src_dir_fd=handle, dst_dir_fd=handle)
    os.close(handle)
    assert watched.hints_at(folder)
    assert not watched.watch._broken.is_set()
    assert watched.alarms.empty()
    # Nor does the comparison of folders and watches renew them.
    observer = watched.watch._observer
    watched.watch._recheck_at = 0.0
    watched.watch.check()
    assert watched.watch._observer is observer
    assert count_watches() == watch._count_folders([tmp_path])
    assert lines() == []


def test_an_account_called_reporting_is_watched(watched: Watched, tmp_path: Path) -> None:
    """Only days below a folder of that name are not."""
    folder = tmp_path / "reporting" / "contacts" / "import" / "in"
    folder.mkdir(parents=True)
    watched.watch.follow({tmp_path})
    assert watched.hints_at(folder)


def test_folders_may_be_exchanged_and_removed(watched: Watched, tmp_path: Path) -> None:
    """watchdog then loses track of its watches, and stopping it raises an error; the watch survives both."""
    folder = tree(tmp_path)
    for name in "ab":
        (folder / name / "inner").mkdir(parents=True)
    watched.watch.follow({tmp_path})
    handle = os.open(folder, os.O_RDONLY)
    rename_exchange(handle, b"a", b"b")
    os.close(handle)
    for name in "ab":
        shutil.rmtree(folder / name)
    assert watched.hints_at(folder)
    watched.watch.follow({folder})
    watched.watch.check()
    assert watched.hints_at(folder)
