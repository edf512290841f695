"""The settled files that name a person, as far as they are kept; one file is open at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from contactsync.database import statements
from contactsync.database.connection import Connection
from contactsync.domain.account import Account
from contactsync.domain.deposit import ACTIONS, Settled
from contactsync.domain.errors import FileRefused
from contactsync.reading.examination import Examination
from contactsync.reading.findings import Findings
from contactsync.reading.occurrences import Identifiers, lines_of
from contactsync.spool.settled_files import SettledFiles


@dataclass(frozen=True, slots=True)
class Named:
    """A kept file: the lines that name the person. `problem` says why it could not be searched."""

    deposit_id: int
    action: str
    claimed_name: str
    state: Settled
    deposited_at: datetime | None = None
    lines: tuple[int, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """A search for one person in the settled files below an account's home; see `Examination` for the limit."""

    account: Account
    home: Path
    person: Identifiers
    max_inflated_bytes: int

    def every(self, conn: Connection, searched: Callable[[], None] = lambda: None) -> Iterator[Named]:
        """The deposits whose files name the person, and those that could not be searched, oldest first.

        `searched` is called after each file.
        """
        after = 0
        while rows := conn.execute(
            statements.get("people/files"), {"account_id": self.account.account_id, "after": after}
        ).fetchall():
            for row in rows:
                after = row["deposit_id"]
                found = self.one(row)
                if found.lines or found.problem:
                    yield found
                searched()

    def one(self, deposit: Mapping[str, Any]) -> Named:
        """The lines of one deposit, given by its row of the ledger; none if its file is gone."""
        what = Named(
            deposit["deposit_id"],
            deposit["action"],
            deposit["claimed_name"],
            deposit["state"],
            deposit.get("deposited_at"),
        )
        # A row with too many or too few cells is searched too, whatever the account does with it.
        account, action = replace(self.account, syntax_errors="skip"), ACTIONS[what.action]
        settled, claimed = SettledFiles(self.home), bytes(deposit["claimed_bytes"])
        try:
            with settled.reading_settled(action, what.state, claimed) as path:
                examination = Examination(
                    path, account, action, Findings(), max_inflated_bytes=self.max_inflated_bytes
                )
                return replace(what, lines=tuple(lines_of(examination, self.person)))
        except FileNotFoundError:
            return what
        except FileRefused as refusal:
            return replace(what, problem=f"it cannot be read as a list: {refusal.code}")
        except OSError as error:
            return replace(what, problem=error.strerror or "it cannot be read")
