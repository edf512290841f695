"""The values of a block's cells: many at a time as Arrow text, or one at a time (protocol 2). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from contactsync.reading.scan import Rows

Indexes: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cells:
    """The fields of a block as one Arrow array: field f is its element 2f, the gap after it element 2f + 1."""

    rows: Rows
    array: pa.StringArray
    quoted: bool

    @classmethod
    def of(cls, rows: Rows) -> Cells:
        """The cells of these rows; their bytes are shared, not copied."""
        offsets = np.empty(2 * len(rows.starts) + 1, np.int32)
        offsets[0:-1:2], offsets[1::2], offsets[-1] = rows.starts, rows.ends, rows.consumed
        array = pa.StringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(rows.data))
        return cls(rows, array, b'"' in rows.data)

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
        return column_values(self.array.take(elements), quoted=self.quoted)


def cell_text(field: bytes) -> str:
    """The value of one raw field: quotes removed, doubled quotes halved, trimmed."""
    bare = field.decode("utf-8", "replace").strip()
    if bare.startswith('"'):
        bare = bare[1:].removesuffix('"').replace('""', '"').strip()
    return bare


def column_values(fields: pa.StringArray, *, quoted: bool) -> pa.StringArray:
    """The same as `cell_text`, for a column of raw fields; blank becomes null.

    `quoted` is False only if no field has a quote: the work on quotes is then skipped.
    """
    if quoted:
        bare = pc.utf8_trim_whitespace(fields)
        inner = pc.replace_substring(pc.utf8_slice_codeunits(bare, 1, -1), '""', '"')
        fields = pc.if_else(pc.starts_with(bare, '"'), inner, fields)
    trimmed = pc.utf8_trim_whitespace(fields)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)
