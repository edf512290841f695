"""Which folders need not be read again: those that were seen to need nothing, and whose times are the same."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from contactsync.spool.unchanged import FORGET_SECONDS, TRUST_SECONDS, Times, UnchangedFolders

TIMES: Times = (1, 2, 3, 4)


@dataclass
class Scene:
    """A stillness whose time the test sets."""

    now: float = 100.0
    still: UnchangedFolders = field(init=False)

    def __post_init__(self) -> None:
        self.still = UnchangedFolders(lambda: self.now)

    def read(self, times: Times = TIMES) -> bool:
        """The folder is looked at, read and found empty; whether that is trusted."""
        self.still.holds("a", times)
        return self.still.note("a")

    def trusted(self) -> None:
        """Let the folder be read until that is trusted."""
        self.read()
        self.now += TRUST_SECONDS
        assert self.read()


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_what_nobody_has_seen_is_not_still(scene: Scene) -> None:
    """It has to be read."""
    assert not scene.still.holds("a", TIMES)


def test_one_reading_tells_nothing(scene: Scene) -> None:
    """What comes within the same tick of the file system's clock leaves the times as they are."""
    assert not scene.read()
    assert not scene.still.holds("a", TIMES)
    scene.now += TRUST_SECONDS - 0.01
    assert not scene.read()
    assert not scene.still.holds("a", TIMES)


def test_how_long_a_reading_took_counts_for_nothing(scene: Scene) -> None:
    """The machine may have stood still in the middle of it, and a file may have come then."""
    scene.read()
    scene.now += 0.1
    scene.still.holds("a", TIMES)
    scene.now += TRUST_SECONDS
    assert not scene.still.note("a")
    assert not scene.still.holds("a", TIMES)


def test_what_was_read_without_being_looked_at_is_not_trusted(scene: Scene) -> None:
    """Its times could not be told: it is not there, or was not."""
    scene.trusted()
    scene.still.forget("a")
    assert not scene.still.note("a")


def test_two_readings_far_enough_apart_are_trusted(scene: Scene) -> None:
    """Of this folder; nothing is said of others."""
    scene.trusted()
    assert scene.still.holds("a", TIMES)
    assert not scene.still.holds("b", TIMES)


@pytest.mark.parametrize("part", range(len(TIMES)))
def test_a_change_of_any_time_ends_it(scene: Scene, part: int) -> None:
    """Another device, inode, modification or change time: it has to be read, twice again."""
    scene.trusted()
    changed = (*TIMES[:part], 99, *TIMES[part + 1 :])
    assert not scene.still.holds("a", changed)
    assert not scene.read(changed)
    assert not scene.still.holds("a", changed)


def test_trust_ends_by_itself(scene: Scene) -> None:
    """A file system that keeps no times hides nothing for long."""
    scene.trusted()
    scene.now += FORGET_SECONDS
    assert not scene.still.holds("a", TIMES)
    assert scene.read()
    assert scene.still.holds("a", TIMES)


def test_what_is_forgotten_is_not_still(scene: Scene) -> None:
    """Also where it had never been known."""
    scene.trusted()
    scene.still.forget("a")
    scene.still.forget("b")
    assert not scene.still.holds("a", TIMES)
