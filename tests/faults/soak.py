"""A soak: eight FTP clients upload random deposits while the database crashes and the daemon is killed.

    python -m tests.faults.soak [--minutes 10] [--seed 1]

Afterwards files in = files out, and database, ledger and result files are what the independent model says (an account
for each client, so the order is known). In the second part nothing is killed, and the daemon's memory, descriptors and
threads must not grow. Exit status 1 where something is wrong.
"""

from __future__ import annotations

import argparse
import ftplib
import io
import os
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import psycopg

from tests.acceptance.ftp import FtpServer
from tests.faults.scene import Run
from tests.faults.server import Server
from tests.model import compare, drive, generate
from tests.model.model import Model
from tests.model.values import MODES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.model.drive import Settled
    from tests.model.generate import Step

CLIENTS = generate.ACCOUNTS
PATIENCE = 120.0  # seconds for one deposit, crashes and restarts included
CALM_SHARE = 0.4  # of the time, at its end, in which nothing is killed
QUIET_SECONDS = 0.3  # settle and grace time
MAX_GROWTH = {"rss_mb": 24.0, "descriptors": 8.0, "threads": 1.0}
"""What an idle daemon may have more at the end of the calm part than in its first quarter: each worker's link is one."""

_uploads = iter(range(1, 1_000_000_000))


@dataclass
class Client(threading.Thread):
    """Uploads its account's deposits one by one, each when the one before has settled: markers hold for one."""

    root: Path
    server: FtpServer
    steps: Iterator[Step]
    gate: threading.Event
    until: threading.Event
    seed: int
    busy: bool = False
    done: list[tuple[Step, Settled]] = field(default_factory=list)
    failure: str | None = None

    def __post_init__(self) -> None:
        super().__init__(name="client", daemon=True)
        self._rng = Random(self.seed)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        try:
            with self.server.login() as ftp:
                for step in self.steps:
                    self.busy = False
                    self.gate.wait()
                    self.busy = True
                    if self.until.is_set():
                        return
                    self.deposit(ftp, replace(step, name=_plain(step.name)))
        except Exception as error:  # noqa: BLE001 - whatever it is, the soak has failed
            self.failure = f"{type(error).__name__}: {error}"

    def deposit(self, ftp: ftplib.FTP, step: Step) -> None:
        """One upload, by a temporary name or straight, awaited until it lies in `ok/` or `ko/`."""
        folder = self.root / step.account.name / "contacts" / step.action
        if step.action == "import":
            self.mark(ftp, folder, step)
        before = drive._settled_names(folder)
        inbox = (folder / "in").relative_to(self.server.root)
        name = os.fsdecode(step.name)
        if self._rng.random() < 0.5:
            ftp.storbinary(f"STOR {inbox}/{name}", io.BytesIO(step.content))
        else:
            ftp.storbinary(f"STOR {inbox}/{name}.part", io.BytesIO(step.content))
            ftp.rename(f"{inbox}/{name}.part", f"{inbox}/{name}")
        found: list[Settled] = []

        def settled() -> bool:
            found[:] = filter(None, [drive._find(folder, step.name, before)])
            return bool(found)

        _await(settled, f"{step.action} {name} of {step.account.name}")
        self.done.append((step, found[0]))

    def mark(self, ftp: ftplib.FTP, folder: Path, step: Step) -> None:
        """The step's markers and no others, through `in/` where it says so."""
        for marker in MODES:
            (folder / marker).unlink(missing_ok=True)
        for marker in step.markers:
            if step.marker_in_in:
                inbox = (folder / "in").relative_to(self.server.root)
                ftp.storbinary(f"STOR {inbox}/{marker}", io.BytesIO(b""))
                _await(lambda marker=marker: (folder / marker).exists(), f"{marker} is moved")
            else:
                (folder / marker).touch()


def _plain(name: bytes) -> bytes:
    """A name that an FTP command can carry as it is."""
    plain = bytes(byte if 32 < byte < 127 else 95 for byte in name)
    return plain[:200]


def _await(done: object, what: str) -> None:
    assert callable(done)
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not in time: {what}")
        time.sleep(0.02)


