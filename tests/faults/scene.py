"""A small tree of deposits, its outcome without faults, and how another outcome differs from it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.acceptance.program import BOXES, Program
from tests.acceptance.tables import table

ACCOUNT = "acme"
HEADER = "Référence;Nom;Email;Mobile"
STAMP = re.compile(r"^[0-9]{10}_")
TABLES = "contact, contact_list, list_member, opt_out, consent_event, deposit, account"


@dataclass(frozen=True)
class Deposit:
    """A file and where it belongs."""

    action: str
    name: str
    content: bytes
    state: str


DEPOSITS = (
    Deposit(
        "import",
        "liste.csv",
        table(
            HEADER,
            "R1;Un;un@example.com;0612345601",
            "R2;Deux;deux@example.com;0612345602",
            "R3;Personne;;",
        ),
        "ok",
    ),
    Deposit("import", "bad.csv", table(HEADER, "R4;Quatre"), "ko"),
    Deposit("optoutEMAIL", "stop.csv", table("Email", "un@example.com", "autre@example.com"), "ok"),
)


def children(pid: int) -> list[int]:
    """The children of a process that has one thread."""
    with suppress(FileNotFoundError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


class Run(Program):
    """The program under a prefix (strace and its options), over a tree that can be created again.

    `hook` is Python that the process runs before the program: for faults within it.
    """

    prefix: tuple[str, ...] = ()
    hook: str = ""

    def _command(self, *arguments: str) -> list[str]:
        command = super()._command(*arguments)
        if self.hook:
            command[1:3] = ["-c", f"{self.hook}\nfrom contactsync.__main__ import main\nmain()"]
        return [*self.prefix, *command]

    def once(self, *prefix: str, seconds: float = 180.0) -> int:
        """`run --once` under the prefix; its exit status, negative where a signal ended it."""
        self.prefix = prefix
        self.start("--once")
        assert self._daemon is not None
        try:
            return self._daemon.wait(seconds)
        finally:
            # strace takes what it traces with it.
            self.stop()
            self.prefix = ()

    def stop(self) -> None:
        """Signal the daemon itself, not strace, which would leave it running."""
        if self.prefix[:1] == ("strace",) and self._daemon is not None:
            for pid in children(self.pid):
                os.kill(pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._daemon.wait(20)
            for pid in children(self.pid):
                os.kill(pid, signal.SIGKILL)
        super().stop()

    def reset(self) -> None:
        """Empty tables, an empty root, and no memory of the homes that were in it."""
        self.connection.execute(f"TRUNCATE {TABLES} CASCADE")
        (self.folder / "data/homes.json").unlink(missing_ok=True)
        shutil.rmtree(self.ftp)
        self.ftp.mkdir()

    def stage(self) -> None:
        """The scene: a list with an old member, a marker on its way, and three deposits in order."""
        self.reset()
        # Nothing but the program keeps rows from being applied twice.
        self.add_account(ACCOUNT, dedup="none")
        self.rows(
            "WITH c AS (INSERT INTO contact (account_id, reference, email) SELECT account_id, 'R0', 'zero@example.com'"
            " FROM account RETURNING account_id, contact_id),"
            " l AS (INSERT INTO contact_list (account_id, name) SELECT account_id, 'liste' FROM account"
            " RETURNING account_id, list_id)"
            " INSERT INTO list_member (account_id, list_id, contact_id)"
            " SELECT c.account_id, l.list_id, c.contact_id FROM c JOIN l USING (account_id) RETURNING 1"
        )
        (self.box(ACCOUNT, "in") / ".syncExistingList").touch()
        for deposit in DEPOSITS:
            self.drop(ACCOUNT, deposit.name, deposit.content, deposit.action)

    def traced_paths(self) -> list[Path]:
        """The folders and files of the tree that a run may touch, those too that it has yet to make."""
        contacts = self.ftp / ACCOUNT / "contacts"
        found = [contacts]
        for action in {deposit.action for deposit in DEPOSITS}:
            found += [contacts / action, *(contacts / action / box for box in BOXES)]
        for deposit in DEPOSITS:
            folder = contacts / deposit.action
            stamp = int((folder / "in" / deposit.name).lstat().st_ctime)
            claimed = f"{stamp}_{deposit.name}"
            found += [folder / "in" / deposit.name, folder / deposit.state / claimed]
            found += [
                folder / "on" / f"{prefix}{claimed}"
                for prefix in ("", ".copy.", ".result.", ".page.", ".rejected.")
            ]
        return found


def wrong_places(
    run: Program, deposits: tuple[Deposit, ...] = DEPOSITS, account: str = ACCOUNT, *, amid: bool = False
) -> list[str]:
    """The deposits that are not whole in exactly one of the four boxes. There must be none at any instant.

    `amid` a move, one file may have both names: without RENAME_NOREPLACE it is linked and then unlinked.
    """
    wrong = []
    for deposit in deposits:
        places = [
            run.box(account, box, deposit.action) / name
            for box in BOXES
            for name in run.files_in(account, box, deposit.action)
            if STAMP.sub("", name) == deposit.name
        ]
        found = {str(path.relative_to(run.ftp)): path.read_bytes() for path in places}
        files = {path.lstat().st_ino for path in places} if amid else places
        if len(files) != 1 or set(found.values()) != {deposit.content}:
            wrong.append(f"{deposit.action} {deposit.name} is in {list(found)}")
    return wrong


def outcome(run: Program) -> dict[str, Any]:
    """Everything that users can see at the end, without ids, stamps and times: equal for equal outcomes."""
    entries = run.rows(
        "SELECT action, name, state, reason, rows_read, rows_applied, rows_rejected, inserted, updated, unchanged,"
        " removed, mode FROM deposit ORDER BY deposit_id"
    )
    members = run.rows(
        "SELECT l.name, c.reference FROM list_member JOIN contact_list AS l USING (account_id, list_id)"
        " LEFT JOIN contact AS c USING (account_id, contact_id) ORDER BY list_id, contact_id"
    )
    contacts = run.rows(
        "SELECT reference, last_name, email, mobile FROM contact ORDER BY reference, contact_id"
    )
    events = run.rows(
        "SELECT e.medium, e.address, e.kind, d.name FROM consent_event AS e"
        " LEFT JOIN deposit AS d USING (account_id, deposit_id) ORDER BY event_id"
    )
    return {
        "deposits in order": entries,
        "lists": run.rows("SELECT name FROM contact_list ORDER BY list_id"),
        "members": members,
        "contacts": contacts,
        "opted out": run.rows("SELECT medium, address FROM opt_out ORDER BY medium, address"),
        "events": events,
        "files": dict(
            _file(run.ftp, path)
            for path in sorted(run.ftp.rglob("*"))
            # A mark of a claim that was killed stays for a day.
            if not path.is_dir() and not path.name.startswith(".claim.")
        ),
    }


def _file(root: Path, path: Path) -> tuple[str, object]:
    """A file's place without its stamp, and its content; of a result without what differs each time."""
    name = path.relative_to(root).with_name(STAMP.sub("S_", path.name))
    if path.suffix == ".html":
        # The same content as result.json, with the deposit's number and times.
        return str(name), path.read_bytes().endswith(b"</html>")
    if path.suffix != ".json":
        return str(name), path.read_bytes()
    result = json.loads(path.read_bytes())
    own = ("deposit_id", "claimed_name", "deposited_at", "finished_at")
    return str(name), {key: value for key, value in result.items() if key not in own}


def disagreements(run: Program, account: str = ACCOUNT) -> list[str]:
    """Where ledger, folders and result files disagree."""
    wrong = []
    for row in run.ledger(account):
        place = run.box(account, row["state"], row["action"]) / os.fsdecode(row["claimed_bytes"])
        if not os.path.lexists(place):
            wrong.append(f"the ledger says {place.relative_to(run.ftp)}, which is not there")
        elif json.loads(Path(f"{place}.result.json").read_bytes())["deposit_id"] != row["deposit_id"]:
            wrong.append(f"{place.name}.result.json is of another deposit")
    return wrong


def differences(run: Program, wanted: dict[str, Any]) -> list[str]:
    """The differences from the outcome without faults."""
    got = outcome(run)
    return [f"{key}: {_without(got[key], wanted[key])}" for key in wanted if got[key] != wanted[key]]


def _without(got: Any, wanted: Any) -> str:
    """What only one of the two has."""
    have, want = (list(each.items()) if isinstance(each, dict) else each for each in (got, wanted))
    more, less = [each for each in have if each not in want], [each for each in want if each not in have]
    return f"too much {more!r:.600}, missing {less!r:.600}, {len(have)} for {len(want)}"
