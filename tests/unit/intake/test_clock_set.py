"""The host's clock is set back, forward, by years, or between two looks: what it does to stamps, order and waiting."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactsync.domain.deposit import ACTIONS, Action, FileIdentity, Incoming
from contactsync.intake.upload_queue import Claim, QuietClocks, UploadQueue
from contactsync.reading.container import looks_whole
from contactsync.runtime import clock as clocks
from contactsync.spool.spool import Spool

IMPORT = ACTIONS["import"]
SETTLE, RESCAN = 5.0, 2.0
YEAR = 365 * 86_400
NOW = 1_795_000_000

ANY_TIME = st.one_of(
    st.integers(-(2**31), 2**33),  # 1901 to 2242
    st.sampled_from([0, 1, -1, NOW - 1, NOW, NOW + 1, 4_291_747_200]),  # the last is 2106
)


@dataclass
class Times:
    """A host's two clocks, of which only the first can be set."""

    wall: float = NOW
    monotonic: float = 1000.0

    def go(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds

    def clock(self) -> clocks.Clock:
        return clocks.Clock(lambda: self.wall, lambda: self.monotonic)


@pytest.fixture(autouse=True)
def _sigio_is_ignored() -> Iterator[None]:
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGIO, before)


@dataclass
class Site:
    """An account's open folders under clocks that the test sets. The kernel's change times are the real ones."""

    contacts: Path
    spool: Spool
    times: Times

    def drop(self, name: str = "a.csv", content: str = "Email\n", action: Action = IMPORT) -> Path:
        path = self.contacts / action.name / "in" / name
        path.write_text(content)
        return path

    def line(self) -> UploadQueue:
        clock = self.times.clock()
        return UploadQueue(settle_seconds=SETTLE, grace_seconds=SETTLE, rescan_seconds=RESCAN, clock=clock)

    def claimed(self, line: UploadQueue) -> str | None:
        """What is claimed now, as it is called in `on/`."""
        told = line.next(self.spool, lambda _action, _name: False, looks_whole)
        return os.fsdecode(told.name) if isinstance(told, Claim) else None

    def lying(self) -> list[str]:
        """Every file with its box."""
        boxes = (path for path in self.contacts.glob("*/*") if path.is_dir())
        return sorted(f"{box.name}/{name}" for box in boxes for name in os.listdir(box))


