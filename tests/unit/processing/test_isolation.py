"""Isolation: a suspect is processed alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from contactsync.processing.isolation import Isolation

PATIENCE = 60.0
SHORT = 0.1


class Deposit(threading.Thread):
    """A deposit in progress until `end` is called."""

    def __init__(self, place: Callable[[], AbstractContextManager[object]]) -> None:
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


def test_ordinary_deposits_are_processed_in_parallel() -> None:
    """Without a suspect, no deposit waits."""
    isolation = Isolation()
    both = [Deposit(isolation.beside_others) for _ in range(2)]
    assert all(deposit.entered.wait(PATIENCE) for deposit in both)
    for deposit in both:
        deposit.end()


def test_a_suspect_waits_for_the_deposits_in_progress() -> None:
    """It begins once the last of them has ended."""
    isolation = Isolation()
    before = Deposit(isolation.beside_others)
    assert before.entered.wait(PATIENCE)
    suspect = Deposit(isolation.alone)
    assert not suspect.entered.wait(SHORT)
    before.end()
    assert suspect.entered.wait(PATIENCE)
    suspect.end()


def test_nothing_begins_beside_a_suspect() -> None:
    """A deposit that arrives meanwhile waits until the suspect has ended."""
    isolation = Isolation()
    suspect = Deposit(isolation.alone)
    assert suspect.entered.wait(PATIENCE)
    later = Deposit(isolation.beside_others)
    other = Deposit(isolation.alone)
    assert not later.entered.wait(SHORT)
    assert not other.entered.wait(SHORT)
    suspect.end()
    assert other.entered.wait(PATIENCE)
    other.end()
    assert later.entered.wait(PATIENCE)
    later.end()


def test_others_wait_for_a_suspect_only_for_a_while() -> None:
    """It may take minutes of processor time, and a deadly file is dead by then."""
    isolation = Isolation(seconds=SHORT)
    suspect = Deposit(isolation.alone)
    assert suspect.entered.wait(PATIENCE)
    later = Deposit(isolation.beside_others)
    assert later.entered.wait(PATIENCE)
    for deposit in (later, suspect):
        deposit.end()


def test_a_suspect_waits_for_others_only_for_a_while() -> None:
    """Meanwhile nobody else may begin."""
    isolation = Isolation(seconds=SHORT)
    before = Deposit(isolation.beside_others)
    assert before.entered.wait(PATIENCE)
    suspect = Deposit(isolation.alone)
    assert suspect.entered.wait(PATIENCE)
    for deposit in (before, suspect):
        deposit.end()


def test_a_suspect_knows_whether_it_is_alone() -> None:
    """As long as others wait for it, it must not wait for them."""
    with Isolation().alone() as is_alone:
        assert is_alone()
    with Isolation(seconds=0.0).alone() as is_alone:
        assert not is_alone()


def test_a_suspect_does_not_wait_for_a_deposit_that_hangs() -> None:
    """What returns later disturbs nobody."""
    isolation = Isolation()
    hung = Deposit(isolation.beside_others)
    assert hung.entered.wait(PATIENCE)
    suspect = Deposit(isolation.alone)
    isolation.abandon(hung.ident or 0)
    assert suspect.entered.wait(PATIENCE)
    another = Deposit(isolation.alone)
    hung.end()
    assert not another.entered.wait(SHORT)
    suspect.end()
    assert another.entered.wait(PATIENCE)
    another.end()
