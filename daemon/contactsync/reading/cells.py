"""The values of a block's cells: many at a time as Arrow text, or one at a time (protocol 2). Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from contactsync.reading.scan import Rows

Indexes: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]


# Looking at all 1.1 million characters would take 0.2 s at each start.
_BLOCKS = (
    *(range(0x3001), range(0xFE00, 0x10000), range(0x11000, 0x11100), range(0x13400, 0x13500)),
    *(range(0x1BC00, 0x1BD00), range(0x1D100, 0x1D200), range(0xE0000, 0xE0100)),
)

TRIMMED = "".join(
    character
    for character in map(chr, chain.from_iterable(_BLOCKS))
    if character.isspace() or unicodedata.category(character) == "Cf"
)
"""What is trimmed from both ends of a cell: white space and invisible format characters (protocol 2)."""

# UTF-8 of an invisible character begins with one of these bytes or higher ones, except for the soft hyphen.
_FIRST_INVISIBLE_LEAD = 0xD8
_SOFT_HYPHEN = "\u00ad".encode()


@dataclass(frozen=True, slots=True)
class Cells:
    """The fields of a block as one Arrow array: field f is its element 2f, the gap after it element 2f + 1."""

    rows: Rows
    array: pa.StringArray
    quoted: bool
    invisible: bool

    @classmethod
    def of(cls, rows: Rows) -> Cells:
        """The cells of these rows; their bytes are shared, not copied."""
        offsets = np.empty(2 * len(rows.starts) + 1, np.int32)
        offsets[0:-1:2], offsets[1::2], offsets[-1] = rows.starts, rows.ends, rows.consumed
        array = pa.StringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(rows.data))
        return cls(rows, array, b'"' in rows.data, _may_have_invisible(rows.data))

    def columns(self, places: Indexes, positions: Sequence[int]) -> pa.StringArray:
        """The values of some columns, one column after the other in one array.

        One array needs fewer calls, which a small file notices. A value is null if the cell is blank or the
        row is too short to have it.
        """
        first, counts = self.rows.first[places], self.rows.counts[places]
        at = np.array(positions, np.int32)[:, np.newaxis]
        return self._take(pa.array((2 * (first + at)).ravel(), mask=(counts <= at).ravel()))

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
        present[some] = self._take(pa.array(2 * fields[some])).is_valid().to_numpy(zero_copy_only=False)
        totals = np.concatenate((np.zeros(1, np.int64), np.cumsum(present)))
        return totals[ends] - totals[ends - counts]  # type: ignore[no-any-return]  # an array of integers

    def _take(self, elements: pa.Array) -> pa.StringArray:
        return column_values(self.array.take(elements), quoted=self.quoted, invisible=self.invisible)


def _may_have_invisible(data: bytes) -> bool:
    """Whether a block may have a format character. A block of Western text has not, and costs one look per byte."""
    if data.isascii():
        return False
    if np.frombuffer(data, np.uint8).max() >= _FIRST_INVISIBLE_LEAD:
        return True
    # Searching for two bytes takes thirty times as long as for one.
    return _SOFT_HYPHEN[-1:] in data and _SOFT_HYPHEN in data


def cell_text(field: bytes) -> str:
    """The value of one raw field: quotes removed, doubled quotes halved, trimmed."""
    bare = field.decode("utf-8", "replace").strip(TRIMMED)
    if bare.startswith('"'):
        bare = bare[1:].removesuffix('"').replace('""', '"').strip(TRIMMED)
    return bare


def column_values(fields: pa.StringArray, *, quoted: bool, invisible: bool = True) -> pa.StringArray:
    """The same as `cell_text`, for a column of raw fields; blank becomes null.

    `quoted` is False only if no field has a quote, `invisible` only if none has a format character: the work on
    them is then skipped.
    """
    if quoted:
        bare = _trim(fields, invisible=invisible)
        inner = pc.replace_substring(pc.utf8_slice_codeunits(bare, 1, -1), '""', '"')
        fields = pc.if_else(pc.starts_with(bare, '"'), inner, fields)
    trimmed = _trim(fields, invisible=invisible)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _trim(column: pa.StringArray, *, invisible: bool) -> pa.StringArray:
    return pc.utf8_trim(column, TRIMMED) if invisible else pc.utf8_trim_whitespace(column)
