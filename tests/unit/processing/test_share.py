"""What one step may take of the workers: long deposits ask first, and give way between batches."""

from __future__ import annotations

import pytest

from contactsync.processing.share import SLOW_CPU_SECONDS, Postponed, Share

SLOW = SLOW_CPU_SECONDS + 1


def test_a_long_deposit_is_postponed_if_no_worker_may_take_it() -> None:
    """Nothing is granted, so the next question is asked again."""
    share = Share(is_long=False, enter_long=lambda: False)
    for _ in range(2):
        with pytest.raises(Postponed):
            share.require_long()
    assert not share.is_long


def test_the_pool_is_asked_once() -> None:
    """What it has granted holds until the step ends."""
    asked: list[None] = []
    share = Share(is_long=False, enter_long=lambda: asked.append(None) is None)
    share.require_long()
    share.require_long()
    assert share.is_long
    assert len(asked) == 1


def test_a_deposit_that_becomes_slow_has_to_ask_between_two_batches() -> None:
    """However small its file is: a zip of 200 kB may hold 200 MB."""
    share = Share(is_long=False, enter_long=lambda: False)
    share.between_batches(0.0)
    with pytest.raises(Postponed):
        share.between_batches(SLOW)


def test_only_a_long_deposit_gives_way() -> None:
    """A short one ends soon; giving way would cost more than its rest."""
    ways: list[None] = []
    share = Share(is_long=False, give_way=lambda: ways.append(None))
    share.between_batches(0.0)
    assert ways == []
    share.between_batches(SLOW)
    assert ways == [None]
