"""A CSV's chunks → batches of text columns, with every structural error on the way (SPEC 2).

A batch is a pandas frame whose columns are Arrow strings: they are cut out of the block by Arrow, a column at a
time, from the places that `scan` found, so no cell becomes a Python object and no reader's idea of ragged rows,
quotes or missing values comes in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from contactsync.columns import Header, match_header
from contactsync.errors import FileRefused, LineError
from contactsync.messages import SEPARATOR_NAMES
from contactsync.scan import Rows, scan

MAX_COLUMNS = 256
MAX_CELL_CHARACTERS = 32_768
MAX_ROW_BYTES = 2 << 20
"""A row that is longer, through line ends inside quotes, has a quote that was never closed."""

RAGGED = frozenset({"too_many_fields", "too_few_fields"})
"""What `syntax_errors = skip` turns from a refusal of the file into the rejection of a row."""


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

    def lines(self, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
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
            for place in range(len(rows.first)):
                fields = rows.fields(place)
                cells = [cell_text(field) for field in fields[: MAX_COLUMNS + 1]]
                if code := _header_fault(rows, place, cells):
                    line = first_line + int(rows.lines[place])
                    details = {"line": line, "count": 1, "sep": self._separator}
                    raise FileRefused(code, details, [LineError(line, None, code)])
                if any(cells):
                    header = match_header(cells, labels)
                    self._refuse_unusable(header, cells, labels)
                    self._held = (rows, first_line, place + 1)
                    return header, fields
        raise FileRefused("empty_file")

    def _refuse_unusable(self, header: Header, cells: Sequence[str], labels: Sequence[str | None]) -> None:
        if header.doubled:
            raise FileRefused("duplicate_column", {"columns": ", ".join(dict.fromkeys(header.doubled))})
        if header.positions:
            return
        line = self._separator.join(cells)
        others = [separator for separator in SEPARATOR_NAMES if separator != self._separator]
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
        yield self._batch(rows, first_line, start)
        for rows, first_line in self._blocks:
            yield self._batch(rows, first_line, 0)

    def _batch(self, rows: Rows, first_line: int, start: int) -> Batch:
        bad, blank = _judge(rows, self.header, start)
        bad.update({place: code for place, code in rows.errors if place >= start})
        wanted = np.ones(len(rows.first), np.bool_)
        wanted[:start] = False
        wanted[list(blank | bad.keys())] = False
        places = np.flatnonzero(wanted)
        frame = self._frame(rows, places)
        empty = places[np.logical_and.reduce([frame[key].isna().to_numpy() for key in frame])]
        nothing = [place for place in empty if not any(cell_text(field) for field in rows.fields(place))]
        return Batch(
            frame.drop(index=nothing) if nothing else frame,
            rows,
            first_line,
            tuple(sorted((p, c) for p, c in bad.items() if c not in RAGGED)),
            tuple(sorted((p, c) for p, c in bad.items() if c in RAGGED)),
        )

    def _frame(self, rows: Rows, places: npt.NDArray[np.int64]) -> pd.DataFrame:
        # Fields and the gaps between them in turn: field f is element 2f of one Arrow array over the block.
        offsets = np.empty(2 * len(rows.starts) + 1, np.int32)
        offsets[0:-1:2], offsets[1::2], offsets[-1] = rows.starts, rows.ends, rows.consumed
        cells = pa.StringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(rows.data))
        first, counts = rows.first[places], rows.counts[places]
        quoted = b'"' in rows.data
        return pd.DataFrame(
            {
                key: pd.arrays.ArrowExtensionArray(
                    _values(cells.take(pa.array(2 * (first + at), mask=counts <= at)), quoted=quoted)
                )
                for key, at in self.header.positions.items()
            },
            index=places,
        )


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


def _header_fault(rows: Rows, place: int, cells: Sequence[str]) -> str | None:
    """Why a row cannot be a header line, or None."""
    if len(cells) > MAX_COLUMNS:
        return "too_many_columns"
    if any(len(cell) > MAX_CELL_CHARACTERS for cell in cells):
        return "cell_too_long"
    return next((code for row, code in rows.errors if row == place), None)


def _judge(rows: Rows, header: Header, start: int) -> tuple[dict[int, str], set[int]]:
    """The rows (by place) whose shape is wrong, and those of which all cells are blank, as far as shapes tell."""
    first, counts = rows.first, rows.counts
    filled = np.concatenate((np.zeros(1, np.int32), np.cumsum(rows.ends > rows.starts, dtype=np.int32)))
    past = first + counts
    empty = filled[past] == filled[first]
    over = filled[past] > filled[np.minimum(first + header.width, past)]
    odd = ~empty & ((counts < header.named_width) | over | (counts > MAX_COLUMNS))
    blank, bad = set(np.flatnonzero(empty).tolist()), {}
    for place in np.flatnonzero(odd).tolist():
        code = _shape_error([cell_text(field) for field in rows.fields(place)], header)
        if code == "blank":
            blank.add(place)
        elif code and place >= start:
            bad[place] = code
    for place in np.flatnonzero(counts > MAX_COLUMNS).tolist():
        bad[place] = "too_many_columns"
    bad.update(_long_cells(rows))
    return {place: code for place, code in bad.items() if place >= start}, blank - bad.keys()


def _shape_error(cells: list[str], header: Header) -> str | None:
    if not any(cells):
        return "blank"
    if any(cells[header.width :]):
        return "too_many_fields"
    return "too_few_fields" if len(cells) < header.named_width else None


def _long_cells(rows: Rows) -> dict[int, str]:
    suspects = np.flatnonzero(rows.ends - rows.starts > MAX_CELL_CHARACTERS)
    owners = np.searchsorted(rows.first, suspects, side="right") - 1
    return {
        int(row): "cell_too_long"
        for field, row in zip(suspects, owners, strict=True)
        if len(cell_text(rows.data[rows.starts[field] : rows.ends[field]])) > MAX_CELL_CHARACTERS
    }


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
