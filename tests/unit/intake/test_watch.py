"""Hints from the kernel's events: they come, come again after a folder was made anew, and their loss is told."""

from __future__ import annotations

import logging
import os
import queue
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from watchdog.observers import inotify_c

from contactsync.intake import watch
from contactsync.intake.watch import Watch
from contactsync.runtime.kernel import rename_exchange

PATIENCE = 60.0


class Watched:
    """A watch and what it hinted."""

    def __init__(self) -> None:
        self.hints: queue.Queue[Path] = queue.Queue()
        self.alarms: queue.Queue[bool] = queue.Queue()
        self.watch = Watch(self.hints.put, lambda: self.alarms.put(True))

    def hears(self, folder: Path) -> bool:
        """Whether a file that is dropped there is hinted."""
        while not self.hints.empty():
            self.hints.get()
        (folder / "a.csv").write_text("a")
        try:
            while self.hints.get(timeout=PATIENCE) != folder:
                pass
        except queue.Empty:
            return False
        return True

    def heard_until(self, folder: Path) -> list[Path]:
        """What was hinted before a file that is dropped there now: events come in order."""
        (folder / "a.csv").write_text("a")
        return list(iter(lambda: self.hints.get(timeout=PATIENCE), folder))


@pytest.fixture
def watched() -> Iterator[Watched]:
    found = Watched()
    found.watch.start()
    yield found
    found.watch.stop()


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What was logged."""
    with structlog.testing.capture_logs() as entries:
        yield lambda: [dict(entry) for entry in entries if entry["event"].startswith("watch.")]


def tree(root: Path) -> Path:
    """An `in/` below the root."""
    folder = root / "acme" / "contacts" / "import" / "in"
    folder.mkdir(parents=True)
    return folder


def test_a_file_that_comes_is_hinted(watched: Watched, tmp_path: Path) -> None:
    """Also in a folder that was made after the watch began."""
    one = tree(tmp_path / "one")
    watched.watch.follow([tmp_path])
    assert watched.hears(one)
    two = tree(tmp_path / "two")
    watched.watch._recheck_at = (
        0.0  # folders that come while they are walked may be missed until the next check
    )
    watched.watch.check()
    assert watched.hears(two)


def test_what_leaves_a_folder_is_no_news(watched: Watched, tmp_path: Path) -> None:
    """As every claimed file does: else each would be looked for once more."""
    folder, other, last = (tree(tmp_path / name) for name in ("folder", "other", "last"))
    watched.watch.follow([tmp_path])
    watched.heard_until(folder)
    watched.heard_until(other)  # by now all is heard of the file in `folder`
    (folder / "a.csv").rename(folder.parent / "1_a.csv")
    assert folder not in watched.heard_until(last)


def test_what_happens_elsewhere_is_not_even_passed_on(watched: Watched, tmp_path: Path) -> None:
    """A deposit goes through `on/` to `ok/` with a dozen events; watchdog's other threads hear of none."""
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


