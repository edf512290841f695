"""Folders that were empty and have not changed are not opened again, and no deposit is missed."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from contactsync.domain.deposit import ACTIONS
from contactsync.spool import folders
from contactsync.spool.folders import BOXES
from contactsync.spool.spool import Spool
from contactsync.spool.unchanged import FORGET_SECONDS, TRUST_SECONDS, UnchangedFolders
from tests.unit.spool.scene import pins

FOLDERS = [*ACTIONS, *(f"{action}/{box}" for action in ACTIONS for box in BOXES)]


@dataclass
class Scene:
    """An account whose folders are scanned again and again, at a time that the test sets."""

    home: Path
    now: float = 100.0

    def __post_init__(self) -> None:
        self.unchanged = UnchangedFolders(lambda: self.now)
        (self.home / "contacts").mkdir(parents=True)

    def path(self, folder: str) -> Path:
        return self.home / "contacts" / folder

    def opened(self) -> Spool:
        return Spool(
            self.home, pins(self.home), max_bytes=1000, ignored=lambda _name: False, unchanged=self.unchanged
        )

    def trusted(self) -> None:
        """Scan until what was seen is trusted."""
        for _ in range(3):
            self.look()
            self.now += TRUST_SECONDS

    def look(self) -> tuple[list[str], list[str], set[str]]:
        """What is in `in/` and in `on/`, and which folders were opened to find out."""
        with self.opened() as spool:
            spool.recreate_missing()
            left = [f"{action.name}/on/{name.decode()}" for action, name in spool.in_progress()]
            found = [f"{file.action.name}/in/{file.name.decode()}" for file in spool.incoming()]
            return found, left, set(spool._folders._fds) - {"contacts"}


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Every folder is empty, and is trusted to be."""
    found = Scene(tmp_path / "acme")
    found.trusted()
    return found


@pytest.fixture
def timeless(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """The same on a file system that keeps no times, with a deposit that arrived after the scans."""
    monkeypatch.setattr(folders, "times_of", lambda _status: (0, 0, 0, 0))
    scene.trusted()
    scene.path("import/in/a.csv").touch()
    return scene


def test_an_unchanged_folder_is_not_opened(scene: Scene) -> None:
    """None of the fifty folders is opened."""
    assert scene.look() == ([], [], set())


@pytest.mark.parametrize("action", ACTIONS)
def test_a_deposit_is_found_at_once(scene: Scene, action: str) -> None:
    """It is found as long as it exists; afterwards its folder is trusted again."""
    file = scene.path(f"{action}/in/a.csv")
    file.touch()
    for _ in range(3):
        assert scene.look()[0] == [f"{action}/in/a.csv"]
        scene.now += TRUST_SECONDS
    file.unlink()
    for _ in range(2):
        assert scene.look()[:2] == ([], [])
        scene.now += TRUST_SECONDS
    assert scene.look() == ([], [], set())


@pytest.mark.parametrize("action", ACTIONS)
def test_a_leftover_of_another_daemon_is_found_at_once(scene: Scene, action: str) -> None:
    """That daemon was killed while it had the account's lock."""
    scene.path(f"{action}/on/1_a.csv").touch()
    assert scene.look()[1] == [f"{action}/on/1_a.csv"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_removed_folder_is_recreated(scene: Scene, folder: str) -> None:
    """Each of the folders counts."""
    shutil.rmtree(scene.path(folder))
    scene.look()
    assert all(scene.path(each).is_dir() for each in FOLDERS)


@pytest.mark.parametrize("box", ["in", "on"])
def test_another_folder_of_the_same_name_is_read(scene: Scene, box: str) -> None:
    """Even if somebody gave it the times of the old one."""
    folder = scene.path(f"import/{box}")
    times = folder.stat()
    folder.rename(scene.home / "aside")
    folder.mkdir()
    (folder / "1_a.csv").touch()
    os.utime(folder, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert f"import/{box}" in scene.look()[2]


def test_a_forged_time_hides_nothing(scene: Scene) -> None:
    """Nobody can forge the change time."""
    folder = scene.path("import/in")
    times = folder.stat()
    (folder / "a.csv").touch()
    os.utime(folder, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert scene.look()[0] == ["import/in/a.csv"]


def test_a_file_system_without_times_hides_nothing_for_long(timeless: Scene) -> None:
    """A deep scan's hint finds it the second time at the latest."""
    assert timeless.look()[0] == []
    timeless.now += FORGET_SECONDS
    assert timeless.look()[0] == ["import/in/a.csv"]


def test_a_claim_does_not_rely_on_the_times_of_on(timeless: Scene) -> None:
    """The next scan finds the claimed file, which would otherwise count as vanished."""
    timeless.now += FORGET_SECONDS
    with timeless.opened() as spool:
        (seen,) = spool.incoming()
        spool.in_progress()
        timeless.now += TRUST_SECONDS
        spool.in_progress()
        claimed = spool.claim(seen, lambda _action, _name: False)
        assert claimed is not None
    assert timeless.look()[1] == [f"import/on/{claimed.decode()}"]
