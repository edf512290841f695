"""The long form of the kill and cut loops: every point of every fault, as a table. `make torture`, or

    python -m tests.faults.torture [--every K] [FAULT…]

K > 1 takes every Kth point; FAULT is the name of a system call, or `link`. Exit status 1 where an outcome was wrong.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from contactsync.database.embedded.server import EmbeddedServer
from contactsync.database.migrations import migrate
from tests.faults import cuts, kill_points
from tests.faults.kill_points import ASKED, MORE, Contactsync, Fault
from tests.faults.proxy import Proxy
from tests.faults.scene import Run


@dataclass
class Table:
    """A line for each fault as it is done, and the sums."""

    every: int
    sums: tuple[int, int, int] = (0, 0, 0)

    def head(self) -> None:
        print(f"{'fault':<50}{'points':>8}{'struck':>8}{'wrong':>8}", flush=True)

    def line(self, name: str, tried: Iterable[tuple[int, bool, Sequence[str]]]) -> None:
        """Try all points of a fault: the number of each, whether the fault struck, what was wrong in the end."""
        found = list(tried)
        bad = [(number, wrong) for number, _, wrong in found if wrong]
        counts = (len(found), sum(struck for _, struck, _ in found), len(bad))
        self._print(name, counts)
        for number, wrong in bad:
            print(f"  at call {number}: " + "\n    ".join(wrong), flush=True)
        points, struck, wrongs = self.sums
        self.sums = (points + counts[0], struck + counts[1], wrongs + counts[2])

    def foot(self) -> None:
        self._print("all", self.sums)

    @staticmethod
    def _print(name: str, counts: Sequence[int]) -> None:
        print(f"{name:<50}" + "".join(f"{count:>8}" for count in counts), flush=True)


def kill(table: Table, faults: Iterable[Fault], folder: Path, url: str) -> None:
    """SIGKILL at system calls."""
    subject = Contactsync(folder / "killed", url)
    wanted = kill_points.reference(subject)
    for fault in faults:
        shots = kill_points.shots(subject, fault, folder, wanted, table.every)
        table.line(fault.name, ((shot.when, shot.killed, shot.wrong) for shot in shots))
    subject.reset()
    subject.__exit__()


def cut(table: Table, folder: Path, url: str) -> None:
    """The link to the database cut at messages."""
    with Proxy(url) as proxy:
        run = Run(folder / "cut", url, rescan_seconds=0.3)
        run.configure(database_url=proxy.url)
        with run:
            for each in cuts.CUTS:
                table.line(each.name, cuts.cuts(run, proxy, each, table.every))


def main() -> int:
    """Run it on an embedded server of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("fault", nargs="*")
    asked = parser.parse_args()
    table = Table(asked.every)
    faults = [fault for fault in (*ASKED, *MORE) if not asked.fault or fault.call in asked.fault]
    with tempfile.TemporaryDirectory(prefix="torture-") as name:
        folder = Path(name)
        with EmbeddedServer(folder / "postgresql", durable=False) as server:
            with psycopg.connect(server.admin_url) as conn:
                migrate(conn)
            table.head()
            if not asked.fault or "link" in asked.fault:
                cut(table, folder, server.admin_url)
            if reason := kill_points.why_not():
                print(f"no kills: {reason}")
            elif faults:
                kill(table, faults, folder, server.admin_url)
            table.foot()
    return 1 if table.sums[2] else 0


if __name__ == "__main__":
    sys.exit(main())
