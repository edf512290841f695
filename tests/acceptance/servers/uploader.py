"""One uploader's account: its uploads and their outcome."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from tests.acceptance import program
from tests.acceptance.servers.server import ACCOUNT
from tests.acceptance.settled import Settled
from tests.acceptance.tables import people

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.servers.server import Server

T = TypeVar("T")

SETTLE_SECONDS, GRACE_SECONDS = 0.4, 2.0
DEADLINE = 180.0
"""Seconds after which an awaited event counts as missing: many cases share one daemon."""
# Bytes that a server may have in its buffer.
UNWRITTEN = 16 * 1024
WITNESSES = ("whole", "half")
_numbers = iter(range(1, 1_000_000))


class Program(program.Program):
    """A daemon that many threads look at."""

    deadline = DEADLINE
    pause = 0.03


@dataclass(frozen=True)
class Uploader:
    """An account of a daemon, whose folders the server's account can write to. `local` is the client's disk."""

    server: Server
    program: Program
    account: str
    local: Path

    def __post_init__(self) -> None:
        self.program.add_account(self.account)
        home = self.program.ftp / self.account
        self._give(home, 0o751)
        self._give(home / "contacts", 0o2750)
        self._give(home / "contacts/import", 0o3770)
        for box in program.BOXES:
            self._give(self.box(box), 0o2770 if box == "in" else 0o2750)

    def _give(self, folder: Path, mode: int) -> None:
        os.chown(folder, 0, ACCOUNT.pw_gid)
        folder.chmod(mode)

    def own_everything(self) -> None:
        """Give the folders to the server's account, as on a host without permissions."""
        for folder, _, _ in os.walk(self.program.ftp / self.account):
            os.chown(folder, ACCOUNT.pw_uid, ACCOUNT.pw_gid)

    # --- names and files --------------------------------------------------------------------------------------

    def box(self, box: str = "in") -> Path:
        return self.program.box(self.account, box)

    def folder(self, box: str = "in") -> str:
        """A box as clients name it, from the server's root."""
        return str(self.box(box).relative_to(self.server.root))

    def remote(self, name: str, box: str = "in") -> str:
        return f"{self.folder(box)}/{name}"

    def file(self, name: str, content: bytes) -> Path:
        """A file on the client's disk."""
        folder = self.local / self.account
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
        return folder / name

    # --- what becomes of it -----------------------------------------------------------------------------------

    def lies_in_in(self) -> list[int]:
        """The sizes of the files in `in/`, hidden ones too; without those that go while we look."""
        sizes = []
        with os.scandir(self.box()) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    sizes.append(entry.stat(follow_symlinks=False).st_size)
        return sizes

    def arrived(self, size: int) -> None:
        """Wait until so many bytes of an upload have come, a buffer's worth apart."""
        least = max(size - UNWRITTEN, 1)
        self.program.until(
            lambda: max(self.lies_in_in(), default=0) >= least, f"{size} bytes arrive in {self.account}"
        )

    def claimed(self) -> list[str]:
        """What has left `in/`."""
        return [name for box, name in self.program.everywhere(self.account) if box != "in"]

    def settled(self, name: str) -> Settled:
        return self.program.settled(self.account, name)

    def all_settled(self) -> list[Settled]:
        """Wait until `in/` and `on/` are empty; return the deposits in `ok/` and `ko/`."""

        def nothing_left() -> bool:
            return not any(os.listdir(self.box(box)) for box in ("in", "on"))

        self.program.until(nothing_left, f"in/ and on/ of {self.account} become empty")
        return [
            Settled(self.box(box) / name, time.monotonic())
            for box in ("ok", "ko")
            for name in self.program.files_in(self.account, box)
        ]

    def applied_once(self, name: str, content: bytes) -> None:
        """Wait until it is applied; it must be the only deposit, and be whole."""
        settled = self.settled(name)
        assert settled.state == "ok", settled.result
        assert settled.path.read_bytes() == content, "not what was uploaded"
        rows = content.count(b"\n") - 1
        ledger = [(row["state"], row["rows_applied"]) for row in self.program.ledger(self.account)]
        assert ledger == [("ok", rows)]
        assert len(self.program.contacts(self.account)) == rows

    def waited(self, seconds: float) -> None:
        """The one deposit was settled no sooner than so long after it was last written to."""
        (row,) = self.program.ledger(self.account)
        assert (row["finished_at"] - row["deposited_at"]).total_seconds() >= seconds

    def applied_nothing(self) -> None:
        assert self.program.contacts(self.account) == []
        assert {row["state"] for row in self.program.ledger(self.account)} <= {"ko"}


def outlast(daemon: Program, *, grace: bool = False) -> None:
    """Wait as long as a file takes to be claimed that is there from now on: a witness in another account.

    With `grace` it is one that does not look whole, and is refused in the end.
    """
    name = f"{next(_numbers)}.csv"
    account = WITNESSES[grace]
    daemon.drop(account, name, b"Email" if grace else people(1))
    daemon.settled(account, name)
