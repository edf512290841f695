"""The daemon as its host sees it: started, stopped, killed; its folders, results, ledger and log."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import psycopg
from psycopg.rows import dict_row

from contactsync.domain.deposit import ACTIONS
from tests import polling
from tests.acceptance.settled import Settled, is_result
from tests.model import drive
from tests.roles import as_daemon

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


T = TypeVar("T")
BOXES = ("in", "on", "ok", "ko")
DEADLINE = 120.0
"""Seconds after which an awaited event counts as missing. It only guards against a hang: no test measures by it."""

# The setting of daemons that wait for the end of uploads.
SETTLE_SECONDS = 0.5

_uploads = iter(range(1, 1_000_000))


class Program(drive.Program):
    """A daemon that can be stopped, killed and started again over the same folders and database."""

    deadline: ClassVar = DEADLINE
    pause: ClassVar = 0.005

    def __init__(self, folder: Path, database_url: str, **settings: object) -> None:
        folder.mkdir(exist_ok=True)
        super().__init__(folder, database_url)
        self.folder = folder
        self.database_url = database_url
        self.stderr = folder / "daemon.err"
        self._starts = 0
        self.configure(**settings)

    def __enter__(self) -> Self:
        self.start()
        self.started()
        return self

    def close(self) -> None:
        """End the daemon and the tests' own connection."""
        self.stop()
        if "connection" in self.__dict__:
            self.connection.close()

    # --- the process -----------------------------------------------------------------------------------------

    def start(self, *options: str) -> None:
        """Start `contactsync run`; its log is appended to."""
        self._starts += 1
        with self._log_path.open("ab") as out, self.stderr.open("ab") as err:
            self._daemon = subprocess.Popen(
                self._command("run", *options),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    def started(self) -> None:
        """Wait until the log reports its start."""
        self.until(lambda: len(self.events("daemon.started")) == self._starts, "the daemon starts")

    def configure(self, **settings: object) -> None:
        """Settings for the next start; a database is used as the daemon."""
        if "database_url" in settings:
            settings["database_url"] = as_daemon(str(settings["database_url"]))
        self._environment |= {f"CONTACTSYNC_{key.upper()}": str(value) for key, value in settings.items()}

    @property
    def pid(self) -> int:
        assert self._daemon is not None
        return self._daemon.pid

    def wait(self) -> int:
        """Wait for its end; returns the exit status."""
        assert self._daemon is not None
        status = self._daemon.wait(DEADLINE)
        self._daemon = None
        return status

    def terminate(self) -> int:
        """SIGTERM, as systemd does; returns the exit status."""
        assert self._daemon is not None
        self._daemon.terminate()
        return self.wait()

    def send_signal(self, number: int) -> None:
        """To the daemon alone."""
        assert self._daemon is not None
        self._daemon.send_signal(number)

    def kill(self) -> None:
        """SIGKILL."""
        assert self._daemon is not None
        self._daemon.kill()
        self.wait()

    def until(self, done: Callable[[], T], what: str, *, alive: bool = True) -> T:
        """Poll until `done` returns something true, and return that."""

        def check() -> None:
            if alive:
                assert self._daemon is not None, f"{what}: the daemon was never started"
                assert self._daemon.poll() is None, f"{what}: the daemon ended\n{self.log_tail()}"

        return polling.until(
            done, what, seconds=self.deadline, pause=self.pause, meanwhile=check, report=self.log_tail
        )

    def log_tail(self) -> str:
        return super().log_tail() + self.stderr.read_text()[-3000:]

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log's lines of this event; every line of the log must be JSON."""
        # The last line may be unfinished.
        *lines, _ = self.log().split("\n")
        return [line for line in map(json.loads, lines) if line["event"] == name]

    def logged(self, name: str, times: int = 1) -> list[dict[str, Any]]:
        """Wait until the log has so many lines of an event, and return them.

        The log is written by a thread of its own, so that a line may come after what it reports can be seen.
        """
        self.until(lambda: len(self.events(name)) >= times, f"{name} is logged")
        return self.events(name)

    # --- the folders -----------------------------------------------------------------------------------------

    def add_account(self, name: str, dedup: str = "reference", **columns: object) -> str:
        """Create an account and its folders by SQL and mkdir, in a tenth of the time of the two commands."""
        given = {"name": name, "dedup": dedup} | columns
        places = ", ".join(["%s"] * len(given))
        self.connection.execute(
            f"INSERT INTO account ({', '.join(given)}) VALUES ({places})", list(given.values())
        )
        for action in ACTIONS:
            for box in BOXES:
                # The daemon may recreate it meanwhile.
                self.box(name, box, action).mkdir(parents=True, exist_ok=True)
        return name

    def box(self, account: str, box: str, action: str = "import") -> Path:
        return self.ftp / account / "contacts" / action / box

    def drop(self, account: str, name: str, content: bytes, action: str = "import") -> Path:
        """Put a whole file into `in/` at once, as a mover does."""
        folder = self.box(account, "in", action)
        upload = folder / f".upload-{next(_uploads)}"
        upload.write_bytes(content)
        return upload.rename(folder / name)

    def files_in(self, account: str, box: str, action: str = "import") -> list[str]:
        """The deposits in a box, without result files and temporary files."""
        names = (os.fsdecode(name) for name in os.listdir(os.fsencode(self.box(account, box, action))))
        return sorted(n for n in names if not n.startswith(".") and not is_result(n))

    def everywhere(self, account: str, action: str = "import") -> list[tuple[str, str]]:
        """Each deposit with the box that it is in."""
        return [(box, name) for box in BOXES for name in self.files_in(account, box, action)]

    def settled(self, account: str, name: str, action: str = "import", *, nth: int = 1) -> Settled:
        """Wait until the deposit of this name (the `nth` of that name) is in `ok/` or `ko/`."""

        def look() -> list[Path]:
            found = [
                self.box(account, box, action) / entry
                for box in ("ok", "ko")
                for entry in self.files_in(account, box, action)
                if re.fullmatch(r"[0-9]{10}_" + re.escape(name), entry)
            ]
            return sorted(found, key=lambda path: path.name)[nth - 1 : nth]

        (path,) = self.until(look, f"{action}/in/{name} settles")
        return Settled(path, time.monotonic())

    def only(self, account: str, action: str = "import") -> Settled:
        """Wait until the account's one deposit, whatever its name, is in `ok/` or `ko/`."""

        def look() -> list[Path]:
            boxes = [self.box(account, box, action) for box in ("ok", "ko")]
            return [box / name for box in boxes for name in self.files_in(account, box.name, action)]

        (path,) = self.until(look, f"the deposit of {account} settles")
        return Settled(path, time.monotonic())

    # --- the database ----------------------------------------------------------------------------------------

    @cached_property
    def connection(self) -> psycopg.Connection[dict[str, Any]]:
        options = "-c search_path=contactsync"
        return psycopg.connect(self.database_url, autocommit=True, row_factory=dict_row, options=options)

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        return self.connection.execute(query, values).fetchall()

    def ledger(self, account: str) -> list[dict[str, Any]]:
        """The account's deposits in order of their ids."""
        return self.rows(
            "SELECT d.* FROM deposit AS d JOIN account USING (account_id) WHERE account.name = %s"
            " ORDER BY deposit_id",
            account,
        )

    def contacts(self, account: str) -> list[dict[str, Any]]:
        """The account's contacts, oldest first."""
        return self.rows(
            "SELECT c.* FROM contact AS c JOIN account AS a USING (account_id) WHERE a.name = %s"
            " ORDER BY contact_id",
            account,
        )

    def lists(self, account: str) -> list[tuple[str, int]]:
        """The account's lists, oldest first, with the number of their members."""
        found = self.rows(
            "SELECT l.name, count(contact_id) AS members FROM contact_list AS l"
            " JOIN account AS a USING (account_id) LEFT JOIN list_member USING (account_id, list_id)"
            " WHERE a.name = %s GROUP BY list_id, l.name ORDER BY list_id",
            account,
        )
        return [(row["name"], row["members"]) for row in found]

    def opt_outs(self, account: str) -> set[tuple[str, str]]:
        """The opted-out addresses, each with its medium."""
        found = self.rows(
            "SELECT medium, address FROM opt_out JOIN account USING (account_id) WHERE account.name = %s",
            account,
        )
        return {(row["medium"], row["address"]) for row in found}
