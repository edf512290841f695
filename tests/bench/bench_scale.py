"""Figures for many accounts: start, rescan, idle CPU, memory. `make bench`; prints figures, never fails on time.

The FTP root has `ACCOUNTS` accounts with ten actions each, more folders than are watched: the daemon polls. The
settings are the defaults, but for the settle time, which is zero, so that what is measured is the daemon's.
With `hour` as argument memory is looked at after as many rescans as an hour has (takes some minutes).
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from contactsync.accounts import store
from contactsync.database.connection import connect
from contactsync.database.embedded.server import EmbeddedServer
from contactsync.database.migrations import migrate
from contactsync.intake.rescan import Rescan
from contactsync.settings.settings import Settings
from contactsync.spool import layout_make
from contactsync.spool.unchanged import TRUST_SECONDS
from tests.acceptance.program import Program
from tests.acceptance.tables import people

ACCOUNTS = 1000
DEPOSITS = 500
IDLE_SECONDS = 20.0
RESCANS, RESCANS_OF_AN_HOUR = 100, 1800
QUICK_RESCAN_SECONDS = 0.05
LAST = f"a{ACCOUNTS - 1:04}"

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory(pid: int, what: str = "VmRSS") -> float:
    """MB that a process has in memory (`VmHWM`: had at most)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


@contextmanager
def site(server: str, folder: Path, count: int, **settings: object) -> Iterator[Program]:
    """A program with `count` accounts that has not been started."""
    with connect(server) as conn:
        conn.execute("TRUNCATE contactsync.account CASCADE")
        conn.execute(
            "INSERT INTO contactsync.account (name)"
            " SELECT 'a' || lpad((n - 1)::text, 4, '0') FROM generate_series(1, %s) AS n",
            [count],
        )
        found = store.every(conn)
    with closing(Program(folder, server, **settings)) as program:
        for account in found:
            layout_make.make(account.home_under(program.ftp), program.ftp, None)
        yield program


def start(program: Program) -> tuple[float, float, float]:
    """Seconds until it reports its start, until it claims the file of the last account, and until that file is in ok/."""
    program.drop(LAST, "waiting.csv", people(10))
    begun = time.monotonic()
    program.start()
    program.started()
    started = time.monotonic()
    program.until(lambda: not program.files_in(LAST, "in"), "the first claim")
    claimed = time.monotonic()
    return started - begun, claimed - begun, program.settled(LAST, "waiting.csv").at - begun


def rescan_seconds(server: str, root: Path) -> tuple[float, float]:
    """Seconds for a scan of all `in/` folders without changes, and for a deep scan with `on/`; the best of five."""
    rescan = Rescan(Settings(ftp_root=root).ignores)
    with connect(server) as conn:
        homes = [account.home_under(root) for account in store.every(conn)]
    for _ in range(2):
        for home in homes:
            rescan.needs_a_look(home)
        time.sleep(TRUST_SECONDS)
    times: dict[bool, list[float]] = {False: [], True: []}
    for deep in (False, True) * 5:
        begun = time.perf_counter()
        for home in homes:
            rescan.needs_a_look(home, deep=deep)
        times[deep].append(time.perf_counter() - begun)
    return min(times[False]), min(times[True])


def commits(server: str) -> int:
    """Transactions so far; each rescan adds one."""
    with connect(server) as conn:
        row = conn.execute(
            "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    assert row is not None
    return int(row["xact_commit"])


def deposit_everywhere(program: Program, count: int, name: str) -> float:
    """Make `count` deposits, one per account; seconds until all are in ok/."""
    begun = time.monotonic()
    names = [f"a{n:04}" for n in range(count)]
    for account in names:
        program.drop(account, name, people(10))
    for account in names:
        program.settled(account, name)
    return time.monotonic() - begun


def show(what: str, figure: str) -> None:
    print(f"{what:<58} {figure}", flush=True)


def main() -> None:
    """Start, measure, print."""
    rescans = RESCANS_OF_AN_HOUR if "hour" in sys.argv[1:] else RESCANS
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder) / "data") as server:
        with connect(server.admin_url) as conn:
            migrate(conn)
        with site(server.admin_url, Path(folder) / "many", ACCOUNTS) as program:
            seconds = start(program)
            show(f"{ACCOUNTS} accounts: start, first claim, in ok/", "  ".join(f"{s:.2f} s" for s in seconds))
            # The work after a start ends.
            time.sleep(5)
            rested, before = memory(program.pid), cpu_seconds(program.pid)
            time.sleep(IDLE_SECONDS)
            share = (cpu_seconds(program.pid) - before) / IDLE_SECONDS
            show("idle CPU", f"{share:.1%} of a core")
            show("memory after the start", f"{rested:.0f} MB")
            seconds_taken = deposit_everywhere(program, DEPOSITS, "first.csv")
            worked = memory(program.pid)
            show(
                f"{DEPOSITS} deposits of 10 rows, one an account",
                f"{seconds_taken:.1f} s, then {worked:.0f} MB",
            )
            program.stop()
            shallow, deep = rescan_seconds(server.admin_url, program.ftp)
            show("a rescan pass, and the deep one each 30 s", f"{shallow:.3f} s  {deep:.3f} s")
            program.configure(rescan_seconds=QUICK_RESCAN_SECONDS)
            program.start()
            program.started()
            deposit_everywhere(program, DEPOSITS, "second.csv")
            begun, started, before = memory(program.pid), time.monotonic(), commits(server.admin_url)
            while commits(server.admin_url) - before < rescans:
                time.sleep(1)
            deposit_everywhere(program, DEPOSITS, "third.csv")
            show(
                f"memory grows in {rescans} rescans and {DEPOSITS} deposits",
                f"{begun:.0f} to {memory(program.pid):.0f} MB in {time.monotonic() - started:.0f} s",
            )
        with site(server.admin_url, Path(folder) / "one", 1) as program, program:
            time.sleep(3)
            show("memory with one account", f"{memory(program.pid):.0f} MB")


if __name__ == "__main__":
    main()
