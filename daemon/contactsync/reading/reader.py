"""A CSV's chunks → batches of text columns, with every structural error on the way (protocol 2).

A batch is a pandas frame whose columns are Arrow strings: they are cut out of the block by Arrow, a column at a
time, from the places that `scan` found, so no cell becomes a Python object and no reader's idea of ragged rows,
quotes or missing values comes in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from contactsync.domain.columns import FRENCH, Header, match_header
from contactsync.domain.errors import FileRefused, LineError
from contactsync.domain.messages.words import SEPARATORS
from contactsync.reading.scan import Rows, scan

MAX_COLUMNS = 256
MAX_CELL_CHARACTERS = 32_768
MAX_ROW_BYTES = 2 << 20
"""A row that is longer, through line ends inside quotes, has a quote that was never closed."""

MAX_BATCH_ROWS = 50_000
"""A block of 1 MiB may hold half a million rows of two bytes: what is remembered of each row is bounded."""

RAGGED = frozenset({"too_many_fields", "too_few_fields"})
"""What `syntax_errors = skip` turns from a refusal of the file into the rejection of a row."""

Indexes: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of the file, blank ones left out.

    `frame` has a column for each known header, null where the cell is blank; its index is `place`, the row's
    place in `rows`. `errors` and `ragged` are (place, code) of the rows that are no rows.
    """

    frame: pd.DataFrame
    rows: Rows
    first_line: int
    errors: tuple[tuple[int, str], ...]
    ragged: tuple[tuple[int, str], ...]

    def line(self, place: int) -> int:
        """The physical line on which the row at `place` begins, counted from 1."""
        return self.first_line + int(self.rows.lines[place])

    def lines(self, places: Indexes) -> npt.NDArray[np.int32]:
        """The physical lines of many rows."""
        return (self.rows.lines[places] + np.int32(self.first_line)).astype(np.int32)


class Reader:
    """Reads the header line at once, the rows as they are asked for."""

    def __init__(self, chunks: Iterable[bytes], separator: str, labels: Sequence[str | None]) -> None:
        """Take UTF-8 `chunks`; raises FileRefused where there is no usable header line."""
        self._separator = separator
        self._blocks = _blocks(chunks, separator)
        self._held: tuple[Rows, int, int] | None = None
        self.header, self.raw_header = self._read_header(labels)

    def _read_header(self, labels: Sequence[str | None]) -> tuple[Header, list[bytes]]:
        for rows, first_line in self._blocks:
            place = _first_telling(rows)
            if place is None:
                continue
            fields = rows.fields(place)
            cells = [cell_text(field) for field in fields[: MAX_COLUMNS + 1]]
            if code := _header_fault(rows, place, cells):
                line = first_line + int(rows.lines[place])
                details = {"line": line, "count": 1, "sep": self._separator}
                raise FileRefused(code, details, [LineError(line, None, code)])
            header = match_header(cells, labels)
            self._refuse_unusable(header, cells, labels)
            self._held = (rows, first_line, place + 1)
            return header, fields
        raise FileRefused("empty_file")

    def _refuse_unusable(self, header: Header, cells: Sequence[str], labels: Sequence[str | None]) -> None:
        if header.doubled:
            columns = list(dict.fromkeys(header.doubled))
            headers = [cell for cell in cells if _column(cell, labels) == columns[0]]
            variant = "several" if len(columns) > 1 else ""
            details = {"variant": variant, "columns": columns, "column": columns[0], "headers": headers}
            raise FileRefused("duplicate_column", details)
        if header.positions:
            return
        line = self._separator.join(cells)
        others = [separator for separator in SEPARATORS if separator != self._separator]
        known = {found: len(match_header(line.split(found), labels).positions) for found in others}
        found = max(known, key=lambda separator: known[separator])
        if known[found]:
            raise FileRefused("wrong_separator", {"found": found, "expected": self._separator})
        raise FileRefused("no_known_column", {"sep": self._separator})

    def __iter__(self) -> Iterator[Batch]:
        """The batches in order of the file; their errors are for the caller to collect."""
        assert self._held is not None
        rows, first_line, start = self._held
        self._held = None
        for block, line, begin in chain([(rows, first_line, start)], ((*each, 0) for each in self._blocks)):
            cells = _Cells.of(block)
            for some in range(begin, max(len(block.first), begin + 1), MAX_BATCH_ROWS):
                places = np.arange(some, min(some + MAX_BATCH_ROWS, len(block.first)))
                yield self._batch(cells, line, places)

    def _batch(self, cells: _Cells, first_line: int, places: Indexes) -> Batch:
        rows = cells.rows
        bad, nothing = _judge(cells, self.header, places)
        held = places[~nothing & (bad == "")]
        positions = self.header.positions
        values = cells.columns(held, tuple(positions.values()))
        columns = {key: values.slice(n * len(held), len(held)) for n, key in enumerate(positions)}
        blank = values.is_null().to_numpy(zero_copy_only=False).reshape(len(positions), -1).all(axis=0)
        if blank.any():
            blank[blank] = cells.filled(held[blank]) == 0
        frame = pd.DataFrame(
            {key: pd.arrays.ArrowExtensionArray(column) for key, column in columns.items()},
            index=held,
        )
        faults = [
            (int(place), str(code)) for place, code in zip(places[bad != ""], bad[bad != ""], strict=True)
        ]
        return Batch(
            frame.loc[~blank] if blank.any() else frame,
            rows,
            first_line,
            tuple(fault for fault in faults if fault[1] not in RAGGED),
            tuple(fault for fault in faults if fault[1] in RAGGED),
        )


