"""The periodic scan of all folders: it finds everything, and reads again only what may have changed."""

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

    def needs_a_look(self, *, deep: bool = False) -> bool:
        return self.rescan.needs_a_look(self.home, deep=deep)

    def trusted(self) -> None:
        """Scan until what was seen is trusted."""
        self.needs_a_look()
        self.now += TRUST_SECONDS
        self.needs_a_look()


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    found = Scene(tmp_path / "acme")
    for action in ACTIONS:
        for box in ("in", "on"):
            found.box(action, box).mkdir(parents=True)
    return found


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders that the scan reads."""
    folders: list[str] = []

    def scandir(folder: str, really: Any = os.scandir) -> Any:
        folders.append(folder)
        return really(folder)

    monkeypatch.setattr(rescan.os, "scandir", scandir)
    return folders


@pytest.mark.parametrize("action", ACTIONS)
def test_a_deposit_is_seen_in_each_folder(scene: Scene, action: str) -> None:
    """It is seen at once and as long as it exists, however long nothing happens."""
    assert not scene.needs_a_look()
    scene.trusted()
    assert not scene.needs_a_look()
    (scene.box(action) / "a.csv").touch()
    assert [scene.needs_a_look() for _ in range(3)] == [True] * 3
    scene.now += 1000
    assert scene.needs_a_look()
    (scene.box(action) / "a.csv").unlink()
    assert not scene.needs_a_look()


def test_an_unchanged_empty_folder_is_not_read_again(scene: Scene, read: list[str]) -> None:
    """It was read twice, further apart than the coarsest times are."""
    scene.trusted()
    read.clear()
    assert not scene.needs_a_look()
    assert read == []
    (scene.box("delete") / ".x").touch()
    scene.needs_a_look()
    assert set(read) == {str(scene.box("delete"))}


def test_equal_times_prove_nothing_too_soon(scene: Scene) -> None:
    """A deposit that arrives within the same clock tick does not change the folder's times."""
    scene.needs_a_look()
    times = scene.box().stat()
    (scene.box() / "a.csv").touch()
    os.utime(scene.box(), ns=(times.st_atime_ns, times.st_mtime_ns))
    scene.now += TRUST_SECONDS - 0.01
    assert scene.needs_a_look()


def test_a_forged_modification_time_hides_nothing(scene: Scene) -> None:
    """Nobody can forge the change time."""
    scene.trusted()
    times = scene.box().stat()
    (scene.box() / "a.csv").touch()
    os.utime(scene.box(), ns=(times.st_atime_ns, times.st_mtime_ns))
    assert scene.needs_a_look()


def test_leftovers_need_a_look_until_they_are_known(scene: Scene) -> None:
    """An old temporary name or a folder in `in/` needs another look only when something changes."""
    (scene.box() / ".old.part").touch()
    (scene.box() / "folder").mkdir()
    assert scene.needs_a_look()
    scene.trusted()
    assert not scene.needs_a_look()
    assert scene.needs_a_look(deep=True)
    (scene.box() / ".old.part").rename(scene.box() / "old.csv")
    assert scene.needs_a_look()


def test_a_missing_folder_needs_a_look(scene: Scene) -> None:
    """Once recreated, it counts as a new folder."""
    scene.trusted()
    scene.box().rename(scene.home / "aside")
    assert scene.needs_a_look()
    scene.box().mkdir()
    assert not scene.needs_a_look()
    (scene.box() / "a.csv").touch()
    assert scene.needs_a_look()


def test_a_deep_scan_sees_a_leftover_in_on(scene: Scene) -> None:
    """Another daemon may have been killed while it worked on it."""
    (scene.box("delete", "on") / "1_a.csv").touch()
    assert not scene.needs_a_look()
    assert scene.needs_a_look(deep=True)


def test_a_deep_scan_trusts_no_earlier_scan(scene: Scene, read: list[str]) -> None:
    """It reads every folder."""
    scene.trusted()
    read.clear()
    assert not scene.needs_a_look(deep=True)
    assert len(read) == 2 * len(ACTIONS)


def test_removed_homes_are_forgotten(scene: Scene) -> None:
    """A rescan remembers nothing about removed accounts."""
    scene.trusted()
    scene.rescan.keep({scene.home})
    assert len(scene.rescan._unchanged._seen) == len(ACTIONS)
    scene.rescan.keep(set())
    assert (scene.rescan._unchanged._seen, scene.rescan._paths) == ({}, {})
