"""An FTP client of the soak: it uploads one account's deposits, one at a time."""

from __future__ import annotations

import ftplib
import io
import os
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from tests.acceptance.ftp import FtpServer
from tests.model import drive
from tests.model.values import MODES
from tests.polling import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.model.drive import Settled
    from tests.model.generate import Step

# Seconds for one deposit, crashes and restarts included.
PATIENCE = 120.0


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
        """One upload, by a temporary name or straight, awaited until it is in `ok/` or `ko/`."""
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

        until(settled, f"{step.action} {name} of {step.account.name}")
        self.done.append((step, found[0]))

    def mark(self, ftp: ftplib.FTP, folder: Path, step: Step) -> None:
        """Set the step's markers and no others, through `in/` if the step says so."""
        for marker in MODES:
            (folder / marker).unlink(missing_ok=True)
        for marker in step.markers:
            if step.marker_in_in:
                inbox = (folder / "in").relative_to(self.server.root)
                ftp.storbinary(f"STOR {inbox}/{marker}", io.BytesIO(b""))
                until(lambda marker=marker: (folder / marker).exists(), f"{marker} is moved")
            else:
                (folder / marker).touch()


def _plain(name: bytes) -> bytes:
    """A name that an FTP command can carry as it is."""
    plain = bytes(byte if 32 < byte < 127 else 95 for byte in name)
    return plain[:200]
