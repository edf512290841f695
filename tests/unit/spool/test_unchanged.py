"""Which folders need not be read again: those that needed no work and whose times are the same."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from contactsync.spool.unchanged import FORGET_SECONDS, TRUST_SECONDS, Times, UnchangedFolders

TIMES: Times = (1, 2, 3, 4)


@dataclass
class Scene:
    """What is known about folders, at a time that the test sets."""

    now: float = 100.0
    unchanged: UnchangedFolders = field(init=False)

    def __post_init__(self) -> None:
        self.unchanged = UnchangedFolders(lambda: self.now)

    def read(self, times: Times = TIMES) -> bool:
        """Read the folder and find it empty; returns whether that is trusted."""
        self.unchanged.is_unchanged("a", times)
        return self.unchanged.note("a")

    def trusted(self) -> None:
        """Read the folder until that is trusted."""
        self.read()
        self.now += TRUST_SECONDS
        assert self.read()


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_an_unknown_folder_is_not_unchanged(scene: Scene) -> None:
    """It has to be read."""
    assert not scene.unchanged.is_unchanged("a", TIMES)


def test_one_reading_proves_nothing(scene: Scene) -> None:
    """A file that arrives within the same tick of the file system's clock does not change the times."""
    assert not scene.read()
    assert not scene.unchanged.is_unchanged("a", TIMES)
    scene.now += TRUST_SECONDS - 0.01
    assert not scene.read()
    assert not scene.unchanged.is_unchanged("a", TIMES)


def test_how_long_a_reading_took_does_not_count(scene: Scene) -> None:
    """The machine may have paused in the middle, and a file may have arrived then."""
    scene.read()
    scene.now += 0.1
    scene.unchanged.is_unchanged("a", TIMES)
    scene.now += TRUST_SECONDS
    assert not scene.unchanged.note("a")
    assert not scene.unchanged.is_unchanged("a", TIMES)


def test_a_folder_whose_times_were_not_read_is_not_trusted(scene: Scene) -> None:
    """Its times could not be read, because it is missing or was."""
    scene.trusted()
    scene.unchanged.forget("a")
    assert not scene.unchanged.note("a")


def test_two_readings_far_enough_apart_are_trusted(scene: Scene) -> None:
    """This holds for the folder itself, not for others."""
    scene.trusted()
    assert scene.unchanged.is_unchanged("a", TIMES)
    assert not scene.unchanged.is_unchanged("b", TIMES)


@pytest.mark.parametrize("part", range(len(TIMES)))
def test_a_change_of_any_time_ends_it(scene: Scene, part: int) -> None:
    """After another device, inode, modification or change time it has to be read twice again."""
    scene.trusted()
    changed = (*TIMES[:part], 99, *TIMES[part + 1 :])
    assert not scene.unchanged.is_unchanged("a", changed)
    assert not scene.read(changed)
    assert not scene.unchanged.is_unchanged("a", changed)


def test_trust_expires(scene: Scene) -> None:
    """A file system that keeps no times does not hide a file for long."""
    scene.trusted()
    scene.now += FORGET_SECONDS
    assert not scene.unchanged.is_unchanged("a", TIMES)
    assert scene.read()
    assert scene.unchanged.is_unchanged("a", TIMES)


def test_a_forgotten_folder_is_not_unchanged(scene: Scene) -> None:
    """Forgetting a folder that was never known is no error."""
    scene.trusted()
    scene.unchanged.forget("a")
    scene.unchanged.forget("b")
    assert not scene.unchanged.is_unchanged("a", TIMES)
