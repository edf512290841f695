"""What it costs to keep what a deposit changes, and how long an undo takes; side by side in one run.

`python -m tests.bench.bench_undo [runs]`. Bounds are printed beside the figures; never fails on time.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from contactsync.applying.undo import undo
from contactsync.database.connection import connect
from tests.bench.place import Place, Times, place
from tests.bench.reference_file import ROWS, Shape, write

if TYPE_CHECKING:
    from pathlib import Path

RUNS = 5
TWENTIETH = ROWS // 20
SHAPES = {
    "narrow": Shape(),
    "nightly": Shape(first=TWENTIETH // 10, changed_every=100),
    "moved": Shape(first=TWENTIETH, changed_every=10),
    "all": Shape(rows=ROWS * 9 // 10, changed_every=1),
    "references": Shape(columns=("Référence",)),
}
STEPS = (
    ("first import", "narrow", "import", None, 1.02),
    ("the same again", "narrow", "import", None, 1.1),
    ("sync, 0.5 % added and dropped, 1 % changed", "nightly", "import", ".syncExistingList", 1.1),
    ("sync, 5 % added and dropped, 10 % changed", "moved", "import", ".syncExistingList", 1.1),
    ("sync, every contact changed, a tenth dropped", "all", "import", None, 2.0),
    ("delete everything", "references", "delete", None, 3.5),
)


def main() -> None:
    """Measure everything `RUNS` times, then print the times and the ratios."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    times = Times()
    with place() as here:
        files = {name: here.folder / f"{name}.csv" for name in SHAPES}
        for name, shape in SHAPES.items():
            write(files[name], shape)
        for run in range(runs + 1):
            for days in (0, 7) if run % 2 else (7, 0):
                # The first round warms up.
                _life(here, files, times if run else Times(), days)
    times.show()
    print()
    for what, *_, bound in STEPS:
        times.compare(f"{what}, kept", f"{what}, not kept", bound)


def _life(here: Place, files: dict[str, Path], times: Times, days: int) -> None:
    """The steps in an empty account; with `days`, then undo them from the last one back."""
    here.keep_for_undo(days)
    (account,) = here.fresh("bench")
    for what, file, action, marker, _ in STEPS:
        if marker:
            here.mark(account, marker)
        here.put(account, files[file], "contacts.csv", action)
        here.pipeline()
        with times.of(f"{what}, {'kept' if days else 'not kept'}"):
            here.take(account)
        here.settle()
    if not days:
        return
    with connect(here.url) as conn:
        rows = conn.execute("SELECT deposit_id FROM contactsync.deposit ORDER BY deposit_id DESC").fetchall()
        for row, (what, *_) in zip(rows, reversed(STEPS), strict=True):
            with times.of(f"undo: {what}"):
                undo(conn, account, row["deposit_id"], datetime.now(UTC), all_after=False, dry_run=False)


if __name__ == "__main__":
    main()