def test_a_folder_that_was_renamed_to_in_is_heard(watched: Watched, tmp_path: Path) -> None:
    """Its events are told by what it is called now."""
    folder = tree(tmp_path / "folder")
    (folder.parent / "new").mkdir()
    watched.watch.follow([tmp_path])
    assert watched.hears(folder)
    folder.rename(folder.parent / "old")
    (folder.parent / "new").rename(folder)
    assert watched.hears(folder)


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir], ids=["file", "folder"])
def test_half_a_rename_holds_up_no_upload(
    watched: Watched, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    """What is moved out of the tree has no other half to wait for; watchdog's own patience is half a second."""
    folder = tree(tmp_path / "ftp")
    watched.watch.follow([tmp_path / "ftp"])
    assert watched.hears(folder)
    took = []
    for number in range(5):
        make(folder / "leaves")
        assert watched.hears(folder)
        (folder / "leaves").rename(tmp_path / str(number))
        began = time.monotonic()
        assert watched.hears(folder)
        took.append(time.monotonic() - began)
    assert min(took) < 0.25


def test_a_root_that_is_deleted_and_made_again_is_watched_again(watched: Watched, tmp_path: Path) -> None:
    """As often as it happens, and also where it was missing at first."""
    root = tmp_path / "ftp"
    watched.watch.follow([root])
    for _ in range(3):
        folder = tree(root)
        watched.watch.check()
        assert watched.hears(folder)
        shutil.rmtree(root)
        watched.watch.check()


def test_roots_below_others_are_not_watched_twice(
    watched: Watched, tmp_path: Path, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    folder, own = tree(tmp_path / "ftp"), tree(tmp_path / "elsewhere")
    contacts = own.parent.parent
    watched.watch.follow([tmp_path / "ftp", tmp_path / "ftp" / "acme" / "contacts", contacts])
    assert watched.watch._roots == (contacts, tmp_path / "ftp")
    assert watched.hears(folder)
    assert watched.hears(own)
    assert lines() == []


def test_too_many_folders_are_polled_until_they_are_fewer(
    watched: Watched,
    tmp_path: Path,
    lines: Callable[[], list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where they become too many later. The log says each change once."""
    monkeypatch.setattr(watch, "MAX_WATCHED_FOLDERS", 10)
    monkeypatch.setattr(watch, "RECHECK_SECONDS", 0.0)
    folder = tree(tmp_path / "ftp")
    watched.watch.follow([tmp_path])
    assert watched.hears(folder)
    for n in range(10):
        (tmp_path / "ftp" / str(n)).mkdir()
    for _ in range(3):
        watched.watch.check()
    assert watched.watch._observer is None
    (polling,) = lines()
    assert (polling["event"], polling["reason"]) == ("watch.polling_only", "more than 10 folders")
    for n in range(10):
        (tmp_path / "ftp" / str(n)).rmdir()
    watched.watch.check()
    assert [line["event"] for line in lines()] == ["watch.polling_only", "watch.events_again"]
    assert watched.hears(folder)


def test_watches_that_were_lost_are_taken_again(watched: Watched, tmp_path: Path) -> None:
    """The kernel's count is compared with the folders that there are."""
    folder = tree(tmp_path / "ftp")
    watched.watch.follow([tmp_path])
    assert watch._watches() == watch._count_folders([tmp_path])
    group = next(iter(watched.watch._observer.emitters))._inotify  # type: ignore[union-attr]  # it is there
    group._remove_callbacks(list(group._active_callbacks_by_watch))
    watched.watch.check()
    assert watch._watches() == 0
    watched.watch._recheck_at = 0.0
    watched.watch.check()
    assert watched.hears(folder)


def test_an_overflow_is_told_and_everything_is_looked_at(
    watched: Watched, tmp_path: Path, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    """watchdog only logs it."""
    tree(tmp_path)
    watched.watch.follow([tmp_path])
    logging.getLogger("watchdog.observers.inotify_c").warning("Inotify queue overflowed")
    assert watched.alarms.get(timeout=PATIENCE)
    assert [line["event"] for line in lines()] == ["watch.events_lost"]


def test_a_reader_that_fails_is_replaced(
    watched: Watched,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    """It hears on, everything is looked at, and its books are made anew."""
    folder = tree(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(inotify_c.InotifyFD, "handle_event", lambda _self, event: {}.pop(event))
        watched.watch.follow({tmp_path})
        (folder / "b.csv").touch()
        assert watched.watch._broken.wait(PATIENCE)
    watched.watch.check()
    assert watched.alarms.get(timeout=PATIENCE)
    assert watched.hears(folder)
    assert [line["event"] for line in lines()] == ["watch.events_lost"]


def test_folders_may_be_exchanged_and_removed(watched: Watched, tmp_path: Path) -> None:
    """Then watchdog's books are wrong: it cannot even be stopped without an error."""
    folder = tree(tmp_path)
    for name in "ab":
        (folder / name / "inner").mkdir(parents=True)
    watched.watch.follow({tmp_path})
    handle = os.open(folder, os.O_RDONLY)
    rename_exchange(handle, b"a", b"b")
    os.close(handle)
    for name in "ab":
        shutil.rmtree(folder / name)
    assert watched.hears(folder)
    watched.watch.follow({folder})
    watched.watch.check()
    assert watched.hears(folder)
