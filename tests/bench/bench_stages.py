"""The time of a big deposit, stage by stage: `python -m tests.bench.bench_stages [runs] [--cpu]`.

Reading and validation run in a thread of their own, beside the copy; "wait for the reader" is the rest of their time.
With `--cpu` the figures are processor seconds, the server's backend and this process together: on a busy machine they
are more accurate than the clock, but do not show what overlaps.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from contactsync.applying import merge, staging
from contactsync.database import ledger
from contactsync.processing import pipeline
from contactsync.reading.examination import Examination
from contactsync.spool.spool import Spool
from tests.bench.bench_import import _files, _warm
from tests.bench.place import Place, place

_spent: dict[str, float] = {}
_clock: Callable[[], float] = time.perf_counter


def _processor(place_: Place) -> Callable[[], float]:
    """A clock of processor seconds: this process and the backend of its connection (proc(5), schedstat)."""
    with place_.pipeline().session() as conn:
        schedule = Path(f"/proc/{conn.info.backend_pid}/schedstat")
    return lambda: time.process_time() + int(schedule.read_text().split()[0]) / 1e9


def _timed(name: str | None, function: Callable[..., Any]) -> Callable[..., Any]:
    def wrapper(*args: Any, **given: Any) -> Any:
        # Merge._run: the statement's own name.
        what = name or str(args[1])
        started = _clock()
        try:
            return function(*args, **given)
        finally:
            _spent[what] = _spent.get(what, 0) + _clock() - started

    return wrapper


def _reading(original: Callable[[Examination], Any]) -> Callable[[Examination], Any]:
    """Measure the processor time of the reader's thread."""

    def wrapper(self: Examination) -> Any:
        batches = original(self)
        while True:
            started = time.thread_time()
            with suppress(StopIteration):
                batch = next(batches)
                _spent["(reader, cpu)"] = _spent.get("(reader, cpu)", 0) + time.thread_time() - started
                yield batch
                continue
            return

    return wrapper


def _waiting(original: Callable[..., Any]) -> Callable[..., Any]:
    def wrapper(source: Any, **given: Any) -> Any:
        batches = original(source, **given)
        try:
            while True:
                started = _clock()
                batch = next(batches, None)
                _spent["wait for the reader"] = _spent.get("wait for the reader", 0) + _clock() - started
                if batch is None:
                    return
                yield batch
        finally:
            batches.close()

    return wrapper


def main() -> None:
    """Print seconds by stage, the median of some runs, for each kind of deposit."""
    global _clock  # noqa: PLW0603 - what is wrapped reads it, and there is one run
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    runs = numbers[0] if numbers else 3
    for owner, name, what in (
        (Spool, "admit", "admit: copy, fsync, sha256"),
        (Spool, "settle", "settle"),
        (staging.Stage, "add", "COPY"),
        (staging.Stage, "analyze", "analyze staging"),
        (merge.Merge, "_run", None),
        (ledger, "begin", "ledger begin"),
        (ledger, "finish", "ledger finish"),
    ):
        setattr(owner, name, _timed(what, getattr(owner, name)))
    Examination.__iter__ = _reading(Examination.__iter__)  # type: ignore[method-assign]  # it is measured
    pipeline.read_ahead = _waiting(pipeline.read_ahead)
    with place() as here:
        files = _files(here.folder)
        _warm(here, files["tenth"])
        if "--cpu" in sys.argv:
            _clock = _processor(here)
        for title, dedup, steps in (
            ("narrow, reference", "reference", ("narrow", "narrow", "changed")),
            ("narrow, triplet", "triplet", ("narrow", "narrow")),
            ("narrow, none", "none", ("narrow",)),
            ("wide, reference", "reference", ("wide", "wide")),
        ):
            kept: list[dict[str, list[float]]] = [{} for _ in steps]
            for _ in range(runs):
                (account,) = here.fresh("bench", dedup=dedup)
                for place_, file in zip(kept, steps, strict=True):
                    here.put(account, files[file], "contacts.csv")
                    _spent.clear()
                    started = _clock()
                    here.take(account)
                    _spent["all"] = _clock() - started
                    for what, seconds in _spent.items():
                        place_.setdefault(what, []).append(seconds)
                    here.settle()
            print(f"\n{title}: {', then '.join(steps)}")
            for what in sorted({w for each in kept for w in each}, key=lambda w: -max(kept[0].get(w, [0]))):
                cells = [sorted(each.get(what, [0.0]))[len(each.get(what, [0.0])) // 2] for each in kept]
                print(f"  {what:<30}" + "".join(f"{cell:8.3f}" for cell in cells))


if __name__ == "__main__":
    main()
