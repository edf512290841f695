"""The processor time of a deposit: what its threads spend counts, what they wait does not."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from contactsync.domain.errors import FileRefused
from contactsync.processing.cpu_budget import CpuBudget
from contactsync.processing.prefetch import read_ahead


def burn(seconds: float) -> None:
    """Use the processor, as this thread's own clock measures it."""
    ends = time.thread_time() + seconds
    while time.thread_time() < ends:
        pass


def batches(count: int, seconds: float) -> Iterator[int]:
    """Items that cost processor time to make."""
    for number in range(count):
        burn(seconds)
        yield number


def test_within_the_budget_nothing_happens() -> None:
    """Every item arrives, in order."""
    assert list(CpuBudget(60.0).charging(batches(5, 0.001))) == list(range(5))


@pytest.mark.parametrize("in_thread", [True, False])
def test_a_reader_over_the_budget_ends_the_deposit(*, in_thread: bool) -> None:
    """In any thread that reads, and before everything is read."""
    items = read_ahead(CpuBudget(0.05).charging(batches(1000, 0.02)), in_thread=in_thread)
    seen = []
    with pytest.raises(FileRefused, match="too_expensive"):
        seen.extend(items)
    assert len(seen) < 10


def test_threads_add_up() -> None:
    """Half of the budget in one thread and more than half in another exceed it."""
    budget = CpuBudget(0.1)

    def work() -> None:
        with budget.charged():
            burn(0.06)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    with pytest.raises(FileRefused):
        work()


def test_waiting_costs_nothing() -> None:
    """A busy host or a slow database refuses no file."""
    with CpuBudget(0.05).charged():
        threading.Event().wait(0.2)


def test_what_happens_outside_costs_nothing() -> None:
    """While a single worker gives way, the other deposit's time is not this one's."""
    budget = CpuBudget(0.05)
    for _ in budget.charging(batches(3, 0.001)):
        burn(0.05)


def test_what_is_uncharged_in_the_middle_costs_nothing() -> None:
    """What was spent before and after it does."""
    budget = CpuBudget(0.2)
    with budget.charged():
        burn(0.06)
        with budget.uncharged(), CpuBudget(60.0).charged():
            burn(0.3)
        burn(0.06)
    with pytest.raises(FileRefused), budget.charged():
        burn(0.1)


def test_the_budget_is_checked_in_the_middle() -> None:
    """A block that is too expensive ends there, before it has spent still more."""
    budget = CpuBudget(0.02)
    got_on: list[None] = []

    def work() -> None:
        with budget.charged():
            burn(0.03)
            with budget.uncharged():
                got_on.append(None)

    with pytest.raises(FileRefused):
        work()
    assert got_on == []


def test_uncharged_alone_does_nothing() -> None:
    """A thread that only waits for the deposit charges nothing."""
    with CpuBudget(0.0).uncharged():
        burn(0.01)
