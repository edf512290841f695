"""Random histories of consent, in order and in any order: nobody who opted out last is active (protocol 4, 6).

`CONTACTSYNC_CONSENT_HISTORIES` sets how many (25), `CONTACTSYNC_CONSENT_SEED` the first.
"""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.integration.applying.desk import Desk, Shelf, active_against_their_will, differences
from tests.model.histories import history, shuffled

if TYPE_CHECKING:
    from tests.integration.conftest import Site

HISTORIES = int(os.environ.get("CONTACTSYNC_CONSENT_HISTORIES", "25"))
SEED = int(os.environ.get("CONTACTSYNC_CONSENT_SEED", "1"))
LENGTH = 14


@pytest.mark.parametrize("in_order", [True, False], ids=["in order", "in any order"])
def test_whoever_opted_out_last_is_not_active(site: Site, tmp_path: Path, in_order: bool) -> None:
    """The database is in the state of the model after each history, and recording everything again changes nothing."""
    site.set(dedup="reference")
    account, shelf = site.account, Shelf(tmp_path / "file.csv")
    for seed in range(SEED, SEED + HISTORIES):
        rng = Random(seed)
        events = history(rng, LENGTH)
        order = list(range(LENGTH)) if in_order else shuffled(rng, events)
        desk = Desk(site, account, shelf)
        for number in order:
            desk.process(number, events[number])
        story = f"seed {seed}: " + "\n".join(f"{number}: {events[number]}" for number in order)
        assert differences(desk) == [], story
        assert active_against_their_will(desk) == [], story
        before = desk.traces()
        for reaction in desk.recorded.values():
            assert desk.record(reaction) == 0, story
        assert desk.traces() == before, story
