"""The periodic look at all folders: it sees everything, and reads again only what may have changed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contactsync.domain.deposit import ACTIONS
from contactsync.intake import rescan
from contactsync.intake.rescan import Rescan
from contactsync.runtime.clock import Clock
from contactsync.spool.unchanged import TRUST_SECONDS


@dataclass
class Scene:
    """An account's folders, and a rescan whose time the test sets."""

    home: Path
    now: float = 100.0

    def __post_init__(self) -> None:
        self.rescan = Rescan(lambda name: name.startswith(b"."), Clock(monotonic=lambda: self.now))

    def box(self, action: str = "import", box: str = "in") -> Path:
        return self.home / "contacts" / action / box

    def looks(self, *, deep: bool = False) -> bool:
        return self.rescan.needs_a_look(self.home, deep=deep)

    def trusted(self) -> None:
        """Let it look until it trusts what it saw."""
        self.looks()
        self.now += TRUST_SECONDS
        self.looks()


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    found = Scene(tmp_path / "acme")
    for action in ACTIONS:
        for box in ("in", "on"):
            found.box(action, box).mkdir(parents=True)
    return found


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders that are read."""
    folders: list[str] = []

    def scandir(folder: str, really: Any = os.scandir) -> Any:
        folders.append(folder)
        return really(folder)

    monkeypatch.setattr(rescan.os, "scandir", scandir)
    return folders


@pytest.mark.parametrize("action", ACTIONS)
def test_a_deposit_is_seen_in_each_folder(scene: Scene, action: str) -> None:
    """At once, and as long as it lies there, however long nothing has happened."""
    assert not scene.looks()
    scene.trusted()
    assert not scene.looks()
    (scene.box(action) / "a.csv").touch()
    assert [scene.looks() for _ in range(3)] == [True] * 3
    scene.now += 1000
    assert scene.looks()
    (scene.box(action) / "a.csv").unlink()
    assert not scene.looks()


def test_an_unchanged_empty_folder_is_not_read_again(scene: Scene, read: list[str]) -> None:
    """Once it has been read twice, further apart than the coarsest of times."""
    scene.trusted()
    read.clear()
    assert not scene.looks()
    assert read == []
    (scene.box("delete") / ".x").touch()
    scene.looks()
    assert set(read) == {str(scene.box("delete"))}


def test_times_that_are_too_young_tell_nothing(scene: Scene) -> None:
    """A deposit that came within the same tick of the clock leaves the folder's times as they were."""
    scene.looks()
    times = scene.box().stat()
    (scene.box() / "a.csv").touch()
    os.utime(scene.box(), ns=(times.st_atime_ns, times.st_mtime_ns))
    scene.now += TRUST_SECONDS - 0.01
    assert scene.looks()


def test_a_forged_modification_time_hides_nothing(scene: Scene) -> None:
    """Nobody forges the change time."""
    scene.trusted()
    times = scene.box().stat()
    (scene.box() / "a.csv").touch()
    os.utime(scene.box(), ns=(times.st_atime_ns, times.st_mtime_ns))
    assert scene.looks()


def test_leftovers_are_looked_at_until_they_are_known(scene: Scene) -> None:
    """An old temporary name or a folder in `in/`: not at each rescan for ever, but again when something changes."""
    (scene.box() / ".old.part").touch()
    (scene.box() / "folder").mkdir()
    assert scene.looks()
    scene.trusted()
    assert not scene.looks()
    assert scene.looks(deep=True)
    (scene.box() / ".old.part").rename(scene.box() / "old.csv")
    assert scene.looks()


def test_a_missing_folder_needs_a_look(scene: Scene) -> None:
    """It is made again, and then seen as a new one, even with the old one's times."""
    scene.trusted()
    scene.box().rename(scene.home / "aside")
    assert scene.looks()
    scene.box().mkdir()
    assert not scene.looks()
    (scene.box() / "a.csv").touch()
    assert scene.looks()


def test_what_was_left_in_on_is_seen_by_a_deep_scan(scene: Scene) -> None:
    """Another daemon may have been killed."""
    (scene.box("delete", "on") / "1_a.csv").touch()
    assert not scene.looks()
    assert scene.looks(deep=True)


def test_a_deep_scan_trusts_nobody(scene: Scene, read: list[str]) -> None:
    """It reads every folder."""
    scene.trusted()
    read.clear()
    assert not scene.looks(deep=True)
    assert len(read) == 2 * len(ACTIONS)


def test_homes_that_have_gone_are_forgotten(scene: Scene) -> None:
    """A rescan holds nothing of accounts that are no more."""
    scene.trusted()
    scene.rescan.keep({scene.home})
    assert len(scene.rescan._still._seen) == len(ACTIONS)
    scene.rescan.keep(set())
    assert (scene.rescan._still._seen, scene.rescan._paths) == ({}, {})