@dataclass
class Outcome:
    """What came of it; `wrong` is empty where all is well."""

    seconds: float
    crashes: int = 0
    kills: int = 0
    files_in: int = 0
    files_out: int = 0
    refused: int = 0
    rows: int = 0
    growth: dict[str, float] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        yield f"{self.seconds:.0f} s, {CLIENTS} clients, {self.crashes} database crashes, {self.kills} daemon kills"
        yield f"files in {self.files_in}, files out {self.files_out} ({self.refused} refused), rows read {self.rows}"
        for what, by in self.growth.items():
            yield f"{what}: {self.first[what]:.1f}, grown by {by:.1f} (at most {MAX_GROWTH[what]:.0f})"
        yield f"wrong: {len(self.wrong)}"
        yield from (f"  {each}" for each in self.wrong)


def soak(folder: Path, seconds: float, seed: int) -> Outcome:
    """Run it all below `folder`, in the main thread."""
    outcome = Outcome(seconds)
    rng = Random(seed)
    generate.LIFE = 1 << 40  # the accounts stay
    steps = [generate.deposits(seed) for _ in range(CLIENTS)]
    mine = [_every(stream, number) for number, stream in enumerate(steps)]
    accounts = [step.account for step, _ in zip(generate.deposits(seed), range(CLIENTS), strict=False)]
    gate, end = threading.Event(), threading.Event()
    gate.set()
    with Server(folder / "postgresql") as server, FtpServer(folder) as ftp:
        server.schema()
        run = Run(folder / "run", server.url, rescan_seconds=0.5, settle_seconds=QUIET_SECONDS)
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
            _judge(run, clients, outcome)
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
    _await(lambda: not any(client.busy and client.is_alive() for client in clients), "the clients pause")
    _await(lambda: not any(run.ftp.glob("*/contacts/*/on/*")), "the daemon is idle")
    time.sleep(1.0)  # its threads end, its folders are closed
    return _sample(run.pid)


def _sample(pid: int) -> dict[str, float]:
    status = Path(f"/proc/{pid}/status").read_text()
    numbers = dict(line.split(":", 1) for line in status.splitlines())
    return {
        "rss_mb": int(numbers["VmRSS"].split()[0]) / 1024,
        "threads": float(numbers["Threads"]),
        "descriptors": float(len(os.listdir(f"/proc/{pid}/fd"))),
    }


def _judge(run: Run, clients: list[Client], outcome: Outcome) -> None:
    """Everything against the model, account by account, deposit by deposit."""
    model = Model()
    with psycopg.connect(run.database_url, autocommit=True) as connection:
        for client in clients:
            outcome.files_in += len(client.done)
            if not client.done:
                outcome.wrong.append("a client had nothing done")
                continue
            rules = client.done[0][0].account
            account = model.add_account(rules)
            rows = connection.execute(
                "SELECT state, name_bytes, attempts, "
                + ", ".join(compare.COUNTS)
                + " FROM contactsync.deposit"
                " WHERE account_id = (SELECT account_id FROM contactsync.account WHERE name = %s) ORDER BY deposit_id",
                [rules.name],
            ).fetchall()
            wrong = compare._unequal("deposits in the ledger", len(rows), len(client.done))
            for (step, answer), (state, name, _, *counts) in zip(client.done, rows, strict=False):
                expected = model.deposit(rules.name, step.action, step.name, step.content, set(step.markers))
                outcome.rows += counts[0] or 0
                outcome.refused += state == "ko"
                wrong += compare._unequal("order", bytes(name), step.name)
                wrong += compare._unequal("state", (state, answer.state), (expected.state,) * 2)
                if not expected.refused:
                    told = [getattr(expected, count) for count in compare.COUNTS]
                    wrong += compare._unequal(f"counts of {step.story}", counts, told)
                wrong += compare._results(step, expected, answer)
                wrong += compare._unequal("bytes", answer.path.read_bytes() == step.content, True)
            wrong += compare._database(connection, account)
            outcome.wrong += [f"{rules.name}: {each}" for each in wrong]
    places = {answer.path for client in clients for _, answer in client.done}
    outcome.files_out = len(places)
    if outcome.files_in != outcome.files_out:
        outcome.wrong.append("two deposits came to one name")
    for client in clients:
        name = client.done[0][0].account.name if client.done else ""
        left = [path for box in ("in", "on") for path in run.ftp.glob(f"{name}/contacts/*/{box}/*")]
        outcome.wrong += [f"left over: {path}" for path in left]


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


if __name__ == "__main__":
    sys.exit(main())
