"""Which deposit is next, and when: quiet clocks, order, writers, wholeness; on real files, with times handed in."""

from __future__ import annotations

import os
import signal
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from contactsync.domain.deposit import ACTIONS, Action, FileIdentity, Incoming
from contactsync.intake.upload_queue import CHANGED_SECONDS, RECHECK_SECONDS, Claim, QuietClocks, UploadQueue
from contactsync.reading.container import looks_whole
from contactsync.runtime import clock as clocks
from contactsync.spool.spool import Spool

IMPORT, DELETE = ACTIONS["import"], ACTIONS["delete"]
SETTLE, GRACE, RESCAN = 5.0, 120.0, 2.0


@dataclass
class Clock:
    """The times that the module sees; `wall` may be set against `monotonic`."""

    wall: float
    monotonic: float = 1000.0

    def go(self, seconds: float) -> None:
        """Time passes."""
        self.wall += seconds
        self.monotonic += seconds

    def as_the_program_sees_it(self) -> clocks.Clock:
        """What is handed to the program."""
        return clocks.Clock(lambda: self.wall, lambda: self.monotonic)


@pytest.fixture(autouse=True)
def _sigio_is_ignored() -> Iterator[None]:
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGIO, before)


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until it is told to go, at the files' present."""
    return Clock(time.time())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The `contacts/` of a home."""
    (tmp_path / "contacts").mkdir()
    return tmp_path / "contacts"


@pytest.fixture
def spool(root: Path) -> Iterator[Spool]:
    """An open spool."""
    with Spool(root.parent, max_bytes=1 << 20, ignored=lambda name: name.startswith(b".")) as found:
        found.recreate_missing()
        yield found


def a_line(clock: Clock, settle: float = SETTLE, grace: float = GRACE) -> UploadQueue:
    """A line."""
    return UploadQueue(
        settle_seconds=settle,
        grace_seconds=grace,
        rescan_seconds=RESCAN,
        clock=clock.as_the_program_sees_it(),
    )


def drop(
    root: Path,
    name: str = "a.csv",
    content: bytes = b"Email\n",
    action: str = "import",
    after: Path | None = None,
) -> Path:
    """An upload, whose change time is later than that of `after`."""
    path = root / action / "in" / name
    path.write_bytes(content)
    while after is not None and path.lstat().st_ctime_ns <= after.lstat().st_ctime_ns:
        path.chmod(0o600)
        path.chmod(0o640)
    return path


def ask(a: UploadQueue, spool: Spool) -> str | float | None:
    """The name that was claimed, without its stamp; else what `next` says."""
    told = a.next(spool, lambda _action, _name: False, looks_whole)
    return told.name.split(b"_", 1)[1].decode() if isinstance(told, Claim) else told


# --- clocks --------------------------------------------------------------------------------------------------------


def incoming(ctime: float, size: int = 1, action: Action = IMPORT, name: bytes = b"a") -> Incoming:
    """A file as a scan sees it."""
    return Incoming(action, name, FileIdentity(1, 2, 0o100644, 1, size, 0, int(ctime * 1e9)))


def test_quiet_is_counted_from_the_change_time() -> None:
    """A file that came while the daemon was down has been quiet since."""
    clocks = QuietClocks()
    file = incoming(100.0)
    clocks.observe([file], monotonic=50.0, wall=160.0)
    assert clocks.quiet(file, monotonic=51.0) == pytest.approx(61.0)


def test_a_change_starts_the_clock_again() -> None:
    """Any change of the mark, but not before the scan that did not see it."""
    clocks = QuietClocks()
    clocks.observe([incoming(100.0)], monotonic=50.0, wall=160.0)
    grown = incoming(159.0, size=2)
    clocks.observe([grown], monotonic=52.0, wall=162.0)
    assert clocks.quiet(grown, monotonic=52.0) == pytest.approx(2.0)


def test_a_clock_set_forward_does_not_age_a_new_file() -> None:
    """What the last scan did not see has not been quiet for longer than since then."""
    clocks = QuietClocks()
    clocks.observe([], monotonic=50.0, wall=160.0)
    file = incoming(161.0)
    clocks.observe([file], monotonic=52.0, wall=99_999.0)
    assert clocks.quiet(file, monotonic=52.0) == pytest.approx(2.0)


def test_a_clock_set_back_does_not_make_a_file_wait_for_ever() -> None:
    """A change time that is ahead counts as now; from there the monotonic clock goes on."""
    clocks = QuietClocks()
    file = incoming(99_999.0)
    clocks.observe([file], monotonic=50.0, wall=160.0)
    clocks.observe([file], monotonic=57.0, wall=3.0)
    assert clocks.quiet(file, monotonic=57.0) == pytest.approx(7.0)


def test_names_have_clocks_of_their_own() -> None:
    """By action and name."""
    clocks = QuietClocks()
    one, two = incoming(100.0), incoming(100.0, action=DELETE)
    clocks.observe([one, two], monotonic=50.0, wall=100.0)
    clocks.restart(one, monotonic=60.0)
    assert (clocks.quiet(one, monotonic=61.0), clocks.quiet(two, monotonic=61.0)) == (1.0, 11.0)


def test_a_restart_holds_while_the_mark_does_not_change() -> None:
    """Somebody who has a file open for writing without writing is still there."""
    clocks = QuietClocks()
    file = incoming(100.0)
    clocks.observe([file], monotonic=50.0, wall=200.0)
    clocks.restart(file, monotonic=60.0)
    clocks.observe([file], monotonic=62.0, wall=212.0)
    assert clocks.quiet(file, monotonic=62.0) == 2.0


# --- the line ------------------------------------------------------------------------------------------------------


def test_nothing_is_on_its_way(spool: Spool, clock: Clock) -> None:
    """An empty tree asks for no second look."""
    assert ask(a_line(clock), spool) is None


def test_an_upload_is_claimed_after_its_quiet_time(root: Path, spool: Spool, clock: Clock) -> None:
    """Not before, and the line tells when."""
    drop(root)
    a = a_line(clock)
    assert ask(a, spool) == pytest.approx(SETTLE, abs=0.5)
    clock.go(SETTLE - 1)
    assert ask(a, spool) == pytest.approx(1, abs=0.5)
    clock.go(1.5)
    assert ask(a, spool) == "a.csv"
    assert ask(a, spool) is None


def test_what_came_while_the_daemon_was_down_is_claimed_at_once(
    root: Path, spool: Spool, clock: Clock
) -> None:
    """Its quiet time is over."""
    drop(root)
    clock.go(3600)
    assert ask(a_line(clock), spool) == "a.csv"


@pytest.mark.parametrize("content", [b"", b"Email\na@b.fr", b"PK\x03\x04 half a zip\n"])
def test_what_does_not_look_whole_waits_for_the_grace_time(
    root: Path, spool: Spool, clock: Clock, content: bytes
) -> None:
    """Then it is claimed all the same."""
    drop(root, content=content)
    a = a_line(clock)
    clock.go(SETTLE + 1)
    assert ask(a, spool) == pytest.approx(GRACE - SETTLE - 1, abs=0.5)
    clock.go(GRACE - SETTLE)
    assert ask(a, spool) == "a.csv"


def test_a_grown_file_waits_again(root: Path, spool: Spool, clock: Clock) -> None:
    """A resumed upload starts its quiet time anew."""
    path = drop(root)
    a = a_line(clock)
    ask(a, spool)
    clock.go(SETTLE - 1)
    assert ask(a, spool) == pytest.approx(1, abs=0.5)
    path.write_bytes(b"Email\na@b.fr\n")
    clock.go(1.5)
    assert ask(a, spool) == CHANGED_SECONDS
    assert ask(a, spool) == pytest.approx(SETTLE - 1.5, abs=0.5)
    clock.go(SETTLE)
    assert ask(a, spool) == "a.csv"


def test_both_times_may_be_nothing(root: Path, spool: Spool, clock: Clock) -> None:
    """Claim at first sight, whole or not, unless a writer is there."""
    path = drop(root, content=b"half a li")
    a = a_line(clock, 0, 0)
    with path.open("ab"):
        assert ask(a, spool) == RECHECK_SECONDS
    clock.go(RESCAN)
    assert ask(a, spool) == "a.csv"


def test_deposits_are_taken_in_order_of_deposit_whatever_their_folder(
    root: Path, spool: Spool, clock: Clock
) -> None:
    """By change time, across the ten folders."""
    first = drop(root, "z.csv", action="import")
    second = drop(root, "y.csv", action="delete", after=first)
    drop(root, "x.csv", action="import", after=second)
    clock.go(SETTLE + 1)
    a = a_line(clock)
    assert [ask(a, spool) for _ in range(4)] == ["z.csv", "y.csv", "x.csv", None]


def test_a_file_that_waits_holds_back_the_later_ones(root: Path, spool: Spool, clock: Clock) -> None:
    """Order comes before haste."""
    half = drop(root, "half.csv", content=b"half")
    drop(root, "whole.csv", after=half)
    clock.go(SETTLE + 1)
    a = a_line(clock)
    assert ask(a, spool) == pytest.approx(GRACE - SETTLE - 1, abs=0.5)
    clock.go(GRACE)
    assert [ask(a, spool), ask(a, spool)] == ["half.csv", "whole.csv"]


def test_a_file_that_is_being_written_holds_nobody_back(root: Path, spool: Spool, clock: Clock) -> None:
    """It is passed over, and taken when its writer is gone and its quiet time is over."""
    busy = drop(root, "busy.csv")
    drop(root, "done.csv", after=busy)
    clock.go(SETTLE + 1)
    a = a_line(clock)
    with busy.open("ab"):
        assert ask(a, spool) == "done.csv"
        assert ask(a, spool) == RECHECK_SECONDS
        clock.go(GRACE + 1)
        assert ask(a, spool) == RECHECK_SECONDS
    clock.go(RESCAN)
    told = ask(a, spool)
    assert isinstance(told, float)
    assert told > 1
    clock.go(SETTLE + 1)
    assert ask(a, spool) == "busy.csv"


def test_a_file_is_looked_at_without_a_lease(root: Path, spool: Spool, clock: Clock) -> None:
    """Who overwrites it meanwhile need not wait; vsftpd, which never waits, would refuse the upload."""
    path = drop(root)

    def look(_fd: int, _identity: FileIdentity) -> bool:
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        return False

    clock.go(SETTLE + 1)
    assert isinstance(a_line(clock).next(spool, lambda _action, _name: False, look), float)


def test_who_waits_beside_a_writer_is_looked_at_soon(root: Path, spool: Spool, clock: Clock) -> None:
    """The writer may be gone before the other's quiet time is over."""
    busy = drop(root, "busy.csv")
    drop(root, "half.csv", content=b"half", after=busy)
    clock.go(SETTLE + 1)
    with busy.open("ab"):
        assert ask(a_line(clock), spool) == RECHECK_SECONDS


