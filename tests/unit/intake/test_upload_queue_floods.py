"""Crowded folders: few scans, in order, whatever the uploader does. On real files, with a clock that the test sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from contactsync.domain.deposit import ACTIONS, Incoming
from contactsync.intake.upload_queue import UploadQueue
from contactsync.spool.spool import Spool
from tests.unit.intake.scene import SETTLE, HostClock, ask, drop, queue_for


@pytest.fixture
def scans(spool: Spool, clock: HostClock, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The times of the scans. Each scan takes a second."""
    times: list[float] = []
    original = spool.incoming

    def slow() -> list[Incoming]:
        times.append(clock.monotonic)
        clock.go(1)
        return original()

    monkeypatch.setattr(spool, "incoming", slow)
    return times


def work(queue: UploadQueue, spool: Spool, clock: HostClock, seconds: float) -> list[str]:
    """What a worker claims in that time if it comes as early as it may and needs 10 ms per deposit."""
    claimed, until = [], clock.monotonic + seconds
    while clock.monotonic < until:
        found = ask(queue, spool)
        if isinstance(found, str):
            claimed.append(found)
        clock.go(max(found, 0.01) if isinstance(found, float) else 0.01)
    return claimed


def test_a_flood_is_not_scanned_for_each_deposit(
    root: Path, spool: Spool, clock: HostClock, scans: list[float]
) -> None:
    """A scan that takes one second is repeated after twenty. 500 deposits need one scan and keep their order."""
    before = None
    for number in range(500):
        before = drop(root, clock, f"{999 - number}.csv", after=before)
    clock.go(SETTLE + 1)
    assert work(queue_for(clock), spool, clock, 8) == [f"{999 - number}.csv" for number in range(500)]
    assert len(scans) == 1


@pytest.mark.parametrize("trick", ["delete", "touch", "append", "replace", "hold"])
def test_an_uploader_cannot_cause_repeated_scans_of_its_flood(
    root: Path, spool: Spool, clock: HostClock, scans: list[float], trick: str
) -> None:
    """Whatever it does to the first file at each step, at most one second in twenty goes into scans."""
    before = None
    paths = [
        before := drop(root, clock, f"{number:03}.csv", content=b"half", after=before)
        for number in range(200)
    ]
    clock.go(SETTLE + 1)
    queue = queue_for(clock)
    started, steps = clock.monotonic, 0
    writers = []
    while paths and steps < 150:
        ask(queue, spool)
        clock.go(0.5)
        path = paths.pop(0)
        if trick == "delete":
            path.unlink()
        elif trick == "touch":
            path.touch()
        elif trick == "append":
            path.write_bytes(b"half again")
        elif trick == "replace":
            path.unlink()
            path.write_bytes(b"new")
        else:
            writers.append(path.open("ab"))
        steps += 1
    for writer in writers:
        writer.close()
    assert len(scans) <= 1 + (clock.monotonic - started) / 20


def test_a_crowd_without_deposits_is_scanned_rarely(
    root: Path, spool: Spool, clock: HostClock, scans: list[float]
) -> None:
    """A slow scan that finds nothing but folders and ignored names delays the next one too."""
    (root / "import" / "in" / ".dot").touch()
    (root / "import" / "in" / "folder").mkdir()
    assert work(queue_for(clock), spool, clock, 100) == []
    assert len(scans) <= 5


def test_a_fast_scan_is_repeated_at_once(root: Path, spool: Spool, clock: HostClock) -> None:
    """A folder that is not crowded is scanned on every request."""
    queue = queue_for(clock, 0, 0)
    assert ask(queue, spool) is None
    drop(root, clock)
    assert ask(queue, spool) == "a.csv"
    drop(root, clock, "b.csv")
    assert ask(queue, spool) == "b.csv"


def test_the_oldest_files_of_a_flood_are_kept_in_memory(
    root: Path, spool: Spool, clock: HostClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more than that, and every file is still taken in its order."""
    monkeypatch.setattr("contactsync.spool.inbox.MAX_INCOMING", 7)
    before = None
    for number in range(30):
        before = drop(root, clock, f"{99 - number}.csv", action=list(ACTIONS)[number % 10], after=before)
    clock.go(SETTLE + 1)
    # A file beyond the limit counts as new to the scan that first returns it, and waits for its quiet time again.
    queue = queue_for(clock, settle=5)
    assert len(spool.incoming()) == 7
    assert work(queue, spool, clock, 30) == [f"{99 - number}.csv" for number in range(30)]


def test_a_flood_is_scanned_again_before_its_oldest_files_run_out(
    root: Path, spool: Spool, clock: HostClock, scans: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However slow scans are, claiming half of what one found allows the next."""
    monkeypatch.setattr("contactsync.spool.inbox.MAX_INCOMING", 20)
    before = None
    for number in range(100):
        before = drop(root, clock, f"{number}.csv", after=before)
    clock.go(SETTLE + 1)
    assert work(queue_for(clock, 0, 0), spool, clock, 15) == [f"{number}.csv" for number in range(100)]
    assert len(scans) <= 11
