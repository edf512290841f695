"""Isolation: a suspect is processed alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from contactsync.processing.isolation import Isolation

PATIENCE = 5.0
SHORT = 0.1


class Deposit(threading.Thread):
    """Somebody in work until told to leave."""

    def __init__(self, place: Callable[[], AbstractContextManager[None]]) -> None:
        super().__init__(daemon=True)
        self._place = place
        self.entered, self.leave = threading.Event(), threading.Event()
        self.start()

    def run(self) -> None:
        with self._place():
            self.entered.set()
            self.leave.wait(PATIENCE)

    def end(self) -> None:
        self.leave.set()
        self.join(PATIENCE)


def test_ordinary_deposits_work_side_by_side() -> None:
    """Nobody waits where nobody is suspect."""
    quarantine = Isolation()
    both = [Deposit(quarantine.beside_others) for _ in range(2)]
    assert all(deposit.entered.wait(PATIENCE) for deposit in both)
    for deposit in both:
        deposit.end()


def test_a_suspect_waits_for_what_is_in_work() -> None:
    """It begins when the last of them has ended."""
    quarantine = Isolation()
    before = Deposit(quarantine.beside_others)
    assert before.entered.wait(PATIENCE)
    suspect = Deposit(quarantine.alone)
    assert not suspect.entered.wait(SHORT)
    before.end()
    assert suspect.entered.wait(PATIENCE)
    suspect.end()


def test_nothing_begins_beside_a_suspect() -> None:
    """Who comes meanwhile waits until it has gone."""
    quarantine = Isolation()
    suspect = Deposit(quarantine.alone)
    assert suspect.entered.wait(PATIENCE)
    later = Deposit(quarantine.beside_others)
    other = Deposit(quarantine.alone)
    assert not later.entered.wait(SHORT)
    assert not other.entered.wait(SHORT)
    suspect.end()
    assert other.entered.wait(PATIENCE)
    other.end()
    assert later.entered.wait(PATIENCE)
    later.end()
