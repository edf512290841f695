"""Hints from the kernel's events: they arrive, also from folders that were made again, and a loss is logged."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contactsync.intake import watch
from tests.unit.intake.watching import PATIENCE, Watched, tree


def test_an_upload_causes_a_hint(watched: Watched, tmp_path: Path) -> None:
    """Also in a folder that was created after the watch began."""
    one = tree(tmp_path / "one")
    watched.watch.follow([tmp_path])
    assert watched.hints_at(one)
    two = tree(tmp_path / "two")
    # Folders that appear while watchdog walks the tree may be missed until the next check.
    watched.watch._recheck_at = 0.0
    watched.watch.check()
    assert watched.hints_at(two)


def test_a_file_that_leaves_causes_no_hint(watched: Watched, tmp_path: Path) -> None:
    """Every claimed file leaves its folder, and needs no second look."""
    folder, other, last = (tree(tmp_path / name) for name in ("folder", "other", "last"))
    watched.watch.follow([tmp_path])
    watched.hints_before(folder)
    # By now every event of the file in `folder` has arrived.
    watched.hints_before(other)
    (folder / "a.csv").rename(folder.parent / "1_a.csv")
    assert folder not in watched.hints_before(last)


def test_a_folder_that_was_renamed_to_in_causes_hints(watched: Watched, tmp_path: Path) -> None:
    """Its events are found by what it is called now."""
    folder = tree(tmp_path / "folder")
    (folder.parent / "new").mkdir()
    watched.watch.follow([tmp_path])
    assert watched.hints_at(folder)
    folder.rename(folder.parent / "old")
    (folder.parent / "new").rename(folder)
    assert watched.hints_at(folder)


def test_a_root_that_is_deleted_and_made_again_is_watched_again(watched: Watched, tmp_path: Path) -> None:
    """As often as it happens, and also if it was missing at first."""
    root = tmp_path / "ftp"
    watched.watch.follow([root])
    for _ in range(3):
        folder = tree(root)
        watched.watch.check()
        assert watched.hints_at(folder)
        shutil.rmtree(root)
        watched.watch.check()


def test_a_root_below_another_is_not_watched_twice(
    watched: Watched, tmp_path: Path, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    folder, own = tree(tmp_path / "ftp"), tree(tmp_path / "elsewhere")
    contacts = own.parent.parent
    watched.watch.follow([tmp_path / "ftp", tmp_path / "ftp" / "acme" / "contacts", contacts])
    assert watched.watch._roots == (contacts, tmp_path / "ftp")
    assert watched.hints_at(folder)
    assert watched.hints_at(own)
    assert lines() == []


def test_too_many_folders_are_polled_until_they_are_fewer(
    watched: Watched,
    tmp_path: Path,
    lines: Callable[[], list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also if they become too many later. Each change is logged once."""
    monkeypatch.setattr(watch, "MAX_WATCHED_FOLDERS", 10)
    monkeypatch.setattr(watch, "RECHECK_SECONDS", 0.0)
    folder = tree(tmp_path / "ftp")
    watched.watch.follow([tmp_path])
    assert watched.hints_at(folder)
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
    assert watched.hints_at(folder)


def test_an_overflow_is_logged_and_every_folder_is_looked_at(
    watched: Watched, tmp_path: Path, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    """watchdog itself only logs it."""
    tree(tmp_path)
    watched.watch.follow([tmp_path])
    logging.getLogger("watchdog.observers.inotify_c").warning("Inotify queue overflowed; events were lost")
    logging.getLogger("watchdog.observers.inotify").warning("Inotify queue overflowed; reconciling %r", b"/x")
    assert watched.alarms.get(timeout=PATIENCE)
    assert [(line["event"], line["cause"]) for line in lines()] == [("watch.events_lost", "overflow")]


def test_another_warning_of_the_library_is_logged_without_its_paths(
    watched: Watched, tmp_path: Path, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    """It has a cause of its own, and every folder is looked at."""
    tree(tmp_path)
    watched.watch.follow([tmp_path])
    logging.getLogger("watchdog.observers.inotify").error("Unable to rebuild below %r", b"/srv/secret")
    assert watched.alarms.get(timeout=PATIENCE)
    (line,) = lines()
    assert (line["event"], line["cause"]) == ("watch.events_lost", "library")
    assert "secret" not in str(line)
