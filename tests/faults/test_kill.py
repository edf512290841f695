"""kill -9 at a system call, then a restart: a sample of the points that `make torture` tries one and all."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.faults import kill_points
from tests.faults.kill_points import ASKED, Contactsync, Fault
from tests.faults.naive import Naive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Databases

SAMPLE = {
    "renameat2": 2,
    "renameat": 3,
    "unlinkat": 1,
    "openat": 1,
    "write": 1,
    "fsync": 2,
    "sendto": 2,
    "recvfrom": 1,
}
"""How many points of each fault are tried here: two seconds each."""


class Tried(NamedTuple):
    """A subject with what becomes of its scene without faults, and the points at which it can be killed."""

    subject: Contactsync
    wanted: object
    points: dict[Fault, list[int]]
    log: Path


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Tried]:
    if reason := kill_points.why_not():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("kill")
    log = folder / "strace.log"
    with databases() as url:
        subject = Contactsync(folder / "scene", url)
        wanted = kill_points.reference(subject)
        points: dict[Fault, list[int]] = {}
        for tree in (True, False):
            points |= kill_points.points(subject, [fault for fault in ASKED if fault.tree is tree], log)
        yield Tried(subject, wanted, points, log)
        subject.__exit__()


@pytest.mark.parametrize(
    "fault", [fault for fault in ASKED if fault.call in SAMPLE], ids=lambda fault: fault.name
)
def test_a_restart_after_a_kill_finishes_everything_once(tried: Tried, fault: Fault) -> None:
    """Killed at any moment, each file is in one place; a restart applies what is left, once, with its results."""
    found = tried.points[fault]
    count = SAMPLE[fault.call]
    sample = [found[len(found) * (2 * n + 1) // (2 * count)] for n in range(count)]
    shots = [kill_points.shoot(tried.subject, fault, when, tried.log, tried.wanted) for when in sample]
    assert {shot.when: shot.wrong for shot in shots if shot.wrong} == {}
    assert any(shot.killed for shot in shots)


@pytest.mark.usefixtures("injection")
def test_the_kill_loop_finds_a_naive_program_out(tmp_path: Path, database_url: str) -> None:
    """A program that commits, then moves, without a ledger, is found out."""
    naive = Naive(tmp_path / "naive", database_url)
    wanted = kill_points.reference(naive)
    shots = [*kill_points.shots(naive, Fault("rename"), tmp_path, wanted)]
    naive.__exit__()
    # After the commit, before the move.
    assert [shot.when for shot in shots if shot.wrong] == [2, 4, 6]
