"""A server, an FTP root and a pipeline in this process, for benches: deposits go from `in/` to `ok/` under a clock."""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from contactsync.accounts import store
from contactsync.database.connection import Session, connect
from contactsync.database.embedded.server import EmbeddedServer
from contactsync.database.migrations import migrate
from contactsync.domain.account import Account
from contactsync.intake.upload_queue import UploadQueue
from contactsync.processing.apply import Rules
from contactsync.processing.pipeline import Pipeline
from contactsync.spool import layout_make
from contactsync.spool.home_pins import HomePins
from contactsync.spool.spool import Spool
from contactsync.telemetry import log

_TABLES = "contact, contact_list, list_member, opt_out, consent_event, contact_before, member_before, opt_out_before"


@dataclass(slots=True)
class Place:
    """One server with one FTP root."""

    folder: Path
    server: EmbeddedServer
    pipelines: list[Pipeline] = field(default_factory=list)
    undo_days: int = 7

    @property
    def url(self) -> str:
        """Of the database."""
        return self.server.admin_url

    @property
    def root(self) -> Path:
        """Of the FTP tree."""
        return self.folder / "ftp"

    @property
    def sockets(self) -> Path:
        """The folder of the server's unix socket."""
        return Path(parse_qs(urlsplit(self.url).query)["host"][0])

    def pipeline(self, number: int = 0) -> Pipeline:
        """The pipeline of worker `number`, with a warm connection as in a running daemon."""
        while len(self.pipelines) <= number:
            rules = Rules(512 << 20, 20 << 20, result_files=True, undo_days=self.undo_days)
            pipeline = Pipeline(Session(self.url), rules)
            with pipeline.session() as conn:
                conn.execute("SELECT")
            self.pipelines.append(pipeline)
        return self.pipelines[number]

    def keep_for_undo(self, days: int) -> None:
        """Use other pipelines, which keep what a deposit changes for so many days."""
        while self.pipelines:
            self.pipelines.pop().session.close()
        self.undo_days = days

    def fresh(self, *names: str, dedup: str = "reference") -> list[Account]:
        """An empty database with accounts of these names, and no writes pending from earlier work."""
        with connect(self.url) as conn:
            conn.execute("TRUNCATE contactsync.account CASCADE")
            for table in _TABLES.split(", "):
                conn.execute(f"TRUNCATE contactsync.{table} CASCADE".encode())
            for name in names:
                conn.execute("INSERT INTO contactsync.account (name, dedup) VALUES (%s, %s)", (name, dedup))
            found = list(store.every(conn))
        for account in found:
            shutil.rmtree(self.root / account.name, ignore_errors=True)
            layout_make.make(account.home_under(self.root), self.root, None)
        self.settle()
        return found

    def settle(self) -> None:
        """Let the server finish its pending writes, so that they do not count in the next measurement."""
        with connect(self.url) as conn:
            conn.execute("CHECKPOINT")

    def put(self, account: Account, file: Path, name: str, action: str = "import") -> None:
        """Copy the file into `in/`."""
        shutil.copyfile(file, self.root / account.name / "contacts" / action / "in" / name)

    def mark(self, account: Account, marker: str) -> None:
        """Set the import mode."""
        (self.root / account.name / "contacts/import" / marker).touch()

    def take(self, account: Account, number: int = 0) -> None:
        """Process everything in the account's `in/` folders; raises AssertionError if anything is refused."""
        home = self.root / account.name
        uploads = UploadQueue(settle_seconds=0, grace_seconds=0, rescan_seconds=1)
        with Spool(
            home,
            HomePins(self.root, self.root.parent / "data"),
            max_bytes=20 << 20,
            ignored=lambda name: name.startswith(b"."),
        ) as spool:
            while self.pipeline(number).step(account, uploads, spool) == 0:
                pass
        for verdict in home.glob("contacts/*/ko/*.result.json"):
            raise AssertionError(json.loads(verdict.read_text())["message"])


@contextmanager
def place() -> Iterator[Place]:
    """A place in a temporary folder, which is removed at the end."""
    log.configure("json")
    with tempfile.TemporaryDirectory() as name, EmbeddedServer(Path(name) / "data") as server:
        with connect(server.admin_url) as conn:
            migrate(conn)
        found = Place(Path(name), server)
        yield found
        for pipeline in found.pipelines:
            pipeline.session.close()


@dataclass(slots=True)
class Times:
    """Seconds per measurement, in the order of the first one."""

    taken: dict[str, list[float]] = field(default_factory=dict)

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Add the seconds that the block takes."""
        started = time.perf_counter()
        yield
        self.taken.setdefault(name, []).append(time.perf_counter() - started)

    def median(self, name: str) -> float:
        """The median of a measurement."""
        return statistics.median(self.taken[name])

    def show(self) -> None:
        """Print one line per measurement: minimum, median, maximum."""
        print(f"{'seconds':<44} {'min':>7} {'median':>7} {'max':>7}")
        for name, each in self.taken.items():
            print(f"{name:<44} {min(each):7.2f} {statistics.median(each):7.2f} {max(each):7.2f}")

    def compare(self, what: str, against: str, bound: float) -> None:
        """Print the ratio of two medians, its bound, and the range of the ratios run by run."""
        if what not in self.taken or against not in self.taken:
            print(f"{what} / {against}: not measured")
            return
        pairs = [a / b for a, b in zip(self.taken[what], self.taken[against], strict=True)]
        ratio = self.median(what) / self.median(against)
        verdict = "ok" if ratio <= bound else "MISSED"
        print(
            f"{what + ' / ' + against:<66} {ratio:5.2f}  bound {bound:4.2f}  {verdict:6}"
            f" (runs {min(pairs):.2f}–{max(pairs):.2f})"
        )