@dataclass(frozen=True, slots=True)
class _Cells:
    """The fields of a block as one Arrow array: field f is its element 2f, the gap after it element 2f + 1."""

    rows: Rows
    array: pa.StringArray
    quoted: bool

    @classmethod
    def of(cls, rows: Rows) -> _Cells:
        offsets = np.empty(2 * len(rows.starts) + 1, np.int32)
        offsets[0:-1:2], offsets[1::2], offsets[-1] = rows.starts, rows.ends, rows.consumed
        array = pa.StringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(rows.data))
        return cls(rows, array, b'"' in rows.data)

    def columns(self, places: Indexes, positions: Sequence[int]) -> pa.StringArray:
        """The values of some columns, one column after the other in one array: few calls where a file is small.

        Null where the cell is blank or the row is too short to have it.
        """
        first, counts = self.rows.first[places], self.rows.counts[places]
        at = np.array(positions, np.int32)[:, np.newaxis]
        return self._values(pa.array((2 * (first + at)).ravel(), mask=(counts <= at).ravel()))

    def filled(self, places: Indexes, *, past: int = 0) -> Indexes:
        """How many cells of each row are not blank, from column `past` on."""
        if not len(places):
            return np.zeros(0, np.int64)
        first = self.rows.first[places] + np.minimum(past, self.rows.counts[places])
        counts = self.rows.first[places] + self.rows.counts[places] - first
        ends = np.cumsum(counts)
        fields = np.arange(ends[-1]) + np.repeat(first - (ends - counts), counts)
        present = np.zeros(len(fields), np.bool_)
        some = self.rows.ends[fields] > self.rows.starts[fields]
        present[some] = self._values(pa.array(2 * fields[some])).is_valid().to_numpy(zero_copy_only=False)
        totals = np.concatenate((np.zeros(1, np.int64), np.cumsum(present)))
        return totals[ends] - totals[ends - counts]  # type: ignore[no-any-return]  # an array of integers

    def _values(self, places: pa.Array) -> pa.StringArray:
        return _values(self.array.take(places), quoted=self.quoted)


def cell_text(field: bytes) -> str:
    """The value of one raw field: quotes taken off, doubled ones halved, trimmed."""
    bare = field.decode("utf-8", "replace").strip()
    if bare.startswith('"'):
        bare = bare[1:].removesuffix('"').replace('""', '"').strip()
    return bare


