"""Reads a deposit's file and judges its rows: the half of the work that needs no database.

The daemon and `contactsync check` share it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from contactsync.domain.account import Account
from contactsync.domain.columns import Header
from contactsync.domain.deposit import Action
from contactsync.domain.errors import MAX_LISTED_ERRORS, FileRefused, LineError
from contactsync.reading.cells import cell_text
from contactsync.reading.container import Content, open_content
from contactsync.reading.encoding import TextEncoding, as_utf8, sniff
from contactsync.reading.findings import Findings
from contactsync.reading.guards import unguard_column
from contactsync.reading.reader import Batch, Reader
from contactsync.reading.validate import check_header, validate
from contactsync.reading.values import references
from contactsync.reading.values.dates import MonthFirstWatch, has_month_first
from contactsync.reading.values.references import Repeats
from contactsync.reading.verdict import Accepted, Reject, Verdict


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
    ) -> None:
        """Recognise the file, its encoding and its header line; raises FileRefused."""
        self.findings = findings
        self.account, self._action = account, action
        content = open_content(path, max_inflated_bytes=max_inflated_bytes)
        watch = MonthFirstWatch()
        self.encoding: TextEncoding = sniff(watch.through(content.chunks()), account.encoding)
        self.findings.encoding = self.encoding.name
        reader = self._reader_of(content)
        check_header(reader.header, account, action)
        self._reader = reader
        self._repeats = Repeats()
        may_have = action.kind == "import" and "birth_date" in reader.header.positions
        self._month_first = may_have and watch.suspicious and self._has_month_first(content)
        self.findings.unknown_columns = reader.header.unknown
        if reader.header.unknown:
            self.findings.warnings["unknown_column"] = len(reader.header.unknown)

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
        verdict = validate(batch.frame, self.account, self._action, month_first=self._month_first)
        ragged = [Reject(place, None, code) for place, code in batch.ragged]
        rejects = tuple(sorted((*verdict.rejects, *ragged), key=lambda reject: reject.place))
        self.findings.rows_read += len(batch.frame) + len(ragged)
        self.findings.rows_rejected += len(rejects)
        self.findings.reject_codes.update(reject.code for reject in rejects)
        self._warn(batch, verdict)
        room = MAX_LISTED_ERRORS - len(self.findings.errors)
        self.findings.errors += [LineError(batch.line(r.place), r.column, r.code) for r in rejects[:room]]
        ragged_references = unguard_column("reference", pa.array(self._references(batch), pa.string()))
        spared = pa.concat_arrays([verdict.spared, references.normalise(ragged_references)])
        return Judged(batch, verdict.accepted, rejects, spared)

    def _warn(self, batch: Batch, verdict: Verdict) -> None:
        """Note the warnings of a batch with their lines."""
        findings = self.findings
        warned = dict(verdict.warnings)
        accepted = verdict.accepted
        if self.account.dedup == "reference" and self._action.kind == "import" and len(accepted.places):
            warned["repeated_reference"] = accepted.places[self._repeats.take(accepted.columns["reference"])]
        for key, places in warned.items():
            if len(places):
                findings.warn(key, batch.lines(places).tolist())
        findings.given.update(verdict.given)
        findings.dropped.update(verdict.dropped)
        if len(verdict.broken):
            findings.broken_references += len(verdict.broken)
            findings.locate("nobody_removed", batch.lines(verdict.broken).tolist())

    def _reader_of(self, content: Content) -> Reader:
        chunks = as_utf8(content.chunks(), self.encoding)
        return Reader(chunks, self.account.separator, self.account.field_labels)

    def _has_month_first(self, content: Content) -> bool:
        """Whether a birth date of the file is only possible with the month first; reads the whole file once more."""
        if self.account.date_order == "mdy":
            return False
        frames = (batch.frame for batch in self._reader_of(content))
        columns = (pa.chunked_array(frame["birth_date"].array.__arrow_array__()) for frame in frames)
        return any(has_month_first(column.combine_chunks()) for column in columns)

    def _references(self, batch: Batch) -> list[str]:
        """The references in ragged rows."""
        at = self.header.positions.get("reference")
        if at is None:
            return []
        rows = (batch.rows.fields(place) for place, _ in batch.ragged)
        return [cell_text(fields[at]) for fields in rows if len(fields) > at]