def test_a_file_that_went_away_is_forgotten(root: Path, spool: Spool, clock: Clock) -> None:
    """The others keep their places."""
    first = drop(root, "a.csv")
    drop(root, "b.csv", after=first)
    a = a_line(clock)
    ask(a, spool)
    first.unlink()
    clock.go(1)
    assert ask(a, spool) == pytest.approx(SETTLE - 1, abs=0.5)
    clock.go(SETTLE)
    assert ask(a, spool) == "b.csv"


# --- floods --------------------------------------------------------------------------------------------------------


@pytest.fixture
def scans(spool: Spool, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The times of the scans, each of which takes a second."""
    times: list[float] = []
    original = spool.incoming

    def slow() -> list[Incoming]:
        times.append(clock.monotonic)
        clock.go(1)
        return original()

    monkeypatch.setattr(spool, "incoming", slow)
    return times


def work(a: UploadQueue, spool: Spool, clock: Clock, seconds: float) -> list[str]:
    """What is claimed in that time by a worker who comes as soon as it may, and needs 10 ms for a deposit."""
    claimed, until = [], clock.monotonic + seconds
    while clock.monotonic < until:
        told = ask(a, spool)
        if isinstance(told, str):
            claimed.append(told)
        clock.go(0.01 if isinstance(told, str) else 0.01 if told is None else max(told, 0.01))
    return claimed


def test_a_flood_is_not_scanned_for_each_deposit(
    root: Path, spool: Spool, clock: Clock, scans: list[float]
) -> None:
    """A scan that takes a second is repeated after twenty: 500 deposits need one, and they are in order."""
    before = None
    for number in range(500):
        before = drop(root, f"{999 - number}.csv", after=before)
    clock.go(SETTLE + 1)
    assert work(a_line(clock), spool, clock, 8) == [f"{999 - number}.csv" for number in range(500)]
    assert len(scans) == 1


@pytest.mark.parametrize("trick", ["delete", "touch", "append", "replace", "hold"])
def test_an_uploader_cannot_make_us_scan_its_flood_again_and_again(
    root: Path, spool: Spool, clock: Clock, scans: list[float], trick: str
) -> None:
    """Whatever it does to the first file in line at each step: one second of scanning in twenty at most."""
    before = None
    paths = [before := drop(root, f"{number:03}.csv", b"half", after=before) for number in range(200)]
    clock.go(SETTLE + 1)
    a = a_line(clock)
    started, steps = clock.monotonic, 0
    writers = []
    while paths and steps < 150:
        ask(a, spool)
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


def test_a_crowd_of_what_is_no_deposit_is_looked_at_seldom(
    root: Path, spool: Spool, clock: Clock, scans: list[float]
) -> None:
    """Folders, dot names, names in progress: where a scan is slow and finds nothing, the next one waits all the same."""
    (root / "import" / "in" / ".dot").touch()
    (root / "import" / "in" / "folder").mkdir()
    assert work(a_line(clock), spool, clock, 100) == []
    assert len(scans) <= 5


def test_a_quick_scan_is_repeated_at_once(root: Path, spool: Spool, clock: Clock) -> None:
    """An uncrowded folder is looked at whenever somebody asks."""
    a = a_line(clock, 0, 0)
    assert ask(a, spool) is None
    drop(root)
    assert ask(a, spool) == "a.csv"
    drop(root, "b.csv")
    assert ask(a, spool) == "b.csv"


def test_of_a_flood_the_oldest_files_are_kept_in_mind(
    root: Path, spool: Spool, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many and no more, and still every file is taken in its order."""
    monkeypatch.setattr("contactsync.spool.spool.MAX_INCOMING", 7)
    before = None
    for number in range(30):
        before = drop(root, f"{99 - number}.csv", action=list(ACTIONS)[number % 10], after=before)
    clock.go(SETTLE + 1)
    a = a_line(clock)
    assert len(spool.incoming()) == 7
    assert work(a, spool, clock, 30) == [f"{99 - number}.csv" for number in range(30)]


def test_a_newcomer_is_seen_at_the_next_scan(root: Path, spool: Spool, clock: Clock) -> None:
    """And comes after those who were there before it."""
    first = drop(root, "a.csv")
    a = a_line(clock)
    ask(a, spool)
    clock.go(RESCAN)
    drop(root, "b.csv", after=first)
    clock.go(SETTLE)
    assert ask(a, spool) == "a.csv"


def test_special_files_need_no_grace(root: Path, spool: Spool, clock: Clock) -> None:
    """A link cannot look whole: it is moved when it has settled."""
    (root / "import" / "in" / "link.csv").symlink_to("/etc/passwd")
    a = a_line(clock)
    assert ask(a, spool) == pytest.approx(SETTLE, abs=0.5)
    clock.go(SETTLE + 1)
    assert ask(a, spool) == "link.csv"


def test_a_claim_tells_what_was_seen(root: Path, spool: Spool, clock: Clock) -> None:
    """The mark before the rename, which changes the change time."""
    path = drop(root)
    before = FileIdentity.of(path.lstat())
    clock.go(SETTLE + 1)
    told = a_line(clock).next(spool, lambda _action, _name: False, looks_whole)
    assert isinstance(told, Claim)
    assert told.seen == Incoming(IMPORT, b"a.csv", before)


def test_a_flood_is_scanned_again_before_its_oldest_files_run_out(
    root: Path, spool: Spool, clock: Clock, scans: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However slow scans are on this host: each half of what one gave pays for the next."""
    monkeypatch.setattr("contactsync.spool.spool.MAX_INCOMING", 20)
    before = None
    for number in range(100):
        before = drop(root, f"{number}.csv", after=before)
    clock.go(SETTLE + 1)
    assert work(a_line(clock, 0, 0), spool, clock, 15) == [f"{number}.csv" for number in range(100)]
    assert len(scans) <= 11


# --- wholeness -----------------------------------------------------------------------------------------------------


def whole(path: Path) -> bool:
    """What `looks_whole` says."""
    with path.open("rb") as file:
        return looks_whole(file.fileno(), FileIdentity.of(os.fstat(file.fileno())))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", False),
        (b"a", False),
        (b"a\n", True),
        (b"a\r", True),
        (b"a\r\n", True),
        (b"\n", True),
        (b"PK\n", True),
        (b"PK\x03\x04\n", False),
    ],
)
def test_a_csv_is_whole_when_it_ends_in_a_line_end(tmp_path: Path, content: bytes, expected: bool) -> None:
    """And is not empty; what begins like a zip needs its end."""
    path = tmp_path / "a"
    path.write_bytes(content)
    assert whole(path) == expected


def test_a_zip_is_whole_when_it_has_its_end(tmp_path: Path) -> None:
    """Whatever its last byte is."""
    path = tmp_path / "a"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "Email\n" * 100)
    assert whole(path)
    path.write_bytes(path.read_bytes()[:-20] + b"\n")
    assert not whole(path)


def test_a_file_with_a_hole_is_not_whole(tmp_path: Path) -> None:
    """A resume that began too far leaves one."""
    path = tmp_path / "a"
    with path.open("wb") as file:
        file.write(b"a\n" * 4096)
        file.seek(1 << 20)
        file.write(b"b\n" * 4096)
    assert not whole(path)


def test_looking_does_not_move_the_file(tmp_path: Path) -> None:
    """The mark is only read."""
    path = tmp_path / "a"
    path.write_bytes(b"a\n")
    mark = FileIdentity.of(path.stat())
    whole(path)
    assert FileIdentity.of(path.stat()) == mark
    assert replace(mark, size=0) != mark