@contextmanager
def opened() -> Iterator[Site]:
    """A fresh site."""
    with tempfile.TemporaryDirectory() as folder:
        contacts = Path(folder) / "acme" / "contacts"
        contacts.mkdir(parents=True)
        times = Times()
        with Spool(
            contacts.parent,
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


def incoming(ctime: int, name: str = "a.csv", action: Action = IMPORT) -> Incoming:
    """A file as a scan sees it, changed at this second."""
    mark = FileIdentity(1, 2, 0o100644, 1, 1, 0, ctime * 1_000_000_000)
    return Incoming(action, name.encode(), mark)


# --- the stamp -----------------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(ctime=ANY_TIME, wall=ANY_TIME, before=st.integers(0, 5), mtime=ANY_TIME)
def test_a_stamp_is_the_change_time_and_never_negative_nor_ahead(
    ctime: int, wall: int, before: int, mtime: int
) -> None:
    """Neither below zero nor beyond now, but for the seconds that earlier deposits of its name have taken."""
    with opened() as site:
        path = site.drop()
        os.utime(path, (max(mtime, -(2**31)), mtime))
        (seen,) = site.spool.incoming()
        site.times.wall = wall
        expected = max(0, min(ctime, wall))
        for second in range(before):
            (site.contacts / "import" / "ok" / f"{expected + second}_a.csv").touch()
        told = site.spool.claim(seen, lambda _action, _name: False, ctime * 1_000_000_000)
        assert told == b"%d_a.csv" % (expected + before)
        assert site.lying() == sorted(
            [f"on/{expected + before}_a.csv", *(f"ok/{expected + n}_a.csv" for n in range(before))]
        )


@settings(max_examples=25)
@given(st.lists(st.tuples(ANY_TIME, st.sampled_from(["a.csv", "b.csv"])), min_size=1, max_size=8))
def test_no_setting_of_the_clock_loses_doubles_or_overwrites(walls: list[tuple[int, str]]) -> None:
    """Deposits of two names, the clock set anywhere before each claim: as many files as deposits, each whole."""
    with opened() as site:
        line = site.line()
        for number, (wall, name) in enumerate(walls):
            site.times.wall = wall
            site.drop(name, f"{number}\n")
            told = None
            while told is None:
                told = site.claimed(line)
                site.times.monotonic += SETTLE + 1
            (site.contacts / "import" / "on" / told).rename(site.contacts / "import" / "ok" / told)
        there = [path.read_text() for path in (site.contacts / "import" / "ok").iterdir()]
        assert sorted(there) == sorted(f"{number}\n" for number in range(len(walls)))
        assert all(path.startswith("ok/") for path in site.lying())


@pytest.mark.parametrize("mtime", [0, -YEAR, 4_291_747_200, NOW + 50 * YEAR])
def test_the_modification_time_says_nothing(site: Site, mtime: int) -> None:
    """A client may set it to 1970 or 2106: the stamp, the quiet time and the order go by the change time."""
    os.utime(site.drop("z.csv"), (mtime, mtime))
    (seen,) = site.spool.incoming()
    site.times.wall = seen.identity.ctime / 1e9
    line = site.line()
    assert site.claimed(line) is None
    site.times.go(SETTLE + 1)
    assert site.claimed(line) == f"{seen.identity.ctime // 1_000_000_000}_z.csv"


# --- waiting -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [-40 * YEAR, -3600, 3600, 40 * YEAR])
def test_a_jump_between_two_looks_neither_shortens_nor_lengthens_the_quiet_time(
    site: Site, jump: float
) -> None:
    """It is counted on the monotonic clock."""
    path = site.drop()
    site.times.wall = path.stat().st_ctime
    line = site.line()
    assert site.claimed(line) is None
    site.times.go(1)
    site.times.wall += jump
    site.times.go(SETTLE - 2)
    assert site.claimed(line) is None
    site.times.go(1.5)
    assert site.claimed(line) is not None


@pytest.mark.parametrize("jump", [-40 * YEAR, 40 * YEAR])
def test_a_jump_while_a_file_grows_claims_no_half_of_it(site: Site, jump: float) -> None:
    """What changed since the last look has not been quiet for longer than since then, whatever the clock says."""
    path = site.drop()
    site.times.wall = path.stat().st_ctime
    line = site.line()
    site.claimed(line)
    site.times.go(SETTLE - 1)
    site.claimed(line)
    path.write_text("Email\na@b.fr\n")
    site.times.wall += jump
    site.times.go(RESCAN)
    for _ in range(2):  # the change is seen, then the folder is scanned anew
        assert site.claimed(line) is None
    site.times.go(SETTLE)
    assert site.claimed(line) is not None
    (box,) = (site.contacts / "import" / "on").iterdir()
    assert box.read_text() == "Email\na@b.fr\n"


@given(st.lists(st.tuples(st.floats(0.01, 3), st.integers(-YEAR, YEAR)), min_size=1, max_size=10), ANY_TIME)
def test_quiet_never_exceeds_what_has_passed_since_the_scan_before(
    looks: list[tuple[float, int]], ctime: int
) -> None:
    """For a file that comes between two looks, however the clock is set: real time is what counts."""
    quiet, times = QuietClocks(), Times()
    quiet.observe([], monotonic=times.monotonic, wall=times.wall)
    begun, file = times.monotonic, incoming(ctime)
    for seconds, jump in looks:
        times.go(seconds)
        times.wall += jump
        quiet.observe([file], monotonic=times.monotonic, wall=times.wall)
        assert 0 <= quiet.quiet(file, monotonic=times.monotonic) <= times.monotonic - begun


# --- order ---------------------------------------------------------------------------------------------------------


def dated(quiet: QuietClocks, found: list[Incoming], wall: float, monotonic: float = 0) -> list[int]:
    """The deposit dates, in seconds, after a scan at `wall`."""
    quiet.observe(found, monotonic=monotonic, wall=wall)
    return [quiet.deposited(file) // 1_000_000_000 for file in found]


def test_the_deposit_date_is_the_change_time() -> None:
    assert dated(QuietClocks(), [incoming(NOW - 5), incoming(NOW, "b")], NOW + 60) == [NOW - 5, NOW]


def test_what_lies_ahead_was_deposited_when_it_was_first_seen() -> None:
    """And stays so: what comes later comes after it, also when its name comes first."""
    quiet, ahead = QuietClocks(), incoming(NOW + YEAR)
    assert dated(quiet, [ahead], NOW) == [NOW]
    assert dated(quiet, [ahead, incoming(NOW + 1, "0.csv")], NOW + 2) == [NOW, NOW + 1]


def test_what_was_there_before_the_clock_was_set_back_comes_before_what_came_after() -> None:
    quiet, early = QuietClocks(), incoming(NOW)
    assert dated(quiet, [early], NOW + 1) == [NOW]
    late = incoming(NOW - 3599, "0.csv")
    assert dated(quiet, [early], NOW - 3600) == [NOW - 3600]
    assert dated(quiet, [early, late], NOW - 3598) == [NOW - 3600, NOW - 3599]


def test_a_clock_that_is_right_again_gives_the_change_time_back() -> None:
    """A host that boots in 1970 and then asks for the time stamps nothing with 1970."""
    quiet, file = QuietClocks(), incoming(NOW)
    assert dated(quiet, [file], 10) == [10]
    assert dated(quiet, [file], NOW + 1) == [NOW]


@given(st.lists(st.tuples(ANY_TIME, st.booleans()), min_size=1, max_size=10), ANY_TIME)
def test_a_deposit_date_is_never_ahead_of_the_clock(looks: list[tuple[int, bool]], ctime: int) -> None:
    """At whatever looks, with a change of the file in between or not."""
    quiet, file = QuietClocks(), incoming(ctime)
    for number, (wall, touched) in enumerate(looks):
        if touched:
            file = replace(file, identity=replace(file.identity, size=number + 2))
        (found,) = dated(quiet, [file], wall, monotonic=number)
        assert found <= min(ctime, wall)
        assert found in {ctime, *(wall for wall, _ in looks)}


def test_the_stamps_ascend_in_the_order_of_claims_after_the_clock_was_set_back(site: Site) -> None:
    """The deposit date that the line goes by is the one in the name."""
    site.drop("z.csv")
    site.times.wall = NOW - YEAR
    line = site.line()
    site.claimed(line)
    site.times.go(3)
    site.drop("a.csv")
    site.claimed(line)
    site.times.go(RESCAN + 1)
    claimed = [site.claimed(line)]
    site.times.go(SETTLE)
    claimed.append(site.claimed(line))
    assert claimed == [f"{NOW - YEAR}_z.csv", f"{NOW - YEAR + 3}_a.csv"]


def test_the_system_clock_is_the_hosts() -> None:
    """Its time of day is in UTC and its other clock does not go back."""
    one, other = clocks.SYSTEM_CLOCK.monotonic(), clocks.SYSTEM_CLOCK.monotonic()
    assert one <= other
    assert abs(clocks.SYSTEM_CLOCK.now().timestamp() - clocks.SYSTEM_CLOCK.wall()) < 5
