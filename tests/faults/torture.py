"""The long form of the kill loop: every point of every fault, as a table. `make torture`, or

    python -m tests.faults.torture [--every K] [FAULT…]

K > 1 takes every Kth point; FAULT is the name of a system call. Exit status 1 where an outcome was wrong.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import psycopg

from contactsync.embedded import EmbeddedServer
from contactsync.migrate import migrate
from tests.faults import kill_points
from tests.faults.kill_points import ASKED, MORE, Contactsync, Fault


def torture(subject: Contactsync, faults: list[Fault], folder: Path, every: int) -> int:
    """Print a line for each fault; returns how many outcomes were wrong."""
    wanted = kill_points.reference(subject)
    print(f"{'fault':<46}{'points':>8}{'killed':>8}{'wrong':>8}", flush=True)
    total = [0, 0, 0]
    for fault in faults:
        found = [*kill_points.shots(subject, fault, folder, wanted, every)]
        bad = [shot for shot in found if shot.wrong]
        counts = [len(found), sum(shot.killed for shot in found), len(bad)]
        total = [have + more for have, more in zip(total, counts, strict=True)]
        print(f"{fault.name:<46}" + "".join(f"{count:>8}" for count in counts), flush=True)
        for shot in bad:
            print(f"  at call {shot.when}: " + "\n    ".join(shot.wrong), flush=True)
    print(f"{'all':<46}" + "".join(f"{count:>8}" for count in total))
    return total[2]


def main() -> int:
    """Run it on an embedded server of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("fault", nargs="*")
    asked = parser.parse_args()
    if reason := kill_points.why_not():
        print(f"no torture: {reason}")
        return 1
    faults = [fault for fault in (*ASKED, *MORE) if not asked.fault or fault.call in asked.fault]
    with tempfile.TemporaryDirectory(prefix="torture-") as name:
        folder = Path(name)
        with EmbeddedServer(folder / "postgresql", durable=False) as server:
            with psycopg.connect(server.url) as conn:
                migrate(conn)
            wrong = torture(Contactsync(folder / "scene", server.url), faults, folder, asked.every)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
