"""Turns a CSV's chunks into batches of text columns, and finds every structural error (protocol 2).

A batch is a table whose columns are Arrow strings. Arrow cuts them out of the block, one column at a
time, at the places that `scan` found. So no cell becomes a Python object, and no library decides about ragged
rows, quotes or missing values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
import numpy.typing as npt

from contactsync.domain.account import SEPARATORS
from contactsync.domain.columns import FRENCH
from contactsync.domain.errors import FileRefused, LineError
from contactsync.domain.headers.match import Header, match_header
from contactsync.domain.headers.names import HeaderRules, fold
from contactsync.reading.batch import Batch
from contactsync.reading.cells import Cells, Indexes, Mask, cell_text
from contactsync.reading.footer import Footer
from contactsync.reading.header_line import MAX_COLUMNS, known_columns, open_lines
from contactsync.reading.scan import Rows, scan
from contactsync.reading.table import Table

MAX_CELL_CHARACTERS = 32_768
MAX_ROW_BYTES = 2 << 20
"""A row that is longer, because of line ends inside quotes, has a quote that was never closed."""

MAX_BATCH_ROWS = 50_000
"""Bounds the memory per batch: a block of 1 MiB may hold half a million rows of two bytes."""

RAGGED = frozenset({"too_many_fields", "too_few_fields"})
"""The errors for which `syntax_errors = skip` rejects the row instead of refusing the file."""


class Reader:
    """Reads the header line when it is created, and the rows while it is iterated."""

    def __init__(self, chunks: Iterable[bytes], separator: str, rules: HeaderRules) -> None:
        """Take UTF-8 `chunks`; `separator` is the account's. Raises FileRefused if there is no usable header line."""
        opening = open_lines(chunks, separator, rules)
        self.separator = opening.separator
        self._rules = rules
        self._blocks = _blocks(opening.chunks, self.separator)
        self._after_header: tuple[Rows, int, int] | None = None
        self._footer = Footer()
        self.header, self.raw_header = self._read_header()

    @property
    def footer_lines(self) -> list[int]:
        """The lines of the footer, once all batches were given."""
        return self._footer.lines

    def _read_header(self) -> tuple[Header, list[bytes]]:
        for rows, first_line in self._blocks:
            place = _header_place(rows)
            if place is None:
                continue
            fields = rows.fields(place)
            cells = [cell_text(field) for field in fields[:MAX_COLUMNS]]
            if code := _header_fault(rows, place, cells):
                line = first_line + int(rows.lines[place])
                details = {"line": line, "count": 1, "sep": self.separator}
                raise FileRefused(code, details, [LineError(line, None, code)])
            header = match_header(cells, self._rules, _values_after(rows, place))
            self._refuse_unusable(header, cells)
            self.header_line = first_line + int(rows.lines[place])
            self._after_header = (rows, first_line, place + 1)
            return header, fields
        raise FileRefused("empty_file")

    def _refuse_unusable(self, header: Header, cells: Sequence[str]) -> None:
        if header.doubled:
            columns = list(dict.fromkeys(header.doubled))
            headers = [cell for cell in cells if self._column(cell) == columns[0]]
            variant = "several" if len(columns) > 1 else ""
            details = {"variant": variant, "columns": columns, "column": columns[0], "headers": headers}
            raise FileRefused("duplicate_column", details)
        if header.positions:
            return
        line = self.separator.join(cells).encode()
        others = [separator for separator in SEPARATORS if separator != self.separator]
        known = {found: known_columns(line, found, self._rules) for found in others}
        found = max(known, key=lambda separator: known[separator])
        if known[found]:
            raise FileRefused("wrong_separator", {"found": found, "expected": self.separator})
        raise FileRefused("no_known_column", {"sep": self.separator, "unknown": header.unknown})

    def _column(self, cell: str) -> str | None:
        """The column that a header names, as the protocol writes it."""
        return FRENCH.get(self._rules.own().get(fold(cell), ""))

    def __iter__(self) -> Iterator[Batch]:
        """The batches in the order of the file; the caller collects their errors."""
        assert self._after_header is not None
        rows, first_line, start = self._after_header
        self._after_header = None
        for block, line, begin in chain([(rows, first_line, start)], ((*each, 0) for each in self._blocks)):
            cells = Cells.of(block)
            for low in range(begin, max(len(block.first), begin + 1), MAX_BATCH_ROWS):
                places = np.arange(low, min(low + MAX_BATCH_ROWS, len(block.first)))
                yield from self._footer.sort_out(*self._batch(cells, line, places))

    def _batch(self, cells: Cells, first_line: int, places: Indexes) -> tuple[Batch, Indexes, Mask]:
        """A batch with all its places, and which of these rows are blank."""
        codes, empty = _shape_errors(cells, self.header, places)
        good = places[~empty & (codes == "")]
        positions = self.header.positions
        values = cells.columns(good, tuple(positions.values()))
        columns = {key: values.slice(n * len(good), len(good)) for n, key in enumerate(positions)}
        blank = values.is_null().to_numpy(zero_copy_only=False).reshape(len(positions), -1).all(axis=0)
        if blank.any():
            blank[blank] = cells.filled(good[blank]) == 0
        table = Table(good, columns)
        void = empty.copy()
        void[np.flatnonzero(~empty & (codes == ""))[blank]] = True
        malformed = codes != ""
        errors = [
            (int(place), str(code)) for place, code in zip(places[malformed], codes[malformed], strict=True)
        ]
        batch = Batch(
            table.where(~blank) if blank.any() else table,
            cells.rows,
            first_line,
            tuple(error for error in errors if error[1] not in RAGGED),
            tuple(error for error in errors if error[1] in RAGGED),
        )
        return batch, places, void


