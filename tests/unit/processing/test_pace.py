"""A deposit is held to its bounds between two chunks, in any thread that reads."""

from __future__ import annotations

import threading

import pytest

from contactsync.domain.errors import FileRefused, Retryable
from contactsync.processing import share as shares
from contactsync.processing.cpu_budget import CpuBudget
from contactsync.processing.pace import Pace
from contactsync.processing.share import Postponed, Share
from contactsync.runtime import gil

NO_WORKER = Share(is_long=False, enter_long=lambda: False)


def never() -> bool:
    return False


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every deposit has become slow."""
    monkeypatch.setattr(shares, "SLOW_CPU_SECONDS", -1.0)


def test_a_deposit_that_stops_has_no_next_chunk() -> None:
    with pytest.raises(Retryable):
        Pace(CpuBudget(60.0), Share(), lambda: True)()


def test_the_budget_is_checked() -> None:
    """Inside a block that is charged."""
    budget = CpuBudget(0.0)
    with pytest.raises(FileRefused), budget.charged():
        Pace(budget, Share(), never)()


@pytest.mark.usefixtures("slow")
def test_a_slow_deposit_is_postponed_between_two_chunks() -> None:
    """If no worker may take it."""
    with pytest.raises(Postponed):
        Pace(CpuBudget(60.0), NO_WORKER, never)()


def test_a_deposit_that_only_waits_is_not_slow() -> None:
    """A busy host or a slow database makes no small file wait for the end of long ones."""
    budget = CpuBudget(60.0)
    with budget.charged():
        threading.Event().wait(2 * shares.SLOW_CPU_SECONDS)
        Pace(budget, NO_WORKER, never)()


@pytest.mark.usefixtures("slow")
def test_only_the_worker_gives_way() -> None:
    """A thread that reads ahead must not process the deposits of others."""
    ways: list[int] = []
    pace = Pace(CpuBudget(60.0), Share(give_way=lambda: ways.append(threading.get_ident())), never)
    thread = threading.Thread(target=pace)
    thread.start()
    thread.join()
    assert ways == []
    pace()
    assert ways == [threading.get_ident()]


@pytest.mark.usefixtures("slow")
def test_a_slow_deposit_takes_no_turn() -> None:
    """The threads of small files would wait out their patience each time."""
    had_turns: list[bool] = []

    def other() -> None:
        with gil.in_turn():
            had_turns.append(gil._thread.turn is not None)

    with gil.in_turn():
        Pace(CpuBudget(60.0), Share(), never)()
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert had_turns == [True]
