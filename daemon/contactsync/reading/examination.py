"""Reads a deposit's file and judges its rows: the half of the work that needs no database.

The daemon and `contactsync check` share it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from contactsync.domain import formulas
from contactsync.domain.account import Account
from contactsync.domain.columns import Header
from contactsync.domain.deposit import Action
from contactsync.domain.errors import MAX_LISTED_ERRORS, FileRefused, LineError
from contactsync.reading.cells import cell_text
from contactsync.reading.container import open_content
from contactsync.reading.encoding import TextEncoding, as_utf8, sniff
from contactsync.reading.findings import Findings
from contactsync.reading.reader import Batch, Reader
from contactsync.reading.returned import Original
from contactsync.reading.validate import check_header, validate
from contactsync.reading.verdict import Accepted, Reject

_DEFUSED = r"^'('*[=+\-@\t\r])"


@dataclass(frozen=True, slots=True)
class Judged:
    """A batch with its verdict. `rejects` are in the order of the file; `spared`: see `verdict.Verdict`."""

    batch: Batch
    accepted: Accepted
    rejects: tuple[Reject, ...]
    spared: pa.Array


class Examination:
    """Reads a file once, from its first byte, and writes what it notices into `findings`."""

    def __init__(
        self,
        path: Path,
        account: Account,
        action: Action,
        findings: Findings,
        *,
        max_inflated_bytes: int,
        defused: bool = False,
        original: Original | None = None,
    ) -> None:
        """Recognise the file, its encoding and its header line; raises FileRefused.

        With `defused`, apostrophes before formulas are removed before a cell is judged (`domain/formulas.py`).
        `original` is what the rows of a corrected rejected file are compared with.
        """
        self._original = original
        self.findings = findings
        self.account, self._action, self._defused = account, action, defused
        content = open_content(path, max_inflated_bytes=max_inflated_bytes)
        self.encoding: TextEncoding = sniff(content.chunks(), account.encoding)
        self.findings.encoding = self.encoding.name
        reader = Reader(as_utf8(content.chunks(), self.encoding), account.separator, account.field_labels)
        check_header(reader.header, account, action)
        self._reader = reader
        self.findings.warn("unknown_column", len(reader.header.unknown), names=reader.header.unknown)

    @property
    def header(self) -> Header:
        """The header line, matched."""
        return self._reader.header

    @property
    def raw_header(self) -> list[bytes]:
        """The raw fields of the header line."""
        return self._reader.raw_header

    def __iter__(self) -> Iterator[Judged]:
        """Judge the rows, batch by batch.

        Raises FileRefused at the end if the file is refused after all: only then are all malformed lines known.
        So nothing that was yielded may take effect before the iteration ends.
        """
        bad: list[LineError] = []
        bad_count = 0
        refuse_ragged = self.account.syntax_errors == "refuse"
        for batch in self._reader:
            errors = sorted((*batch.errors, *(batch.ragged if refuse_ragged else ())))
            bad_count += len(errors)
            room = MAX_LISTED_ERRORS - len(bad)
            bad += [LineError(batch.line(place), None, code) for place, code in errors[:room]]
            if not bad:
                yield self._judge(batch)
        if bad:
            details = {"count": bad_count, "line": bad[0].line, "sep": self.account.separator}
            raise FileRefused(bad[0].code, details, bad)
        if not self.findings.rows_read:
            raise FileRefused("no_rows")
        if self.findings.rows_read == self.findings.rows_rejected:
            raise FileRefused("no_valid_row", {"rows": self.findings.rows_read})

    def _judge(self, batch: Batch) -> Judged:
        frame = _undefused(batch.frame) if self._defused else batch.frame
        changed = self._original.changed(batch, self.raw_header) if self._original else ()
        if changed:
            frame = frame.drop(index=[reject.place for reject in changed])
        verdict = validate(frame, self.account, self._action)
        ragged = [Reject(place, None, code) for place, code in batch.ragged]
        rejects = tuple(sorted((*verdict.rejects, *ragged, *changed), key=lambda reject: reject.place))
        self.findings.rows_read += len(batch.frame) + len(ragged)
        self.findings.rows_rejected += len(rejects)
        self.findings.reject_codes.update(reject.code for reject in rejects)
        self.findings.warnings.update(verdict.warnings)
        room = MAX_LISTED_ERRORS - len(self.findings.errors)
        self.findings.errors += [LineError(batch.line(r.place), r.column, r.code) for r in rejects[:room]]
        ragged_references = pa.array(self._references(batch), pa.string())
        if self._defused:
            ragged_references = undo_formulas(ragged_references)
        spared = pa.concat_arrays([verdict.spared, ragged_references])
        return Judged(batch, verdict.accepted, rejects, spared)

    def _references(self, batch: Batch) -> list[str]:
        """The references in ragged rows."""
        at = self.header.positions.get("reference")
        if at is None:
            return []
        rows = (batch.rows.fields(place) for place, _ in batch.ragged)
        return [cell_text(fields[at]) for fields in rows if len(fields) > at]


def _undefused(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its formulas as they were before a report defused them."""
    columns = {
        key: undo_formulas(pa.chunked_array(frame[key].array.__arrow_array__()).combine_chunks())
        for key in frame
    }
    return pd.DataFrame(
        {key: pd.arrays.ArrowExtensionArray(column) for key, column in columns.items()}, index=frame.index
    )


def undo_formulas(column: pa.StringArray) -> pa.StringArray:
    """The cells of a column as they were before they were defused; other cells and nulls do not change."""
    # Most columns have no such cell, and this check costs a tenth of the pattern.
    if not pc.any(pc.starts_with(column, formulas.APOSTROPHE)).as_py():
        return column
    return pc.replace_substring_regex(column, _DEFUSED, r"\1")
