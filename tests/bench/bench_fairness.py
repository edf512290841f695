"""How long a small file waits beside hostile ones: `python -m tests.bench.bench_fairness`. The real daemon.

Every worker but one has a file of another account that costs seconds of processor time. Small files arrive one at a
time in a further account. The goal is 1 s at most, from the rename into `in/` to `ok/`; the settle time is zero.
How long the same file takes without hostile ones is printed too, because that depends on what else the machine does.
With one worker, the hostile file is read by the same worker, which gives way between two batches.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from contactsync.accounts import store
from contactsync.database.connection import connect
from contactsync.database.embedded.server import EmbeddedServer
from contactsync.database.migrations import migrate
from contactsync.spool import layout_make

SMALL_FILES = 20
HOSTILE_BYTES = 8 << 20
PATIENCE_SECONDS = 60
KINDS = {
    "phones of punctuation": ("Mobile", lambda n: f"{n:07d}" + "(" * 200),
    "international domains": ("Email", lambda n: f"a@é{n:07d}è.fr"),
}


def hostile(kind: str) -> bytes:
    """A file of distinct values of this kind, and one good row, so that it is read to its end."""
    header, value = KINDS[kind]
    rows, size, number = [f"{header};Nom"], 0, 0
    while size < HOSTILE_BYTES:
        rows.append(f"{value(number)};x")
        size += len(rows[-1].encode()) + 1
        number += 1
    return "\n".join([*rows, ""]).encode()


def drop(root: Path, account: str, name: str, content: bytes) -> None:
    """Upload a file as a whole."""
    folder = root / account / "contacts/import/in"
    (folder / ".part").write_bytes(content)
    (folder / ".part").rename(folder / name)


def settled(root: Path, account: str) -> int:
    """How many deposits of an account are settled."""
    boxes = (root / account / "contacts/import" / box for box in ("ok", "ko"))
    return sum(entry.endswith(".csv") for box in boxes for entry in os.listdir(box))


def wait_until_settled(root: Path, account: str, count: int) -> float:
    """Wait for so many settled deposits; how long it took, in seconds."""
    started = time.monotonic()
    while settled(root, account) < count:
        assert time.monotonic() - started < PATIENCE_SECONDS, "not in time"
        time.sleep(0.002)
    return time.monotonic() - started


def small(root: Path, number: int) -> float:
    """Upload the small file of this number, from 0 on; how long it took, in seconds."""
    drop(root, "small", f"s{number}.csv", f"Email\ns{number}@example-mail.fr\n".encode())
    return wait_until_settled(root, "small", number + 2)


def figures(waits: list[float]) -> str:
    """Median and maximum, as text."""
    if not waits:
        return "not measured (the hostile file was too fast)"
    return f"median {statistics.median(waits):.3f} s, longest {max(waits):.3f} s, of {len(waits)}"


def measure(folder: Path, server: EmbeddedServer, workers: int, kind: str) -> None:
    """Print how long small files wait beside hostile files of one kind."""
    root = folder / f"ftp-{workers}-{kind.split(maxsplit=1)[0]}"
    root.mkdir()
    attackers = [f"hostile{n}" for n in range(max(1, workers - 1))]
    with connect(server.admin_url) as conn:
        conn.execute("TRUNCATE contactsync.account CASCADE")
        for name in (*attackers, "small"):
            conn.execute("INSERT INTO contactsync.account (name) VALUES (%s)", (name,))
        for account in store.every(conn):
            layout_make.make(account.home_under(root), root, None)
    settings = {
        "FTP_ROOT": root,
        "DATABASE_URL": server.url,
        "DATA_DIR": folder / "data",
        "WORKERS": workers,
        "SETTLE_SECONDS": 0,
        "GRACE_SECONDS": 0,
    }
    environment = os.environ | {f"CONTACTSYNC_{key}": str(value) for key, value in settings.items()}
    with (folder / "daemon.log").open("wb") as out:
        command = [sys.executable, "-m", "contactsync", "run"]
        daemon = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        drop(root, "small", "warm.csv", b"Email\nw@example-mail.fr\n")
        wait_until_settled(root, "small", 1)
        alone = [small(root, number) for number in range(SMALL_FILES)]
        for name in attackers:
            drop(root, name, "hostile.csv", hostile(kind))
        started = time.monotonic()
        while not all(os.listdir(root / name / "contacts/import/on") for name in attackers):
            assert time.monotonic() - started < PATIENCE_SECONDS, "not in time"
            time.sleep(0.002)
        beside = list[float]()
        for number in range(SMALL_FILES, 2 * SMALL_FILES):
            if any(settled(root, name) for name in attackers):
                break
            beside.append(small(root, number))
        print(f"{workers} workers, {kind}: {figures(beside)}; without them {figures(alone)}", flush=True)
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(PATIENCE_SECONDS)


def main() -> None:
    """Measure with one worker and with three."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with EmbeddedServer(folder / "pg") as server:
            with connect(server.admin_url) as conn:
                migrate(conn)
            for workers in (1, 3):
                for kind in KINDS:
                    measure(folder, server, workers, kind)


if __name__ == "__main__":
    main()
