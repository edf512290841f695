"""Reads a deposit's file and judges its rows: the half of the work that needs no database.

The daemon and `contactsync check` share it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from contactsync.domain.account import Account
from contactsync.domain.deposit import Action, Mode
from contactsync.domain.errors import MAX_LISTED_ERRORS, FileRefused, LineError
from contactsync.domain.headers.match import Header
from contactsync.domain.headers.names import HeaderRules
from contactsync.reading import any_number
from contactsync.reading.batch import Batch
from contactsync.reading.cells import cell_text
from contactsync.reading.container import Content, open_content
from contactsync.reading.diagnosis import header as diagnose_header
from contactsync.reading.diagnosis import rows as diagnose_rows
from contactsync.reading.diagnosis.case import Case
from contactsync.reading.diagnosis.malformed import Malformed
from contactsync.reading.encoding import TextEncoding, as_utf8, sniff, without_end_mark
from contactsync.reading.findings import Findings
from contactsync.reading.guards import unguard, unguard_column
from contactsync.reading.header_line import OTHER_LINE_ENDS
from contactsync.reading.misread import Misread
from contactsync.reading.reader import Reader
from contactsync.reading.returned import Original
from contactsync.reading.several_values import first_values
from contactsync.reading.validate import check_header, check_triplets, validate
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
        mode: Mode | None = None,
        original: Original | None = None,
        between_chunks: Callable[[], None] = lambda: None,
    ) -> None:
        """Recognise the file, its encoding, its separator and its header line; raises FileRefused.

        `mode` is that of an import. `account` is kept with the file's separator.
        `original` is what the rows of a corrected rejected file are compared with. `between_chunks` is called after
        each chunk, in the thread that reads it; what it raises ends the examination.
        """
        self._original = original
        self.findings = findings
        self.account, self._action = account, action
        content = self._content = open_content(
            path, max_inflated_bytes=max_inflated_bytes, between_chunks=between_chunks
        )
        try:
            self._open(content, mode)
        except FileRefused as refusal:
            if not diagnose_header.may_refine(refusal):
                raise
            raise diagnose_header.refine(refusal, self._case(content)) from None

    def _open(self, content: Content, mode: Mode | None) -> None:
        account, action = self.account, self._action
        watch = MonthFirstWatch()
        chunks = watch.through(without_end_mark(content.chunks()))
        self.encoding: TextEncoding = sniff(chunks, account.encoding)
        self.findings.encoding = self.encoding.name
        self._misread = Misread()
        reader = self._reader_of(content, self._misread)
        self.findings.separator = reader.separator
        self.account = replace(account, separator=reader.separator)
        check_header(reader.header, account, action)
        check_triplets(reader.header, account, action, mode)
        self._reader = reader
        self._repeats = Repeats()
        may_have = action.kind == "import" and "birth_date" in reader.header.positions
        self._month_first = may_have and watch.suspicious and self._has_month_first(content)
        self._describe_header()

    def _describe_header(self) -> None:
        unknown, mapped = self.header.unknown, self.header.mapped
        described = {"names": unknown.names, "suggested": unknown.suggested, "unnamed": unknown.unnamed}
        self.findings.warn("unknown_column", unknown.count, [self._reader.header_line], **described)
        self.findings.warn("mapped_headers", len(mapped), [self._reader.header_line], mapped=mapped)

    @property
    def header(self) -> Header:
        """The header line, matched."""
        return self._reader.header

    @property
    def has_several_chunks(self) -> bool:
        """Whether the file, inflated, is longer than a chunk."""
        return len(self.encoding.chunk_lines) > 1

    @property
    def raw_header(self) -> list[bytes]:
        """The raw fields of the header line."""
        return self._reader.raw_header

    def __iter__(self) -> Iterator[Judged]:
        """Judge the rows, batch by batch.

        Raises FileRefused at the end if the file is refused after all: only then are all malformed lines known.
        So nothing that was yielded may take effect before the iteration ends.
        """
        malformed = Malformed()
        refuse_ragged = self.account.syntax_errors == "refuse"
        for batch in self._reader:
            malformed.take(batch, sorted((*batch.errors, *(batch.ragged if refuse_ragged else ()))))
            if not malformed.count:
                yield self._judge(batch)
        self._misread.report(self.findings)
        self.findings.warn("footer", len(self._reader.footer_lines), self._reader.footer_lines)
        if malformed.count:
            raise diagnose_rows.refine(
                malformed.refusal(self.account.separator), self._case(self._content), self.header, malformed
            )
        if not self.findings.rows_read:
            has_others = any(mark in field for field in self.raw_header for mark in OTHER_LINE_ENDS)
            raise FileRefused("no_rows", {"variant": "line_ends" if has_others else ""})
        if self.findings.rows_read == self.findings.rows_rejected:
            raise FileRefused("no_valid_row", {"rows": self.findings.rows_read})

    def _judge(self, batch: Batch) -> Judged:
        table = unguard(batch.table, batch.rows.data)
        changed = self._original.changed(batch, self.raw_header) if self._original else ()
        if changed:
            table = table.without(reject.place for reject in changed)
        if self._action.kind == "import":
            table = first_values(table, batch.rows.data)
        split = any_number.split(table, self.account) if self.header.any_number is not None else None
        verdict = validate(
            split.table if split else table, self.account, self._action, month_first=self._month_first
        )
        if split:
            verdict = replace(verdict, accepted=split.keep(verdict.accepted))
        ragged = [Reject(place, None, code) for place, code in batch.ragged]
        rejects = tuple(sorted((*verdict.rejects, *ragged, *changed), key=lambda reject: reject.place))
        self.findings.rows_read += len(batch.table) + len(ragged)
        self.findings.rows_rejected += len(rejects)
        self.findings.reject_codes.update(reject.code for reject in rejects)
        self._warn(batch, verdict)
        room = MAX_LISTED_ERRORS - len(self.findings.errors)
        self.findings.errors += [
            LineError(batch.line(r.place), r.column, r.code, r.variant) for r in rejects[:room]
        ]
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
                findings.warn(key, len(places), batch.lines(places).tolist())
        findings.given.update(verdict.given)
        findings.dropped.update(verdict.dropped)
        if len(verdict.broken):
            findings.broken_references += len(verdict.broken)
            findings.locate("nobody_removed", batch.lines(verdict.broken).tolist())

    def _case(self, content: Content) -> Case:
        return Case.of(without_end_mark(content.chunks()), self.account, self._action)

    def _reader_of(self, content: Content, misread: Misread) -> Reader:
        chunks = as_utf8(without_end_mark(content.chunks()), self.encoding, misread)
        return Reader(chunks, self.account.separator, HeaderRules.of(self.account))

    def _has_month_first(self, content: Content) -> bool:
        """Whether a birth date of the file is only possible with the month first; reads the whole file once more."""
        if self.account.date_order == "mdy":
            return False
        # What this pass finds misread, the next one reports.
        tables = (batch.table for batch in self._reader_of(content, Misread()))
        return any(has_month_first(table.columns["birth_date"]) for table in tables)

    def _references(self, batch: Batch) -> list[str]:
        """The references in ragged rows."""
        at = self.header.positions.get("reference")
        if at is None:
            return []
        rows = (batch.rows.fields(place) for place, _ in batch.ragged)
        return [cell_text(fields[at]) for fields in rows if len(fields) > at]
