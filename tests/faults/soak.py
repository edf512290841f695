"""A soak: eight FTP clients upload random deposits while the database crashes and the daemon is killed.

    python -m tests.faults.soak [--minutes 10] [--seed 1]

Afterwards, every file that went in has come out, and database, ledger and result files match the independent model
(one account per client, so the order is known). In the second part nothing is killed, and the daemon's memory,
descriptors and threads must not grow. Exit status 1 if something is wrong.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from tests.acceptance.ftp import FtpServer
from tests.faults.scene import Run
from tests.faults.server import Server
from tests.faults.soak_client import PATIENCE, Client
from tests.faults.soak_verdict import CLIENTS, MAX_GROWTH, Outcome, judge
from tests.model import generate
from tests.polling import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.model.generate import Step

# The share of the time, at its end, in which nothing is killed.
CALM_SHARE = 0.4
# Looks, one per 20 ms, in which an idle daemon's threads and descriptors stay as they are.
RESTS = 50
# Settle and grace time.
QUIET_SECONDS = 0.3

_uploads = iter(range(1, 1_000_000_000))


def soak(folder: Path, seconds: float, seed: int) -> Outcome:
    """Run it all below `folder`, in the main thread."""
    outcome = Outcome(seconds)
    rng = Random(seed)
    # The accounts are never removed.
    generate.LIFE = 1 << 40
    steps = [generate.deposits(seed) for _ in range(CLIENTS)]
    mine = [_every(stream, number) for number, stream in enumerate(steps)]
    accounts = [step.account for step, _ in zip(generate.deposits(seed), range(CLIENTS), strict=False)]
    gate, end = threading.Event(), threading.Event()
    gate.set()
    with Server(folder / "postgresql") as server, FtpServer(folder) as ftp:
        server.schema()
        run = Run(folder / "run", server.admin_url, rescan_seconds=0.5, settle_seconds=QUIET_SECONDS)
        run.configure(grace_seconds=QUIET_SECONDS)
        run.add_accounts(accounts)
        with run:
            clients = [Client(run.ftp, ftp, stream, gate, end, seed + n) for n, stream in enumerate(mine)]
            for client in clients:
                client.start()
            began = time.monotonic()
            _havoc(run, server, rng, began + seconds * (1 - CALM_SHARE), outcome)
            time.sleep(max(0.0, began + seconds - time.monotonic()) / 4)
            outcome.first = _idle(run, clients, gate)
            gate.set()
            time.sleep(max(0.0, began + seconds - time.monotonic()))
            last = _idle(run, clients, gate)
            end.set()
            gate.set()
            for client in clients:
                client.join(PATIENCE + 30)
            outcome.growth = {what: last[what] - outcome.first[what] for what in last}
            grown = [what for what, most in MAX_GROWTH.items() if outcome.growth[what] > most]
            outcome.wrong += [f"{what} grew by {outcome.growth[what]}" for what in grown]
            outcome.wrong += [client.failure for client in clients if client.failure]
            outcome.wrong += [f"{each}" for each in run.events("bug")]
            judge(run, clients, outcome)
    return outcome


def _every(stream: Iterator[Step], number: int) -> Iterator[Step]:
    """The steps of one account."""
    return (step for n, step in enumerate(stream) if n % CLIENTS == number)


def _havoc(run: Run, server: Server, rng: Random, until: float, outcome: Outcome) -> None:
    """Crash the database, kill the daemon, at random."""
    while time.monotonic() < until:
        time.sleep(rng.uniform(1, 5))
        if rng.random() < 0.5:
            server.crash()
            server.start()
            outcome.crashes += 1
        else:
            run.kill()
            run.start()
            outcome.kills += 1
            run.started()


def _idle(run: Run, clients: list[Client], gate: threading.Event) -> dict[str, float]:
    """Hold the clients back, and look at the daemon once it has nothing to do."""
    gate.clear()
    until(lambda: not any(client.busy and client.is_alive() for client in clients), "the clients pause")
    until(lambda: not any(run.ftp.glob("*/contacts/*/on/*")), "the daemon is idle")
    samples = [_sample(run.pid)]

    def rests() -> bool:
        """Whether threads end and folders are closed no more: as many as in the samples before."""
        samples.append(_sample(run.pid))
        counts = [(each["threads"], each["descriptors"]) for each in samples[-RESTS:]]
        return len(counts) == RESTS and len(set(counts)) == 1

    until(rests, "the daemon rests")
    return samples[-1]


def _sample(pid: int) -> dict[str, float]:
    status = Path(f"/proc/{pid}/status").read_text()
    numbers = dict(line.split(":", 1) for line in status.splitlines())
    return {
        "rss_mb": int(numbers["VmRSS"].split()[0]) / 1024,
        "threads": float(numbers["Threads"]),
        "descriptors": float(len(os.listdir(f"/proc/{pid}/fd"))),
    }


def main() -> int:
    """By hand: `make soak`."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as name:
        outcome = soak(Path(name), asked.minutes * 60, asked.seed)
    with suppress(BrokenPipeError):
        print("\n".join(outcome.lines()), flush=True)
    return 1 if outcome.wrong else 0
