"""What the demo prints about its upload: the file, its counts, the contacts, the reports, what to try next."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from contactsync.database.connection import Connection
from contactsync.database.embedded.cluster import find_binaries
from contactsync.domain.account import Account

COUNTS = ("rows_read", "rows_applied", "rows_rejected", "inserted", "updated", "unchanged")

CONTACTS = """
SELECT c.reference, concat_ws(' ', c.first_name, c.last_name) AS name, c.email, c.phone
FROM contactsync.deposit AS d
JOIN contactsync.list_member AS m USING (account_id, list_id)
JOIN contactsync.contact AS c USING (account_id, contact_id)
WHERE d.account_id = %s AND d.deposit_id = %s
ORDER BY c.contact_id
"""

TRY_THIS = "SELECT reference, email FROM contact"
"""A query for the visitor. The role has the schema's name, so the query needs no schema."""


@dataclass(frozen=True, slots=True)
class Story:
    """What became of the sample. `result` is its result.json, `ftp` the URL of the account's home."""

    sample: str
    settled: Path
    result: Mapping[str, Any]
    contacts: Sequence[Mapping[str, Any]]
    report: Path
    ftp: str
    sockets: str
    settle_seconds: float
    grace_seconds: float

    def text(self) -> Group:
        """All of it as one object, so that printing it is not interrupted by log lines."""
        return Group(
            Text(),
            Rule("contactsync demo", style="bold cyan"),
            *self._upload(),
            *self._your_own_file(),
            *self._reports(),
            *self._database(),
            Text("Ctrl-C ends the demo.", style="bold"),
            Rule(style="bold cyan"),
        )

    def _upload(self) -> list[RenderableType]:
        table = Table("reference", "name", "email", "phone", box=SIMPLE_HEAD, pad_edge=False)
        for row in self.contacts:
            table.add_row(*(Text(value or "") for value in row.values()))
        counts = ", ".join(f"{name.replace('_', ' ')} {self.result[name]}" for name in COUNTS)
        return [
            Text(f"{self.sample} was uploaded over FTP. Result: {self.result['message']}"),
            Text("The file is now"),
            _command(shell_path(self.settled)),
            Text(f"Counts, from {self.settled.name}.result.json next to it:"),
            _command(counts),
            Text(f"The contacts in PostgreSQL, list {self.result['list']!r}:"),
            Padding(table, (0, 0, 0, 2)),
        ]

    def _your_own_file(self) -> list[RenderableType]:
        ok = self.settled.parent
        return [
            Text("\nNow upload your own file, with a column Email, Mobile or Téléphone Fixe:", style="bold"),
            _command(f"curl -T yourfile.csv {self.ftp}/contacts/import/in/"),
            Text(
                f"It is processed {self.settle_seconds:.0f} s after the upload, or after"
                f" {self.grace_seconds:.0f} s if its last line has no line break. (A real daemon\n"
                "waits longer.) Then it is in ok/, or in ko/ if it was refused. Its .result.json says why:"
            ),
            _command(f"ls {shell_path(ok)} {shell_path(ok.with_name('ko'))}"),
        ]

    def _reports(self) -> list[RenderableType]:
        day = self.report.name
        return [
            Text(
                "Reports of two campaigns of yesterday: which of these contacts opened, clicked or opted out:"
            ),
            *(_command(shell_path(path)) for path in sorted(self.report.iterdir())),
            _command(f"curl -O {self.ftp}/reporting/{day}/{day}_Daily.zip"),
        ]

    def _database(self) -> list[RenderableType]:
        psql = "psql" if shutil.which("psql") else shell_path(find_binaries() / "psql")
        return [
            Text("To query the database:"),
            _command(f"{psql} -h {shlex.quote(self.sockets)} -U contactsync -c {shlex.quote(TRY_THIS)}"),
        ]


def contacts_of(conn: Connection, account: Account, deposit_id: int) -> list[dict[str, Any]]:
    """The contacts in the list of a deposit: reference, name, email, phone."""
    return conn.execute(CONTACTS, [account.account_id, deposit_id]).fetchall()


def shell_path(path: Path) -> str:
    """The path as typed in a shell: relative if it is below the current folder, quoted if necessary."""
    with suppress(ValueError):
        path = path.relative_to(Path.cwd())
    return shlex.quote(str(path))


def _command(line: str) -> Text:
    return Text(f"  {line}", style="green")
