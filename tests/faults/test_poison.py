"""A file on which the process dies, beside innocent ones; and several daemons at once."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.program import BOXES
from tests.acceptance.tables import people
from tests.faults.injection import injected
from tests.faults.scene import Run

if TYPE_CHECKING:
    from pathlib import Path

# The process will die on writing the rejected row.
POISON = people(4) + b"R0;Personne;;\n"
ROUNDS = 12
KILLS = 2
CALLS = ("renameat2", "renameat", "openat", "unlinkat", "fsync", "flock", "getdents64", "newfstatat", "close")


@pytest.mark.usefixtures("injection")
def test_a_file_that_kills_three_times_is_refused(run: Run, tmp_path: Path) -> None:
    """Three deaths on a file, and it goes to `ko/` as poison; the deposits beside it are applied, and other accounts are served."""
    run.configure(workers=2)
    run.add_account("acme")
    run.add_account("globex", dedup="none")
    poison = run.drop("acme", "poison.csv", POISON)
    run.drop("acme", "next.csv", people(3))
    # A second of work, in which the process dies.
    run.drop("globex", "big.csv", people(60_000))
    claimed = f"{int(poison.lstat().st_ctime)}_poison.csv"
    deadly = run.box("acme", "on") / f".rejected.{claimed}"
    strace = ("strace", "-f", "-qq", "-o", str(tmp_path / "strace.log"), "-e", "trace=write")
    for death in range(1, 4):
        run.prefix = (*strace, "-e", "inject=write:signal=SIGKILL", "-P", str(deadly))
        run.start()
        assert run.wait() == -9
        (row,) = run.ledger("acme")
        assert (row["state"], row["attempts"]) == ("on", death)
        run.drop("globex", f"between{death}.csv", people(2))
    run.prefix = ()
    run.start()
    settled = run.settled("acme", "poison.csv")
    assert (settled.state, settled.result["reason"]) == ("ko", "poison")
    assert settled.path.read_bytes() == POISON
    assert run.settled("acme", "next.csv").state == "ok"
    assert len(run.contacts("acme")) == 3
    for name in ("big.csv", *(f"between{death}.csv" for death in range(1, 4))):
        assert run.settled("globex", name).state == "ok"
    assert len(run.contacts("globex")) == 60_006
    run.stop()


@pytest.mark.usefixtures("injection")
def test_other_accounts_are_served_while_a_file_kills(run: Run, tmp_path: Path) -> None:
    """A supervisor that starts the daemon again at each death sees all others' files applied."""
    run.configure(workers=2)
    run.add_account("acme")
    run.add_account("globex")
    poison = run.drop("acme", "poison.csv", POISON)
    deadly = run.box("acme", "on") / f".rejected.{int(poison.lstat().st_ctime)}_poison.csv"
    strace = ("strace", "-f", "-qq", "-o", str(tmp_path / "strace.log"), "-e", "trace=write")
    run.drop("globex", "list.csv", people(3))
    deaths = 0
    while run.once(*strace, "-e", "inject=write:signal=SIGKILL", "-P", str(deadly)) == -9:
        deaths += 1
        run.drop("globex", f"list{deaths}.csv", people(3))
    assert deaths == 3
    assert [row["state"] for row in run.ledger("globex")] == ["ok"] * 4
    assert [row["reason"] for row in run.ledger("acme")] == ["poison"]


