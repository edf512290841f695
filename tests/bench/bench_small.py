"""Figures for many small files: `python -m tests.bench.bench_small`. The real daemon, watched by inotify from outside.

* 2,000 files of 10 rows in 200 accounts at once: files per second, and how long each took from `on/` to `ok/`.
* one small file at a time: from its rename into `in/` (the event) to `ok/`. The settle time is zero in both.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from contactsync.accounts import store
from contactsync.database.connection import connect
from contactsync.database.embedded.server import EmbeddedServer
from contactsync.database.migrations import migrate
from contactsync.spool import layout_make
from tests.bench.reference_file import Shape, write

ACCOUNTS = 200
FILES = 2_000
ROWS = 10
ALONE = 200
PATIENCE_SECONDS = 300

_IN_MOVED_TO = 0x80
_HEAD = struct.Struct("iIII")


@dataclass(slots=True)
class Arrivals:
    """When each file first reached `on/` and `ok/`, by its name, on the monotonic clock."""

    claimed: dict[bytes, float] = field(default_factory=dict)
    settled: dict[bytes, float] = field(default_factory=dict)
    _boxes: dict[int, dict[bytes, float]] = field(default_factory=dict)
    _libc: ctypes.CDLL = field(default_factory=lambda: ctypes.CDLL(None, use_errno=True))
    _fd: int = -1

    def __post_init__(self) -> None:
        """Open an inotify of our own."""
        self._fd = self._libc.inotify_init1(os.O_CLOEXEC)

    def watch(self, folder: Path) -> None:
        """Watch `on/` and `ok/` of a folder of an action."""
        for box, times in (("on", self.claimed), ("ok", self.settled)):
            number = self._libc.inotify_add_watch(self._fd, os.fsencode(folder / box), _IN_MOVED_TO)
            assert number >= 0, os.strerror(ctypes.get_errno())
            self._boxes[number] = times

    def wait(self, count: int) -> None:
        """Record arrivals until `count` files have settled."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(self.settled) < count:
            assert select.select([self._fd], [], [], deadline - time.monotonic())[0], "the daemon is stuck"
            self._take(os.read(self._fd, 1 << 16), time.monotonic())

    def _take(self, events: bytes, now: float) -> None:
        place = 0
        while place < len(events):
            number, _, _, length = _HEAD.unpack_from(events, place)
            name = events[place + _HEAD.size : place + _HEAD.size + length].rstrip(b"\0")
            place += _HEAD.size + length
            if name.endswith(b".csv"):  # result files come as .json
                self._boxes[number].setdefault(name, now)


def main() -> None:
    """Start a server and a daemon, drop the files, print the figures."""
    with tempfile.TemporaryDirectory() as name, EmbeddedServer(Path(name) / "data") as server:
        folder, root = Path(name), Path(name) / "ftp"
        with connect(server.admin_url) as conn:
            migrate(conn)
            for number in range(ACCOUNTS):
                conn.execute(
                    "INSERT INTO contactsync.account (name, dedup) VALUES (%s, 'reference')",
                    (f"a{number:03d}",),
                )
            homes = [account.home_under(root) for account in store.every(conn)]
        for home in homes:
            layout_make.make(home, root, None)
        settings = {
            "FTP_ROOT": root,
            "DATA_DIR": folder,
            "DATABASE_URL": server.admin_url,
            "SETTLE_SECONDS": "0",
        }
        environment = {f"CONTACTSYNC_{key}": str(value) for key, value in settings.items()}
        with (folder / "log").open("wb") as log:
            daemon = subprocess.Popen(
                [sys.executable, "-m", "contactsync", "run"], env=os.environ | environment, stdout=log
            )
        try:
            _measure(folder, homes)
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(60)


def _measure(folder: Path, homes: list[Path]) -> None:
    arrivals = Arrivals()
    for home in homes:
        arrivals.watch(home / "contacts/import")
    for number, home in enumerate(
        homes
    ):  # not counted: each account's first deposit opens connections and fills caches
        _drop(folder, home, f"warm{number}.csv", number)
    arrivals.wait(len(homes))
    arrivals.claimed.clear(), arrivals.settled.clear()

    files = []
    for number in range(FILES):
        files.append((folder / f"many{number}.csv", homes[number % len(homes)]))
        write(files[-1][0], Shape(rows=ROWS, first=ROWS * number))
    started = time.monotonic()
    for file, home in files:
        file.rename(home / "contacts/import/in" / file.name)
    arrivals.wait(FILES)
    took = max(arrivals.settled.values()) - started
    each = sorted(arrivals.settled[name] - arrivals.claimed[name] for name in arrivals.settled)
    print(f"{FILES} files of {ROWS} rows, {ACCOUNTS} accounts: {FILES / took:.0f} files/s (bound ≥ 150)")
    print(
        f"  claim → ok: p50 {each[len(each) // 2] * 1e3:.1f} ms, p99 {each[int(len(each) * 0.99)] * 1e3:.1f} ms"
        " (bound ≤ 100)"
    )

    latencies = []
    for number in range(ALONE):
        arrivals.settled.clear()
        begun = _drop(folder, homes[number], f"alone{number}.csv", number)
        arrivals.wait(1)
        latencies.append(time.monotonic() - begun)
    latencies.sort()
    print(
        f"one small file, event → ok: p50 {statistics.median(latencies) * 1e3:.1f} ms (bound ≤ 25),"
        f" p99 {latencies[int(ALONE * 0.99)] * 1e3:.1f} ms"
    )


def _drop(folder: Path, home: Path, name: str, number: int) -> float:
    """Write a small file elsewhere and rename it into `in/`; returns the time of the rename."""
    write(folder / name, Shape(rows=ROWS, first=ROWS * number))
    now = time.monotonic()
    (folder / name).rename(home / "contacts/import/in" / name)
    return now


if __name__ == "__main__":
    main()
