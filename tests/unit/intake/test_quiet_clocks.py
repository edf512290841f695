"""How long a file has been quiet, and its deposit date, however the host's clock is set."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactsync.domain.deposit import Incoming
from contactsync.intake.quiet_clocks import QuietClocks
from tests.unit.intake.scene import ANY_TIME, DELETE, NOW, YEAR, HostClock, incoming


def test_quiet_is_counted_from_the_change_time() -> None:
    """A file that arrived while the daemon was down has been quiet since then."""
    clocks = QuietClocks()
    file = incoming(100.0)
    clocks.observe([file], monotonic=50.0, wall=160.0)
    assert clocks.quiet(file, monotonic=51.0) == pytest.approx(61.0)


def test_a_change_starts_the_clock_again() -> None:
    """Any change of the identity restarts it, at the earliest at the scan that did not see the change."""
    clocks = QuietClocks()
    clocks.observe([incoming(100.0)], monotonic=50.0, wall=160.0)
    grown = incoming(159.0, size=2)
    clocks.observe([grown], monotonic=52.0, wall=162.0)
    assert clocks.quiet(grown, monotonic=52.0) == pytest.approx(2.0)


def test_a_clock_set_forward_does_not_age_a_new_file() -> None:
    """A file that the last scan did not see cannot have been quiet since before that scan."""
    clocks = QuietClocks()
    clocks.observe([], monotonic=50.0, wall=160.0)
    file = incoming(161.0)
    clocks.observe([file], monotonic=52.0, wall=99_999.0)
    assert clocks.quiet(file, monotonic=52.0) == pytest.approx(2.0)


def test_a_clock_set_back_does_not_make_a_file_wait_forever() -> None:
    """A change time ahead of the clock counts as now; from then on the monotonic clock counts."""
    clocks = QuietClocks()
    file = incoming(99_999.0)
    clocks.observe([file], monotonic=50.0, wall=160.0)
    clocks.observe([file], monotonic=57.0, wall=3.0)
    assert clocks.quiet(file, monotonic=57.0) == pytest.approx(7.0)


def test_each_file_has_its_own_clock() -> None:
    """A file is identified by its action and name."""
    clocks = QuietClocks()
    one, two = incoming(100.0), incoming(100.0, action=DELETE)
    clocks.observe([one, two], monotonic=50.0, wall=100.0)
    clocks.restart(one, monotonic=60.0)
    assert (clocks.quiet(one, monotonic=61.0), clocks.quiet(two, monotonic=61.0)) == (1.0, 11.0)


def test_a_restart_lasts_while_the_identity_does_not_change() -> None:
    """A writer that has the file open without writing still counts."""
    clocks = QuietClocks()
    file = incoming(100.0)
    clocks.observe([file], monotonic=50.0, wall=200.0)
    clocks.restart(file, monotonic=60.0)
    clocks.observe([file], monotonic=62.0, wall=212.0)
    assert clocks.quiet(file, monotonic=62.0) == 2.0


@given(st.lists(st.tuples(st.floats(0.01, 3), st.integers(-YEAR, YEAR)), min_size=1, max_size=10), ANY_TIME)
def test_quiet_never_exceeds_the_time_since_the_previous_scan(
    looks: list[tuple[float, int]], ctime: int
) -> None:
    """For a file that arrives between two scans only real time counts, however the clock is set."""
    quiet, times = QuietClocks(), HostClock()
    quiet.observe([], monotonic=times.monotonic, wall=times.wall)
    begun, file = times.monotonic, incoming(ctime)
    for seconds, jump in looks:
        times.go(seconds)
        times.wall += jump
        quiet.observe([file], monotonic=times.monotonic, wall=times.wall)
        assert 0 <= quiet.quiet(file, monotonic=times.monotonic) <= times.monotonic - begun


def dated(quiet: QuietClocks, found: list[Incoming], wall: float, monotonic: float = 0) -> list[int]:
    """The deposit dates, in seconds, after a scan at `wall`."""
    quiet.observe(found, monotonic=monotonic, wall=wall)
    return [quiet.deposited(file) // 1_000_000_000 for file in found]


def test_the_deposit_date_is_the_change_time() -> None:
    assert dated(QuietClocks(), [incoming(NOW - 5), incoming(NOW, name=b"b")], NOW + 60) == [NOW - 5, NOW]


def test_a_change_time_ahead_of_the_clock_counts_as_the_first_sight() -> None:
    """It keeps that date: a later file comes after it, even with a name that sorts first."""
    quiet, ahead = QuietClocks(), incoming(NOW + YEAR)
    assert dated(quiet, [ahead], NOW) == [NOW]
    assert dated(quiet, [ahead, incoming(NOW + 1, name=b"0.csv")], NOW + 2) == [NOW, NOW + 1]


def test_a_file_from_before_the_clock_was_set_back_stays_first() -> None:
    quiet, early = QuietClocks(), incoming(NOW)
    assert dated(quiet, [early], NOW + 1) == [NOW]
    late = incoming(NOW - 3599, name=b"0.csv")
    assert dated(quiet, [early], NOW - 3600) == [NOW - 3600]
    assert dated(quiet, [early, late], NOW - 3598) == [NOW - 3600, NOW - 3599]


def test_a_corrected_clock_restores_the_change_time() -> None:
    """A host that boots in 1970 and then gets the time stamps no deposit with 1970."""
    quiet, file = QuietClocks(), incoming(NOW)
    assert dated(quiet, [file], 10) == [10]
    assert dated(quiet, [file], NOW + 1) == [NOW]


@given(st.lists(st.tuples(ANY_TIME, st.booleans()), min_size=1, max_size=10), ANY_TIME)
def test_a_deposit_date_is_never_ahead_of_the_clock(looks: list[tuple[int, bool]], ctime: int) -> None:
    """At any times of scans, whether the file changes between them or not."""
    quiet, file = QuietClocks(), incoming(ctime)
    for number, (wall, touched) in enumerate(looks):
        if touched:
            file = replace(file, identity=replace(file.identity, size=number + 2))
        (found,) = dated(quiet, [file], wall, monotonic=number)
        assert found <= min(ctime, wall)
        assert found in {ctime, *(wall for wall, _ in looks)}
