"""Figures for big files, side by side on one server in one run: `make bench`. Never fails on time.

`python -m tests.bench.bench_import [runs]`. What is measured is a deposit's way from claim to `ok/`; the settle
time is zero. For the yardsticks see yardsticks.py. Bounds are printed beside the figures.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from contactsync.database.embedded.cluster import DATABASE, ROLE
from tests.bench import yardsticks
from tests.bench.place import Place, Times, place
from tests.bench.reference_file import ROWS, WIDE_ROWS, Shape, write, write_zip

RUNS = 5
TENTH = 10
TWENTIETH = ROWS // 20

SHAPES = {
    "narrow": Shape(),
    "changed": Shape(changed_every=10),
    "moved": Shape(first=TWENTIETH, changed_every=10),  # what it shares with `changed` is the same
    "addresses": Shape(columns=("Email",)),
    "references": Shape(columns=("Référence",)),
    "tenth": Shape(rows=ROWS // TENTH),
    "wide": Shape(rows=WIDE_ROWS, wide=True),
}


def main() -> None:
    """Measure everything `RUNS` times, then print the times and the ratios."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    times = Times()
    with place() as here:
        files = _files(here.folder)
        _warm(here, files["tenth"])
        for _ in range(runs):
            _yardsticks(here, files, times)
            _reference(here, files, times)
            _others(here, files, times)
            _two(here, files["narrow"], times)
            _two(here, files["narrow"], times, other=files["tenth"])
    times.show()
    print()
    _compare(times)


def _files(folder: Path) -> dict[str, Path]:
    files = {}
    for name, shape in SHAPES.items():
        files[name] = folder / f"{name}.csv"
        size = write(files[name], shape)
        print(f"{name:<12} {shape.rows:>8} rows × {len(shape.header):>2} columns, {size / 2**20:5.1f} MiB")
    for name in ("narrow", "wide"):
        files[f"{name}.zip"] = folder / f"{name}.zip"
        write_zip(files[f"{name}.zip"], files[name])
    return files


def _warm(here: Place, file: Path) -> None:
    """Do before the measurement what a daemon does once in its life: imports, metadata, connections."""
    for number in (0, 1):
        (account,) = here.fresh("bench")
        here.put(account, file, "warm.csv")
        here.pipeline(number)
        here.take(account, number)


def _yardsticks(here: Place, files: dict[str, Path], times: Times) -> None:
    for name, columns in (("narrow", yardsticks.NARROW), ("wide", yardsticks.WIDE)):
        (account,) = here.fresh("bench")
        with times.of(f"floor, {name}"):
            yardsticks.floor(here.url, account, files[name], columns)
    if yardsticks.has_pgloader():
        yardsticks.prepare_pgloader(here.url, yardsticks.NARROW)
        here.settle()
        with times.of("pgloader, narrow"):
            yardsticks.pgloader(here.sockets, DATABASE, ROLE, files["narrow"], here.folder)
    (account,) = here.fresh("bench")
    with times.of("row by row, a tenth"):
        yardsticks.row_by_row(here.url, account, files["tenth"])


def _reference(here: Place, files: dict[str, Path], times: Times) -> None:
    """The life of an account whose criterion is the reference."""
    (account,) = here.fresh("bench")
    for what, file in (
        ("first import", "narrow"),
        ("the same again", "narrow"),
        ("10 % changed", "changed"),
    ):
        here.put(account, files[file], "contacts.csv")
        with times.of(what):
            here.take(account)
        here.settle()
    here.mark(account, ".syncExistingList")
    here.put(account, files["moved"], "contacts.csv")
    with times.of("sync, 5 % added and 5 % dropped"):
        here.take(account)
    here.settle()
    here.put(account, files["addresses"], "contacts.csv", "optoutEMAIL")
    with times.of("opt-out"):
        here.take(account)
    here.settle()
    here.put(account, files["references"], "contacts.csv", "delete")
    with times.of("delete"):
        here.take(account)


def _others(here: Place, files: dict[str, Path], times: Times) -> None:
    """First imports of other files, or by other criteria."""
    for what, file, dedup in (
        ("first import, zip", "narrow.zip", "reference"),
        ("first import, wide", "wide", "reference"),
        ("first import, wide zip", "wide.zip", "reference"),
        ("first import, triplet", "narrow", "triplet"),
        ("first import, none", "narrow", "none"),
    ):
        (account,) = here.fresh("bench", dedup=dedup)
        here.put(account, files[file], f"contacts{files[file].suffix}")
        with times.of(what):
            here.take(account)


def _two(here: Place, file: Path, times: Times, other: Path | None = None) -> None:
    """Two accounts' files, one after the other, then side by side.

    Alone in the database each account in turn adds to the right-hand end of every index, for which PostgreSQL has a short
    cut; side by side only one of them can. With a younger account's `other` file there, as usual, neither can in either case.
    """
    beside = ", beside others" if other else ""
    for what in ("two accounts in turn", "two accounts at once"):
        both = here.fresh("one", "two", *(["younger"] if other else []))
        if other:
            younger = both.pop()
            here.put(younger, other, "contacts.csv")
            here.take(younger)
            here.settle()
        for account in both:
            here.put(account, file, "contacts.csv")
        threads = [threading.Thread(target=here.take, args=each) for each in zip(both, (0, 1), strict=True)]
        with times.of(what + beside):
            for thread in threads:
                thread.start()
                if what == "two accounts in turn":
                    thread.join()
            for thread in threads:
                thread.join()


def _compare(times: Times) -> None:
    times.taken["row by row"] = [each * TENTH for each in times.taken["row by row, a tenth"]]
    for what, against, bound in (
        ("first import", "floor, narrow", 1.3),
        ("first import", "pgloader, narrow", 0.6),
        ("first import, wide", "floor, wide", 1.3),
        ("the same again", "pgloader, narrow", 0.35),
        ("10 % changed", "pgloader, narrow", 0.5),
        ("sync, 5 % added and 5 % dropped", "pgloader, narrow", 0.5),
        ("opt-out", "pgloader, narrow", 0.4),
        ("delete", "pgloader, narrow", 0.8),
        ("first import", "row by row", 0.12),
        ("first import, triplet", "first import", 1.2),
        ("first import, none", "first import", 1.2),
        ("first import, zip", "first import", 1.1),
        ("two accounts at once", "two accounts in turn", 0.7),
        ("two accounts at once, beside others", "two accounts in turn, beside others", 0.7),
    ):
        times.compare(what, against, bound)


if __name__ == "__main__":
    main()