@pytest.mark.parametrize("count", [2, 3])
def test_several_daemons(run: Run, database_url: str, count: int) -> None:
    """Daemons on one root and database: each deposit once and in order, also when one of them is killed."""
    others = [Run(run.folder / f"daemon{n}", database_url, ftp_root=run.ftp) for n in range(1, count)]
    accounts = [run.add_account(f"a{n}") for n in range(3)]
    try:
        for daemon in (run, *others):
            daemon.configure(rescan_seconds=0.2)
            daemon.start()
        for number in range(ROUNDS):
            for account in accounts:
                run.drop(account, f"{number}.csv", people(5, first=number))
            if number in {3, 7}:
                others[0].started()
                others[0].kill()
                others[0].start()
        for account in accounts:
            for number in range(ROUNDS):
                assert run.settled(account, f"{number}.csv").state == "ok"
            ledger = run.ledger(account)
            assert [row["name"] for row in ledger] == [f"{number}.csv" for number in range(ROUNDS)]
            assert [row["inserted"] for row in ledger] == [5, *[1] * (ROUNDS - 1)]
            assert run.lists(account) == [(str(number), 5) for number in range(ROUNDS)]
            assert run.files_in(account, "on") == run.files_in(account, "in") == []
        for daemon in (run, *others):
            assert daemon.events("bug") == []
            # The last one may not have been needed: it would die of the signal while it starts.
            daemon.started()
            assert daemon.terminate() == 0
    finally:
        for daemon in others:
            daemon.__exit__()


@pytest.mark.usefixtures("injection")
def test_four_daemons_one_of_which_is_killed_again_and_again(
    run: Run, database_url: str, tmp_path: Path
) -> None:
    """Killed at random calls while three others work: every deposit once, and in order within its account."""
    rng = Random(4)
    others = [Run(run.folder / f"daemon{n}", database_url, ftp_root=run.ftp) for n in range(3)]
    accounts = [run.add_account(f"k{n}", dedup="none") for n in range(4)]
    folders = [run.box(account, box) for account in accounts for box in BOXES]
    paths = [part for folder in folders for part in ("-P", str(folder))]
    victim, kills, rounds = others[0], 0, 0
    try:
        for daemon in (run, *others[1:]):
            daemon.configure(rescan_seconds=0.2, workers=1)
            daemon.start()
        victim.configure(rescan_seconds=0.1)
        while kills < KILLS:
            for account in accounts:
                run.drop(account, f"{rounds}.csv", people(5, first=rounds))
            if victim._daemon is None or victim._daemon.poll() is not None:
                kills += victim._daemon is not None
                call, nth = rng.choice(CALLS), rng.randint(1, 6)
                inject = ("-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={nth}")
                log = str(tmp_path / "strace.log")
                victim.prefix = ("strace", "-f", "-qq", "-o", log, *inject, *paths)
                victim.start()
            settled = [run.settled(account, f"{rounds}.csv") for account in accounts]
            assert {each.state for each in settled} == {"ok"}
            rounds += 1
        for account in accounts:
            for number in range(rounds):
                assert run.settled(account, f"{number}.csv").state == "ok"
            ledger = run.ledger(account)
            assert [row["name"] for row in ledger] == [f"{number}.csv" for number in range(rounds)]
            assert [row["inserted"] for row in ledger] == [5] * rounds
            assert run.lists(account) == [(str(number), 5) for number in range(rounds)]
            assert run.files_in(account, "on") == run.files_in(account, "in") == []
        assert all(daemon.events("bug") == [] for daemon in (run, *others))
    finally:
        for daemon in others:
            daemon.__exit__()


@pytest.mark.usefixtures("injection")
def test_a_call_that_hangs_holds_one_account(run: Run, tmp_path: Path) -> None:
    """While the disk under an account does not answer, that account waits and the others are served."""
    hung, free = run.add_account("hung"), run.add_account("free")
    with run:
        folder = run.box(hung, "on")
        # Each fsync of the folder hangs for as long as strace is attached: a disk that is about to fail.
        with injected(run.pid, ["fsync:delay_enter=600s"], [folder], tmp_path / "strace.log"):
            run.drop(hung, "list.csv", people(3))
            run.until(lambda: run.files_in(hung, "on"), "it is claimed")
            run.drop(free, "list.csv", people(3))
            run.settled(free, "list.csv")
            assert len(run.files_in(hung, "on")) == 1
        assert run.settled(hung, "list.csv").state == "ok"
        assert run.events("bug") == []
