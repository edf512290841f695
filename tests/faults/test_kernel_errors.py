"""System calls fail in one account's folders for a while; the other accounts are served."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.program import BOXES, Program
from tests.acceptance.tables import people
from tests.faults import kill_points
from tests.faults.injection import injected
from tests.faults.scene import Run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Databases

# The last row is rejected, so there are two result files.
GOOD = people(4) + b"R0;Personne;;\n"

FAULTS = [
    "renameat2:error=EACCES",
    "renameat2:error=EIO",
    "renameat2:error=ENOSPC:when=2+",  # not the claim, but the way to ok/
    "renameat:error=ENOSPC",
    "renameat:error=EIO:when=2+",  # not the copy, but the results
    "fsync:error=EIO",
    "fsync:error=ENOSPC:when=4+",
    "write:error=ENOSPC",
    "write:error=EIO:when=2+",
    "openat:error=EACCES",
    "openat:error=EMFILE:when=12+",
    "unlinkat:error=EIO",
    "getdents64:error=EIO",
    "fchmod:error=EPERM",
    "read:error=EIO",
    "newfstatat:error=EIO",
    "flock:error=ENOLCK",
    "fcntl:error=EIO",
    "lseek:error=EIO",
]


CONNECTIONS = 2
"""Of a daemon with one worker."""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Run]:
    """A daemon that all tests share, each with an account of its own; globex is the one that is left alone.

    One worker: strace counts `when=` in each thread, and another one might get through.
    """
    if reason := kill_points.why_not():
        pytest.skip(reason)
    with (
        databases() as url,
        Run(tmp_path_factory.mktemp("errors"), url, rescan_seconds=0.2, workers=1) as program,
    ):
        program.add_account("globex", dedup="none")
        program.drop("globex", "first.csv", people(1))
        program.settled("globex", "first.csv")
        # Main thread and worker now have their connections. Descriptors are counted from here on.
        asked = "SELECT FROM pg_stat_activity WHERE application_name = 'contactsync' AND datname = current_database()"
        program.until(lambda: len(program.rows(asked)) >= CONNECTIONS, "all connections are there")
        yield program


def traced(home: Path) -> list[Path]:
    """The folders and files that importing `list.csv` touches if it is deposited within a minute from now."""
    folder = home / "contacts" / "import"
    now = int(time.time())
    prefixes = ("", ".copy.", ".result.", ".page.", ".rejected.")
    made = [folder / "on" / f"{prefix}{now + n}_list.csv" for prefix in prefixes for n in range(60)]
    return [
        home,
        home / "contacts",
        folder,
        *(folder / box for box in BOXES),
        folder / "in" / "list.csv",
        *made,
    ]


def assert_applied_once(run: Program, account: str) -> None:
    settled = run.settled(account, "list.csv")
    assert (settled.state, settled.path.read_bytes()) == ("ok", GOOD)
    run.until(lambda: not os.listdir(run.box(account, "on")), "on/ is empty")
    assert run.everywhere(account) == [("ok", settled.path.name)]
    assert settled.result["rows_applied"] == 4
    assert settled.beside(".rejected.csv").read_bytes().count(b"\n") == 2
    assert [row["state"] for row in run.ledger(account)] == ["ok"]
    assert run.lists(account) == [("list", 4)]
    assert len(run.contacts(account)) == 4


def descriptors(run: Program) -> int:
    """How many files the daemon has open."""
    return len(os.listdir(f"/proc/{run.pid}/fd"))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_call_delays_its_account_alone(daemon: Run, tmp_path: Path, fault: str) -> None:
    """Nothing is lost or done twice, the other account is served, and work resumes when the fault ends."""
    account, other = f"a{FAULTS.index(fault)}", f"list{FAULTS.index(fault)}.csv"
    daemon.add_account(account, dedup="none")
    before = descriptors(daemon)
    log = tmp_path / "strace.log"
    with injected(daemon.pid, [fault], traced(daemon.ftp / account), log):
        daemon.drop(account, "list.csv", GOOD)
        daemon.until(lambda: log.read_text().count("(INJECTED)") > 1, "the fault strikes, and again")
        daemon.drop("globex", other, people(3))
        assert daemon.settled("globex", other).state == "ok"
        found = daemon.everywhere(account)
        assert [name[-8:] for _, name in found] == ["list.csv"]
        assert (daemon.box(account, found[0][0]) / found[0][1]).read_bytes() == GOOD
    assert_applied_once(daemon, account)
    assert daemon.events("bug") == []
    daemon.until(lambda: descriptors(daemon) <= before + 2, "no descriptor is left open")
