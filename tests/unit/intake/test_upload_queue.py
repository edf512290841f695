"""Which upload is claimed next, and when. On real files, with a clock that the test sets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from contactsync.domain.deposit import FileIdentity, Incoming
from contactsync.intake.upload_queue import CHANGED_SECONDS, RECHECK_SECONDS, Claim
from contactsync.reading.container import looks_whole
from contactsync.spool.spool import Spool
from tests.unit.intake.scene import GRACE, IMPORT, RESCAN, SETTLE, HostClock, ask, drop, queue_for


def test_nothing_is_on_its_way(spool: Spool, clock: HostClock) -> None:
    """Empty folders need no second look."""
    assert ask(queue_for(clock), spool) is None


def test_an_upload_is_claimed_after_its_quiet_time(root: Path, spool: Spool, clock: HostClock) -> None:
    """Not earlier, and the queue returns when."""
    drop(root, clock)
    queue = queue_for(clock)
    assert ask(queue, spool) == pytest.approx(SETTLE, abs=0.5)
    clock.go(SETTLE - 1)
    assert ask(queue, spool) == pytest.approx(1, abs=0.5)
    clock.go(1.5)
    assert ask(queue, spool) == "a.csv"
    assert ask(queue, spool) is None


def test_an_upload_from_before_the_daemon_started_is_claimed_at_once(
    root: Path, spool: Spool, clock: HostClock
) -> None:
    """Its quiet time is over already."""
    drop(root, clock)
    clock.go(3600)
    assert ask(queue_for(clock), spool) == "a.csv"


@pytest.mark.parametrize("content", [b"", b"Email\na@b.fr", b"PK\x03\x04 half a zip\n"])
def test_an_incomplete_upload_waits_for_the_grace_time(
    root: Path, spool: Spool, clock: HostClock, content: bytes
) -> None:
    """It is claimed after that."""
    drop(root, clock, content=content)
    queue = queue_for(clock)
    clock.go(SETTLE + 1)
    assert ask(queue, spool) == pytest.approx(GRACE - SETTLE - 1, abs=0.5)
    clock.go(GRACE - SETTLE)
    assert ask(queue, spool) == "a.csv"


def test_a_grown_file_waits_again(root: Path, spool: Spool, clock: HostClock) -> None:
    """A resumed upload restarts its quiet time."""
    path = drop(root, clock)
    queue = queue_for(clock)
    ask(queue, spool)
    clock.go(SETTLE - 1)
    assert ask(queue, spool) == pytest.approx(1, abs=0.5)
    path.write_bytes(b"Email\na@b.fr\n")
    clock.go(1.5)
    assert ask(queue, spool) == CHANGED_SECONDS
    assert ask(queue, spool) == pytest.approx(SETTLE - 1.5, abs=0.5)
    clock.go(SETTLE)
    assert ask(queue, spool) == "a.csv"


def test_both_times_may_be_zero(root: Path, spool: Spool, clock: HostClock) -> None:
    """A file is claimed at first sight, complete or not, unless somebody is writing it."""
    path = drop(root, clock, content=b"half a li")
    queue = queue_for(clock, 0, 0)
    with path.open("ab"):
        assert ask(queue, spool) == RECHECK_SECONDS
    clock.go(RESCAN)
    assert ask(queue, spool) == "a.csv"


def test_deposits_are_taken_in_order_of_deposit_whatever_their_folder(
    root: Path, spool: Spool, clock: HostClock
) -> None:
    """They are taken by change time, across the ten folders."""
    first = drop(root, clock, "z.csv", action="import")
    second = drop(root, clock, "y.csv", action="delete", after=first)
    drop(root, clock, "x.csv", action="import", after=second)
    clock.go(SETTLE + 1)
    queue = queue_for(clock)
    assert [ask(queue, spool) for _ in range(4)] == ["z.csv", "y.csv", "x.csv", None]


def test_a_waiting_file_holds_back_the_later_ones(root: Path, spool: Spool, clock: HostClock) -> None:
    """Later files wait behind it, even if they are complete."""
    half = drop(root, clock, "half.csv", content=b"half")
    drop(root, clock, "whole.csv", after=half)
    clock.go(SETTLE + 1)
    queue = queue_for(clock)
    # The margin is the time between the two uploads.
    assert ask(queue, spool) == pytest.approx(GRACE - SETTLE - 1, abs=SETTLE / 2)
    clock.go(GRACE)
    assert [ask(queue, spool), ask(queue, spool)] == ["half.csv", "whole.csv"]


def test_a_file_that_is_being_written_holds_back_no_other(root: Path, spool: Spool, clock: HostClock) -> None:
    """It is skipped, and claimed when its writer is gone and its quiet time is over."""
    busy = drop(root, clock, "busy.csv")
    drop(root, clock, "done.csv", after=busy)
    clock.go(SETTLE + 1)
    queue = queue_for(clock)
    with busy.open("ab"):
        assert ask(queue, spool) == "done.csv"
        assert ask(queue, spool) == RECHECK_SECONDS
        clock.go(GRACE + 1)
        assert ask(queue, spool) == RECHECK_SECONDS
    clock.go(RESCAN)
    seconds = ask(queue, spool)
    assert isinstance(seconds, float)
    assert seconds > 1
    clock.go(SETTLE + 1)
    assert ask(queue, spool) == "busy.csv"


def test_a_file_is_read_without_a_lease(root: Path, spool: Spool, clock: HostClock) -> None:
    """A client that overwrites it meanwhile need not wait; vsftpd never waits and would refuse the upload."""
    path = drop(root, clock)

    def look(_fd: int, _identity: FileIdentity) -> bool:
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        return False

    clock.go(SETTLE + 1)
    assert isinstance(queue_for(clock).next(spool, lambda _action, _name: False, look), float)


def test_a_file_behind_a_writer_is_checked_soon(root: Path, spool: Spool, clock: HostClock) -> None:
    """The writer may finish before the other file's waiting time is over."""
    busy = drop(root, clock, "busy.csv")
    drop(root, clock, "half.csv", content=b"half", after=busy)
    clock.go(SETTLE + 1)
    with busy.open("ab"):
        assert ask(queue_for(clock), spool) == RECHECK_SECONDS