def _header_place(rows: Rows) -> int | None:
    """The place of the block's first row that is malformed or not blank: the header line. None if all are blank."""
    if any(map(cell_text, rows.fields(0)[:MAX_COLUMNS])):
        return 0
    candidates = Cells.of(rows).filled(np.arange(len(rows.first))) > 0
    candidates[[row for row, _ in rows.errors]] = True
    return int(np.argmax(candidates)) if candidates.any() else None


def _values_after(rows: Rows, header_place: int) -> Callable[[int], list[str]]:
    """Gives the values of a column that are not blank, in the block with the header: 1 MiB, 50,000 rows at most.

    Lines with one cell of several are left out: they may be a footer.
    """
    cells = Cells.of(rows)
    places = np.arange(header_place + 1, len(rows.first))[:MAX_BATCH_ROWS]
    if rows.counts[header_place] > 1:
        places = places[rows.counts[places] > 1]
    return lambda column: cells.columns(places, (column,)).drop_null().to_pylist()


def _header_fault(rows: Rows, place: int, cells: Sequence[str]) -> str | None:
    """Why a row cannot be a header line, or None."""
    if _filled_past_the_limit(Cells.of(rows), np.array([place])).any():
        return "too_many_columns"
    if any(len(cell) > MAX_CELL_CHARACTERS for cell in cells):
        return "cell_too_long"
    return next((code for row, code in rows.errors if row == place), None)


def _shape_errors(cells: Cells, header: Header, places: Indexes) -> tuple[npt.NDArray[np.str_], Mask]:
    """For each row the code of the error in its shape ("" if there is none), and whether the row is blank.

    Only rows with another number of fields than the header are examined cell by cell.
    """
    rows = cells.rows
    counts = rows.counts[places]
    codes = np.full(len(places), "", dtype="U18")
    empty = counts == 0
    odd = np.flatnonzero((counts < header.named_width) | (counts > header.width))
    total, extra = cells.filled(places[odd]), cells.filled(places[odd], past=header.width)
    codes[odd[counts[odd] < header.named_width]] = "too_few_fields"
    codes[odd[extra > 0]] = "too_many_fields"
    codes[odd[total == 0]] = ""
    empty[odd[total == 0]] = True
    codes[_filled_past_the_limit(cells, places)] = "too_many_columns"
    for row, code in (*_long_cells(rows), *rows.errors):
        if len(places) and places[0] <= row <= places[-1]:
            codes[row - places[0]] = code
    return codes, empty & (codes == "")


def _filled_past_the_limit(cells: Cells, places: Indexes) -> Mask:
    """Which rows have more than MAX_COLUMNS columns. Blank ones at the right do not count."""
    over = cells.rows.counts[places] > MAX_COLUMNS
    if over.any():
        over[over] = cells.filled(places[over], past=MAX_COLUMNS) > 0
    return over


def _long_cells(rows: Rows) -> list[tuple[int, str]]:
    """The (row, code) of cells that are too long: fields with many bytes, of which some have few characters."""
    suspects = np.flatnonzero(rows.ends - rows.starts > MAX_CELL_CHARACTERS)
    owners = np.searchsorted(rows.first, suspects, side="right") - 1
    return [
        (int(row), "cell_too_long")
        for field, row in zip(suspects, owners, strict=True)
        if len(cell_text(rows.data[rows.starts[field] : rows.ends[field]])) > MAX_CELL_CHARACTERS
    ]


def _blocks(chunks: Iterable[bytes], separator: str) -> Iterator[tuple[Rows, int]]:
    """Blocks of whole rows, each with the physical line on which it begins.

    A row that does not end within `MAX_ROW_BYTES` ends the file, with an error on its line: nothing after it
    can be trusted.
    """
    left, line = b"", 1
    for chunk, is_last in _with_last(chunks):
        data = left + chunk
        endless = len(left) > MAX_ROW_BYTES
        rows = scan(data, separator, final=is_last or endless)
        if endless:
            rows = replace(rows, errors=rows.errors or ((0, "line_too_long"),))
        if len(rows.first):
            yield rows, line
        if endless:
            return
        line += rows.line_ends
        left = data[rows.consumed :]


def _with_last(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The chunks, each with whether it is the last one: a last row without a line end then stays with the others."""
    waiting = None
    for chunk in chunks:
        if waiting is not None:
            yield waiting, False
        waiting = chunk
    if waiting is not None:
        yield waiting, True
