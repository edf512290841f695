"""Reads what a corrected rejected file is compared with: its original, in `ok/` or `ko/` (protocol 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from contactsync.database import ledger
from contactsync.database.connection import Connection
from contactsync.domain import names
from contactsync.domain.account import Account
from contactsync.domain.deposit import ACTIONS, Action, Claimed, Settled
from contactsync.domain.errors import FileRefused
from contactsync.reading.batch import Batch
from contactsync.reading.examination import Examination
from contactsync.reading.findings import Findings
from contactsync.reading.returned import Original, named_lines, references
from contactsync.reading.verdict import Reject

_IMPORT = ACTIONS["import"]


class SettledDeposits(Protocol):
    """An account's settled deposits: its spool, or `spool.settled_files` without a lock."""

    def reading_settled(
        self, action: Action, state: Settled, claimed: bytes, /
    ) -> AbstractContextManager[Path]:
        """See `Spool.reading_settled`."""


@dataclass(frozen=True, slots=True)
class Originals:
    """The originals of one account's corrected files."""

    session: Callable[[], AbstractContextManager[Connection]]
    settled: SettledDeposits
    account: Account
    max_inflated_bytes: int
    # Called between two chunks of whatever is read.
    between_chunks: Callable[[], None]

    def of(self, claimed: Claimed, path: Path) -> Original | None:
        """What the rows of the file at `path` are compared with; None if it is no corrected file.

        Also None if the original is no longer there: nothing is compared then.
        """
        if claimed.action != _IMPORT:
            return None
        return self._of(names.as_text(claimed.name), path)

    def _of(self, name: str, path: Path) -> Original | None:
        if not names.is_rejected_file(name):
            return None
        with self.session() as conn:
            found = ledger.original(conn, self.account, names.claimed_original(name))
        if found is None or found.state == "on":
            return None
        with (
            suppress(FileNotFoundError),
            self.settled.reading_settled(_IMPORT, found.state, found.claimed_name) as its,
        ):
            lines = self._lines(path)
            # The original may be a corrected file too. Its rows that were rejected for a changed Référence are
            # known only from its own original.
            return self._read(its, lines, self._of(names.as_text(found.name), its))
        return None

    def _lines(self, path: Path) -> frozenset[int]:
        with suppress(FileRefused):
            examination = self._examination(path, None)
            return named_lines((batch for batch, _ in self._judged(examination)), examination.raw_header)
        return frozenset()

    def _read(self, path: Path, lines: Set[int], original: Original | None) -> Original:
        """The references on these lines of a file. If it is refused after all, those before its fault."""
        found: dict[int, bytes | None] = {}
        with suppress(FileRefused):
            found.update(references(self._judged(self._examination(path, original)), lines))
        return Original(found)

    def _examination(self, path: Path, original: Original | None) -> Examination:
        return Examination(
            path,
            self.account,
            _IMPORT,
            Findings(),
            max_inflated_bytes=self.max_inflated_bytes,
            original=original,
            between_chunks=self.between_chunks,
        )

    def _judged(self, examination: Examination) -> Iterator[tuple[Batch, tuple[Reject, ...]]]:
        for judged in examination:
            yield judged.batch, judged.rejects
