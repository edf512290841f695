"""Erases a person from the settled files of one account: each is replaced by one without the person's rows.

Everything in `ok/` and `ko/` is searched, also what the ledger does not know. One file is open at a time. A killed run
is repeated: a file that was replaced names the person no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from contactsync.domain.account import Account
from contactsync.domain.deposit import ACTIONS, Action, Settled
from contactsync.domain.errors import FileRefused
from contactsync.domain.names import printable
from contactsync.reading.occurrences import Identifiers
from contactsync.reading.removal import Removal
from contactsync.spool.settled import PAGE, RESULT
from contactsync.spool.settled_files import SettledFiles
from contactsync.spool.spool import Spool

_MAX_PASSES = 3
"""A file is searched again after it was replaced: without a row, another one may read differently."""


@dataclass(frozen=True, slots=True)
class ErasedFile:
    """A file that names the person, its path below the home, and how many rows. `problem` says why it stays."""

    path: str
    rows: int = 0
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class FileErasure:
    """Erases from the files below `home`. `locked` opens the account's folders, for one file at a time.

    With `locked` None, the files are only searched.
    """

    account: Account
    home: Path
    person: Identifiers
    max_inflated_bytes: int
    locked: Callable[[], AbstractContextManager[Spool]] | None

    def every(self, searched: Callable[[], None] = lambda: None) -> Iterator[ErasedFile]:
        """Each file that named the person, and each that cannot be searched. `searched` is called after each file."""
        settled = SettledFiles(self.home)
        states: tuple[Settled, Settled] = ("ok", "ko")
        for action in ACTIONS.values():
            for state in states:
                for name in settled.names(action, state):
                    # The result files have names and counts, and no cells.
                    found = None if name.endswith((PAGE, RESULT)) else self._one(settled, action, state, name)
                    if found and (found.rows or found.problem):
                        yield found
                    searched()
            for name in settled.unopened(action):
                yield ErasedFile(_path(action, "ko/.unopened", name), problem="it was never opened")

    def _one(self, settled: SettledFiles, action: Action, state: Settled, name: bytes) -> ErasedFile | None:
        # A row with too many or too few cells is searched too, whatever the account does with it.
        account = replace(self.account, syntax_errors="skip")
        removal = Removal(self.person, account, action, self.max_inflated_bytes)
        what = ErasedFile(_path(action, state, name))
        try:
            with settled.reading_settled(action, state, name) as path:
                what = replace(what, rows=removal.count(path))
            if what.rows and self.locked is not None and not self._replaced(removal, state, name):
                return replace(what, problem="the person is still in it")
        except FileNotFoundError:
            # No plain file: a folder or a link, which nothing was read from.
            return None
        except FileRefused as refusal:
            return replace(what, problem=f"it cannot be searched: {refusal.code}")
        except OSError as error:
            return replace(what, problem=error.strerror or "it cannot be read")
        return what

    def _replaced(self, removal: Removal, state: Settled, name: bytes) -> bool:
        """Replace the file; under the lock, so that `retry` and the retention do not move it meanwhile."""
        assert self.locked is not None
        for _ in range(_MAX_PASSES):
            with self.locked() as spool:
                if not spool.rewrite(removal.action, state, name, removal.write):
                    return True
        return False


def _path(action: Action, box: str, name: bytes) -> str:
    return f"contacts/{action.name}/{box}/{printable(name)}"
