"""Calls that never return: nobody waits for them for long, and nobody repeats them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from contactsync.runtime.attended import Attended, NoAnswer
from tests.polling import until

DEADLINE = 60.0
STALL_SECONDS = 0.02
AT_ONCE = 0.1


class Mount:
    """What is asked: some subjects answer at once, those that are hung when they are released."""

    def __init__(self, hung: frozenset[int]) -> None:
        self.hung = hung
        self.release = threading.Event()
        self.calls: list[int] = []

    def ask(self, subject: int) -> int:
        self.calls.append(subject)
        if subject in self.hung:
            assert self.release.wait(DEADLINE)
        return subject * 2


@pytest.fixture
def make() -> Iterator[Callable[..., Mount]]:
    """Makes mounts, which answer at the end."""
    made: list[Mount] = []

    def mount(*hung: int) -> Mount:
        made.append(Mount(frozenset(hung)))
        return made[-1]

    yield mount
    for each in made:
        each.release.set()


def test_all_answers_come(make: Callable[..., Mount]) -> None:
    """Also what a call raised, which is raised where it is used."""
    attended: Attended[int] = Attended(STALL_SECONDS)
    found = attended.over(range(100), make().ask, DEADLINE)
    assert {subject: answer.get() for subject, answer in found.items()} == {n: 2 * n for n in range(100)}
    with pytest.raises(ZeroDivisionError):
        attended.one(1, lambda: 1 // 0, DEADLINE)
    assert attended.over([], make().ask, DEADLINE) == {}


def test_the_others_answer_beside_many_that_hang(make: Callable[..., Mount]) -> None:
    """However many hang, and wherever they are in the order."""
    attended: Attended[int] = Attended(STALL_SECONDS)
    mount = make(*range(150))
    # The deadline ends the round, as the hung ones never answer.
    answered = threading.Thread(target=lambda: attended.over(range(200), mount.ask, DEADLINE), daemon=True)
    answered.start()
    until(lambda: len(attended.silent(0)) == 150 and len(mount.calls) == 200)
    mount.release.set()
    answered.join(DEADLINE)
    assert attended.silent(0) == {}


def test_nobody_waits_longer_than_asked(make: Callable[..., Mount]) -> None:
    """There is no answer for what hangs."""
    attended: Attended[int] = Attended(STALL_SECONDS)
    mount = make(1)
    found = attended.over([0, 1, 2], mount.ask, AT_ONCE)
    assert 1 not in found
    with pytest.raises(NoAnswer):
        attended.one(1, lambda: 1, AT_ONCE)


def test_a_subject_that_hangs_is_not_asked_again(make: Callable[..., Mount]) -> None:
    """Until its call has returned: then it is."""
    attended: Attended[int] = Attended(STALL_SECONDS)
    mount = make(1)
    for _ in range(3):
        assert attended.over([1], mount.ask, AT_ONCE) == {}
    assert mount.calls == [1]
    mount.release.set()
    until(lambda: not attended.silent(0))
    assert attended.one(1, lambda: 7, DEADLINE) == 7


def test_what_hangs_is_named_after_a_while(make: Callable[..., Mount]) -> None:
    """With the time at which its call began."""
    attended: Attended[int] = Attended(STALL_SECONDS)
    began = time.monotonic()
    attended.over([1], make(1).ask, AT_ONCE)
    assert attended.silent(DEADLINE) == {}
    (since,) = attended.silent(0).values()
    assert began <= since <= time.monotonic()


def test_two_rounds_share_a_subject(make: Callable[..., Mount]) -> None:
    """The second waits for the first one's call, so both get their answers, and no two calls overlap."""
    attended: Attended[int] = Attended(DEADLINE)
    mount = make(1)
    first = threading.Thread(target=lambda: attended.over([1], mount.ask, DEADLINE), daemon=True)
    first.start()
    until(lambda: 1 in attended.silent(0))
    answers: list[int] = []
    second = threading.Thread(
        target=lambda: answers.append(attended.one(1, lambda: 9, DEADLINE)), daemon=True
    )
    second.start()
    mount.release.set()
    second.join(DEADLINE)
    first.join(DEADLINE)
    assert (answers, mount.calls) == ([9], [1])
