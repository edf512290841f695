"""The program as its users meet it: commands, a daemon in a process of its own, and folders."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.roles import as_daemon

from .values import MODES, AccountRules

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .generate import Step

# Seconds for a round of deposits.
DEADLINE = 60.0
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settled:
    """Where a deposit ended: `ok` or `ko`, the folder, the claimed name, and the names there before it."""

    state: str
    folder: Path
    claimed: bytes
    before: frozenset[tuple[str, bytes]]

    @property
    def path(self) -> Path:
        return self.folder / os.fsdecode(self.claimed)

    def beside(self, suffix: str) -> Path:
        """The result file with this suffix."""
        return self.folder / os.fsdecode(self.claimed + suffix.encode())

    def is_new(self, suffix: str) -> bool:
        """Whether this deposit created a file of that name (an older one can have it by chance)."""
        name = self.claimed + suffix.encode()
        return self.beside(suffix).exists() and (self.state, name) not in self.before


class Program:
    """One running daemon over an empty FTP root; it stops at the end of the `with`."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.ftp = folder / "ftp"
        self.ftp.mkdir()
        self._log_path = folder / "daemon.log"
        own = {key: value for key, value in os.environ.items() if not key.startswith("CONTACTSYNC_")}
        paths = [str(ROOT / "daemon"), own.get("PYTHONPATH", "")]
        self._environment = own | {
            "PYTHONPATH": os.pathsep.join(path for path in paths if path),
            "CONTACTSYNC_FTP_ROOT": str(self.ftp),
            "CONTACTSYNC_DATABASE_URL": as_daemon(database_url),
            "CONTACTSYNC_DATA_DIR": str(folder / "data"),
            "CONTACTSYNC_SETTLE_SECONDS": "0",
            "CONTACTSYNC_GRACE_SECONDS": "0",
            "CONTACTSYNC_LOG_FORMAT": "json",
        }
        self._daemon: subprocess.Popen[bytes] | None = None
        self._uploads = 0
        self._settled: dict[Path, bytes] = {}

    def __enter__(self) -> Self:
        self._run([["migrate"]])
        with self._log_path.open("wb") as out:
            self._daemon = subprocess.Popen(
                self._command("run"),
                env=self._environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stops the daemon as systemd does; kills it if it does not end."""
        if self._daemon is None:
            return
        self._daemon.terminate()
        try:
            self._daemon.wait(30)
        except subprocess.TimeoutExpired:
            self._daemon.kill()
            self._daemon.wait()
        self._daemon = None

    def log(self) -> str:
        return self._log_path.read_text(encoding="utf-8", errors="replace")

    def log_tail(self) -> str:
        return "end of the daemon's log:\n" + self.log()[-3000:]

    def add_accounts(self, accounts: Sequence[AccountRules]) -> None:
        """Adds accounts with the CLI while the daemon runs, and creates their trees."""
        if accounts:
            self._run([_account_add(rules) for rules in accounts])
            self._run([["init"]])

    def mark(self, step: Step) -> None:
        """Puts the step's markers, and only those, in the account's `import/`."""
        if step.action != "import":
            return
        folder = self.ftp / step.account.name / "contacts" / "import"
        if step.marker_in_in:
            (marker,) = step.markers
            upload = folder / "in" / ".upload-of-a-marker"
            upload.touch()
            upload.rename(folder / "in" / marker)

            def moved() -> bool:
                there = [name for name in MODES if (folder / name).exists()]
                return there == [marker] and not (folder / "in" / marker).exists()

            assert self._wait(moved), f"{marker} in {folder}/in does not become the only marker"
            return
        for marker in MODES:
            (folder / marker).unlink(missing_ok=True)
        for marker in step.markers:
            (folder / marker).touch()

    def deposit(self, steps: Sequence[Step]) -> list[Settled | None]:
        """Uploads one file to each account and waits for all; None for a file that did not settle."""
        folders = [self.ftp / step.account.name / "contacts" / step.action for step in steps]
        before = [_settled_names(folder) for folder in folders]
        for step, folder in zip(steps, folders, strict=True):
            self._uploads += 1
            upload = folder / "in" / f".upload-{self._uploads}"
            upload.write_bytes(step.content)
            upload.rename(folder / "in" / os.fsdecode(step.name))
        found: dict[int, Settled] = {}

        def look() -> bool:
            for n, (step, folder) in enumerate(zip(steps, folders, strict=True)):
                if n not in found and (answer := _find(folder, step.name, before[n])):
                    found[n] = answer
            return len(found) == len(steps)

        self._wait(look)
        self._settled |= {answer.path: steps[n].content for n, answer in found.items()}
        return [found.get(n) for n in range(len(steps))]

    def overwritten(self) -> list[Path]:
        """Settled deposits that are no longer there with the bytes that were uploaded."""
        return [
            path
            for path, content in self._settled.items()
            if not path.exists() or path.read_bytes() != content
        ]

    def _wait(self, done: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + DEADLINE
        while not done():
            if time.monotonic() > deadline:
                return False
            assert self._daemon is not None, "the daemon was never started"
            assert self._daemon.poll() is None, f"the daemon ended\n{self.log_tail()}"
            time.sleep(0.01)
        return True

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "contactsync", *arguments]

    def _run(self, commands: Sequence[Sequence[str]]) -> None:
        """Runs commands side by side; each must end with exit status 0."""
        running = [
            subprocess.Popen(
                self._command(*command),
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            for command in commands
        ]
        ended = [(process.communicate(timeout=60)[0], process.returncode) for process in running]
        for command, (output, status) in zip(commands, ended, strict=True):
            assert status == 0, (
                f"contactsync {' '.join(command)}: {status}\n{output.decode(errors='replace')}"
            )


def _account_add(rules: AccountRules) -> list[str]:
    options = {
        "--dedup": rules.dedup,
        "--separator": rules.separator,
        "--blank-cells": rules.blank_cells,
        "--region": rules.region,
        "--encoding": rules.encoding,
        "--phone-check": rules.phone_check,
        "--syntax-errors": rules.syntax_errors,
    }
    # Version 0.1.0 has no such options; a default is not passed.
    if rules.headers != "known":
        options["--headers"] = rules.headers
    if rules.date_order != "dmy":
        options["--date-order"] = rules.date_order
    if rules.max_removals is not None:
        options["--max-removals"] = str(rules.max_removals)
    if rules.max_removal_percent is not None:
        options["--max-removal-percent"] = str(rules.max_removal_percent)
    labels = [word for n, label in rules.labels.items() for word in ("--label", f"{n}={label}")]
    names = [word for pair in rules.header_names.items() for word in ("--header", "=".join(pair))]
    words = [word for pair in options.items() for word in pair]
    return ["account", "add", rules.name, *words, *labels, *names]


def _settled_names(folder: Path) -> frozenset[tuple[str, bytes]]:
    return frozenset((state, name) for state in ("ok", "ko") for name in _names(folder / state))


def _names(folder: Path) -> list[bytes]:
    with os.scandir(os.fsencode(folder)) as entries:
        return [entry.name for entry in entries]


def _find(folder: Path, name: bytes, before: frozenset[tuple[str, bytes]]) -> Settled | None:
    """The one new file that is this deposit, not a result file of it."""
    for state, entry in _settled_names(folder) - before:
        stamped = re.match(rb"[0-9]{10}_", entry)
        whole = entry[11:] == name
        # A claimed name over 240 bytes is shortened before its extension; long ones here end in .csv.
        shortened = (
            len(name) + 11 > 240
            and entry[11:80] == name[:69]
            and entry.endswith(b".csv")
            and not entry.endswith(b".rejected.csv")
        )
        if stamped and (whole or shortened):
            return Settled(state, folder / state, entry, before)
    return None
