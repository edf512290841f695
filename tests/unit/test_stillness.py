"""Which folders need not be read again: those that were seen to need nothing, and whose times are the same."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from contactsync.stillness import FORGET_SECONDS, TRUST_SECONDS, Stillness, Times

TIMES: Times = (1, 2, 3, 4)


@dataclass
class Scene:
    """A stillness whose time the test sets."""

    now: float = 100.0
    still: Stillness = field(init=False)

    def __post_init__(self) -> None:
        self.still = Stillness(lambda: self.now)

    def trusted(self) -> None:
        """Let the folder be read until that is trusted."""
        self.still.note("a", TIMES)
        self.now += TRUST_SECONDS
        assert self.still.note("a", TIMES)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_what_nobody_has_seen_is_not_still(scene: Scene) -> None:
    """It has to be read."""
    assert not scene.still.holds("a", TIMES)


def test_one_reading_tells_nothing(scene: Scene) -> None:
    """What comes within the same tick of the file system's clock leaves the times as they are."""
    assert not scene.still.note("a", TIMES)
    assert not scene.still.holds("a", TIMES)
    scene.now += TRUST_SECONDS - 0.01
    assert not scene.still.note("a", TIMES)
    assert not scene.still.holds("a", TIMES)


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
    assert not scene.still.note("a", changed)
    assert not scene.still.holds("a", changed)


def test_trust_ends_by_itself(scene: Scene) -> None:
    """Before the next deep scan asks, so that a file system that keeps no times hides nothing."""
    scene.trusted()
    scene.now += FORGET_SECONDS
    assert not scene.still.holds("a", TIMES)
    assert scene.still.note("a", TIMES)
    assert scene.still.holds("a", TIMES)


def test_what_is_forgotten_is_not_still(scene: Scene) -> None:
    """Also where it had never been known."""
    scene.trusted()
    scene.still.forget("a")
    scene.still.forget("b")
    assert not scene.still.holds("a", TIMES)
