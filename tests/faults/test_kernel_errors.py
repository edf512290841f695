"""The kernel says no: calls in one account's folders fail for a while, the others are left alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.program import BOXES, people
from tests.faults.scene import children

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.scene import Run

GOOD = people(4) + b"R0;Personne;;\n"  # the last row is rejected, so there are two result files

FAULTS = [
    "renameat2:error=EACCES:when=1..2",  # claim
    "renameat2:error=EIO:when=2..3",  # to ok/
    "renameat:error=ENOSPC:when=1..2",  # the copy, the results
    "renameat:error=EIO:when=2..4",
    "fsync:error=EIO:when=1..3",
    "fsync:error=ENOSPC:when=4..7",
    "write:error=ENOSPC:when=1..3",
    "write:error=EIO:when=2..4",
    "openat:error=EACCES:when=20..40",  # now folders, now files
    "unlinkat:error=EIO:when=1..3",
    "getdents64:error=EIO:when=1..30",
    "fchmod:error=EPERM:when=1..3",
    "read:error=EIO:when=1..3",
    "newfstatat:error=EIO:when=1..20",
    "flock:error=ENOLCK:when=1..3",
    "fcntl:error=EIO:when=1..3",
]


def tree_of(home: Path) -> list[str]:
    """strace's options that confine it to the folders and files of an account's imports."""
    folder = home / "contacts" / "import"
    stamp = int((folder / "in" / "list.csv").lstat().st_ctime)
    prefixes = ("", ".copy.", ".result.", ".rejected.")
    made = [folder / "on" / f"{prefix}{stamp}_list.csv" for prefix in prefixes]
    paths = [home, home / "contacts", folder, *(folder / box for box in BOXES), folder / "in" / "list.csv", *made]
    return [part for path in paths for part in ("-P", str(path))]


def assert_applied_once(run: Run, account: str) -> None:
    settled = run.settled(account, "list.csv")
    assert (settled.state, settled.path.read_bytes()) == ("ok", GOOD)
    run.until(lambda: not run.lying(account, "on"), "on/ is empty")
    assert run.everywhere(account) == [("ok", settled.path.name)]
    assert settled.result["rows_applied"] == 4
    assert settled.beside(".rejected.csv").read_bytes().count(b"\n") == 2
    assert [row["state"] for row in run.ledger(account)] == ["ok"]
    assert run.lists(account) == [("list", 4)]
    assert len(run.contacts(account)) == 4


def descriptors(run: Run) -> int:
    """How many files the daemon under strace has open."""
    (daemon,) = children(run.pid)
    return len(os.listdir(f"/proc/{daemon}/fd"))


@pytest.mark.usefixtures("injection")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_call_delays_its_account_alone(run: Run, fault: str) -> None:
    """Nothing is lost or done twice, the other account goes on, and work goes on by itself when the fault ends."""
    for account in ("acme", "globex"):
        run.add_account(account, dedup="none")
        run.drop(account, "list.csv", GOOD)
    call = fault.partition(":")[0]
    run.configure(workers=1, rescan_seconds=0.2)
    log = run.folder / "strace.log"
    only = tree_of(run.ftp / "acme")
    run.prefix = ("strace", "-f", "-qq", "-o", str(log), "-e", f"trace={call}", "-e", f"inject={fault}", *only)
    run.start()
    assert_applied_once(run, "globex")
    before = descriptors(run)
    assert_applied_once(run, "acme")
    run.until(lambda: descriptors(run) <= before, "no descriptor is left open")
    assert "(INJECTED)" in log.read_text()
    assert run.events("bug") == []