def _values(cells: pa.StringArray, *, quoted: bool) -> pa.StringArray:
    """The same as `cell_text`, for a column; blank becomes null."""
    if quoted:
        bare = pc.utf8_trim_whitespace(cells)
        inner = pc.replace_substring(pc.utf8_slice_codeunits(bare, 1, -1), '""', '"')
        cells = pc.if_else(pc.starts_with(bare, '"'), inner, cells)
    trimmed = pc.utf8_trim_whitespace(cells)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _column(cell: str, labels: Sequence[str | None]) -> str | None:
    """The column that a header names, as the protocol writes it."""
    return next((FRENCH[key] for key in match_header([cell], labels).positions), None)


def _first_telling(rows: Rows) -> int | None:
    """The first row of a block that is not blank, or that no grammar allows; None where there is none."""
    if any(map(cell_text, rows.fields(0)[:MAX_COLUMNS])):
        return 0
    telling = _Cells.of(rows).filled(np.arange(len(rows.first))) > 0
    telling[[row for row, _ in rows.errors]] = True
    return int(np.argmax(telling)) if telling.any() else None


def _header_fault(rows: Rows, place: int, cells: Sequence[str]) -> str | None:
    """Why a row cannot be a header line, or None."""
    if len(cells) > MAX_COLUMNS:
        return "too_many_columns"
    if any(len(cell) > MAX_CELL_CHARACTERS for cell in cells):
        return "cell_too_long"
    return next((code for row, code in rows.errors if row == place), None)


def _judge(cells: _Cells, header: Header, places: Indexes) -> tuple[npt.NDArray[np.str_], Mask]:
    """For each row the code of what is wrong with its shape ("" where nothing is), and whether it is blank.

    Only rows of another shape than the header's are looked at closely.
    """
    rows = cells.rows
    counts = rows.counts[places]
    bad = np.full(len(places), "", dtype="U18")
    nothing = counts == 0
    odd = np.flatnonzero((counts < header.named_width) | (counts > header.width))
    total, extra = cells.filled(places[odd]), cells.filled(places[odd], past=header.width)
    bad[odd[counts[odd] < header.named_width]] = "too_few_fields"
    bad[odd[extra > 0]] = "too_many_fields"
    bad[odd[total == 0]] = ""
    nothing[odd[total == 0]] = True
    bad[counts > MAX_COLUMNS] = "too_many_columns"
    for row, code in (*_long_cells(rows), *rows.errors):
        if len(places) and places[0] <= row <= places[-1]:
            bad[row - places[0]] = code
    return bad, nothing & (bad == "")


def _long_cells(rows: Rows) -> list[tuple[int, str]]:
    suspects = np.flatnonzero(rows.ends - rows.starts > MAX_CELL_CHARACTERS)
    owners = np.searchsorted(rows.first, suspects, side="right") - 1
    return [
        (int(row), "cell_too_long")
        for field, row in zip(suspects, owners, strict=True)
        if len(cell_text(rows.data[rows.starts[field] : rows.ends[field]])) > MAX_CELL_CHARACTERS
    ]


def _blocks(chunks: Iterable[bytes], separator: str) -> Iterator[tuple[Rows, int]]:
    """Blocks of whole rows, each with the physical line on which it begins.

    A row that goes on for ever ends the file with an error on its line: nothing after it can be trusted.
    """
    left, line = b"", 1
    for chunk in chain(chunks, [None]):
        data = left + (chunk or b"")
        endless = len(left) > MAX_ROW_BYTES
        rows = scan(data, separator, final=chunk is None or endless)
        if endless:
            rows = replace(rows, errors=rows.errors or ((0, "line_too_long"),))
        if len(rows.first):
            yield rows, line
        if endless:
            return
        line += rows.line_ends
        left = data[rows.consumed :]