def test_a_removed_file_leaves_the_queue(root: Path, spool: Spool, clock: HostClock) -> None:
    """The other files keep their places."""
    first = drop(root, clock, "a.csv")
    drop(root, clock, "b.csv", after=first)
    queue = queue_for(clock)
    ask(queue, spool)
    first.unlink()
    clock.go(1)
    assert ask(queue, spool) == pytest.approx(SETTLE - 1, abs=0.5)
    clock.go(SETTLE)
    assert ask(queue, spool) == "b.csv"


def test_a_new_upload_is_seen_at_the_next_scan(root: Path, spool: Spool, clock: HostClock) -> None:
    """It comes after the files that were there before it."""
    first = drop(root, clock, "a.csv")
    queue = queue_for(clock)
    ask(queue, spool)
    clock.go(RESCAN)
    drop(root, clock, "b.csv", after=first)
    clock.go(SETTLE)
    assert ask(queue, spool) == "a.csv"


def test_special_files_need_no_grace(root: Path, spool: Spool, clock: HostClock) -> None:
    """A link has no end to wait for: it is claimed when it is quiet."""
    (root / "import" / "in" / "link.csv").symlink_to("/etc/passwd")
    queue = queue_for(clock)
    assert ask(queue, spool) == pytest.approx(SETTLE, abs=0.5)
    clock.go(SETTLE + 1)
    assert ask(queue, spool) == "link.csv"


def test_a_claim_holds_the_identity_that_was_seen(root: Path, spool: Spool, clock: HostClock) -> None:
    """It is the identity before the rename, which changes the change time."""
    path = drop(root, clock)
    before = FileIdentity.of(path.lstat())
    clock.go(SETTLE + 1)
    found = queue_for(clock).next(spool, lambda _action, _name: False, looks_whole)
    assert isinstance(found, Claim)
    assert found.seen == Incoming(IMPORT, b"a.csv", before)
