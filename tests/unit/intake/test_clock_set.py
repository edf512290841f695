"""The host's clock is set, by seconds or years, between two looks: stamps, order and waiting stay right."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactsync.domain.deposit import Action
from contactsync.intake.upload_queue import Claim, UploadQueue
from contactsync.reading.container import looks_whole
from contactsync.spool.home_pins import HomePins
from contactsync.spool.spool import Spool
from tests.unit.intake.scene import ANY_TIME, IMPORT, NOW, YEAR, HostClock

SETTLE, RESCAN = 5.0, 2.0


@dataclass
class Site:
    """An account's open folders, with clocks that the test sets. Change times are the kernel's."""

    contacts: Path
    spool: Spool
    times: HostClock

    def drop(self, name: str = "a.csv", content: str = "Email\n", action: Action = IMPORT) -> Path:
        path = self.contacts / action.name / "in" / name
        path.write_text(content)
        return path

    def queue(self) -> UploadQueue:
        clock = self.times.clock()
        return UploadQueue(settle_seconds=SETTLE, grace_seconds=SETTLE, rescan_seconds=RESCAN, clock=clock)

    def claimed(self, queue: UploadQueue) -> str | None:
        """The name in `on/` of what is claimed now."""
        found = queue.next(self.spool, lambda _action, _name: False, looks_whole)
        return os.fsdecode(found.name) if isinstance(found, Claim) else None

    def files(self) -> list[str]:
        """Every file, with the folder that holds it."""
        boxes = (path for path in self.contacts.glob("*/*") if path.is_dir())
        return sorted(f"{box.name}/{name}" for box in boxes for name in os.listdir(box))


@contextmanager
def opened() -> Iterator[Site]:
    """A new site."""
    with tempfile.TemporaryDirectory() as folder:
        contacts = Path(folder) / "acme" / "contacts"
        contacts.mkdir(parents=True)
        times = HostClock()
        with Spool(
            contacts.parent,
            HomePins(Path(folder), Path(folder) / "data"),
            max_bytes=1 << 20,
            ignored=lambda name: name.startswith(b"."),
            clock=times.clock(),
        ) as spool:
            spool.recreate_missing()
            yield Site(contacts, spool, times)


@pytest.fixture
def site() -> Iterator[Site]:
    with opened() as found:
        yield found


@settings(max_examples=30)
@given(ctime=ANY_TIME, wall=ANY_TIME, before=st.integers(0, 5), mtime=ANY_TIME)
def test_a_stamp_is_the_change_time_but_never_negative_or_ahead(
    ctime: int, wall: int, before: int, mtime: int
) -> None:
    """It is neither below zero nor ahead of now, except for the seconds that earlier deposits of its name take."""
    with opened() as site:
        path = site.drop()
        os.utime(path, (max(mtime, -(2**31)), mtime))
        (seen,) = site.spool.incoming()
        site.times.wall = wall
        expected = max(0, min(ctime, wall))
        for second in range(before):
            (site.contacts / "import" / "ok" / f"{expected + second}_a.csv").touch()
        found = site.spool.claim(seen, lambda _action, _name: False, ctime * 1_000_000_000)
        assert found == b"%d_a.csv" % (expected + before)
        assert site.files() == sorted(
            [f"on/{expected + before}_a.csv", *(f"ok/{expected + n}_a.csv" for n in range(before))]
        )


@settings(max_examples=25)
@given(st.lists(st.tuples(ANY_TIME, st.sampled_from(["a.csv", "b.csv"])), min_size=1, max_size=8))
def test_no_setting_of_the_clock_loses_duplicates_or_overwrites_a_deposit(
    walls: list[tuple[int, str]],
) -> None:
    """With two names and any clock before each claim, every deposit ends as one complete file."""
    with opened() as site:
        queue = site.queue()
        for number, (wall, name) in enumerate(walls):
            site.times.wall = wall
            site.drop(name, f"{number}\n")
            found = None
            while found is None:
                found = site.claimed(queue)
                site.times.monotonic += SETTLE + 1
            (site.contacts / "import" / "on" / found).rename(site.contacts / "import" / "ok" / found)
        there = [path.read_text() for path in (site.contacts / "import" / "ok").iterdir()]
        assert sorted(there) == sorted(f"{number}\n" for number in range(len(walls)))
        assert all(path.startswith("ok/") for path in site.files())


@pytest.mark.parametrize("mtime", [0, -YEAR, 4_291_747_200, NOW + 50 * YEAR])
def test_the_modification_time_does_not_matter(site: Site, mtime: int) -> None:
    """A client may set it to 1970 or 2106; stamp, quiet time and order use the change time."""
    os.utime(site.drop("z.csv"), (mtime, mtime))
    (seen,) = site.spool.incoming()
    site.times.wall = seen.identity.ctime / 1e9
    queue = site.queue()
    assert site.claimed(queue) is None
    site.times.go(SETTLE + 1)
    assert site.claimed(queue) == f"{seen.identity.ctime // 1_000_000_000}_z.csv"


@pytest.mark.parametrize("jump", [-40 * YEAR, -3600, 3600, 40 * YEAR])
def test_a_jump_between_two_looks_neither_shortens_nor_lengthens_the_quiet_time(
    site: Site, jump: float
) -> None:
    """The monotonic clock counts it."""
    path = site.drop()
    site.times.wall = path.stat().st_ctime
    queue = site.queue()
    assert site.claimed(queue) is None
    site.times.go(1)
    site.times.wall += jump
    site.times.go(SETTLE - 2)
    assert site.claimed(queue) is None
    site.times.go(1.5)
    assert site.claimed(queue) is not None


@pytest.mark.parametrize("jump", [-40 * YEAR, 40 * YEAR])
def test_a_jump_while_a_file_grows_claims_no_half_of_it(site: Site, jump: float) -> None:
    """A file that changed since the last look cannot have been quiet since before it, whatever the clock shows."""
    path = site.drop()
    site.times.wall = path.stat().st_ctime
    queue = site.queue()
    site.claimed(queue)
    site.times.go(SETTLE - 1)
    site.claimed(queue)
    path.write_text("Email\na@b.fr\n")
    site.times.wall += jump
    site.times.go(RESCAN)
    for _ in range(2):  # the first call sees the change, the second scans again
        assert site.claimed(queue) is None
    site.times.go(SETTLE)
    assert site.claimed(queue) is not None
    (box,) = (site.contacts / "import" / "on").iterdir()
    assert box.read_text() == "Email\na@b.fr\n"


def test_stamps_ascend_in_the_order_of_claims_after_the_clock_was_set_back(site: Site) -> None:
    """The deposit date that orders the queue is the one in the name."""
    site.drop("z.csv")
    site.times.wall = NOW - YEAR
    queue = site.queue()
    site.claimed(queue)
    site.times.go(3)
    site.drop("a.csv")
    site.claimed(queue)
    site.times.go(RESCAN + 1)
    claimed = [site.claimed(queue)]
    site.times.go(SETTLE)
    claimed.append(site.claimed(queue))
    assert claimed == [f"{NOW - YEAR}_z.csv", f"{NOW - YEAR + 3}_a.csv"]
