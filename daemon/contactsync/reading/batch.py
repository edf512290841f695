"""Some rows of a file, as the reader gives them to validation. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contactsync.reading.cells import Indexes
from contactsync.reading.scan import Rows
from contactsync.reading.table import Table


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of the file, blank ones left out.

    `table` has a column for each known header, null where the cell is blank; its places are those in `rows`.
    `errors` and `ragged` are the (place, code) of malformed rows, which are not in `table`.
    """

    table: Table
    rows: Rows
    first_line: int
    errors: tuple[tuple[int, str], ...]
    ragged: tuple[tuple[int, str], ...]

    def line(self, place: int) -> int:
        """The physical line on which the row at `place` begins, counted from 1."""
        return self.first_line + int(self.rows.lines[place])

    def last_line(self, first_line: int) -> int:
        """The physical line on which the row ends that begins on `first_line`."""
        place = int(np.searchsorted(self.rows.lines, first_line - self.first_line))
        return first_line + len(self.rows.raw(place).splitlines()) - 1

    def lines(self, places: Indexes) -> npt.NDArray[np.int32]:
        """The physical lines of many rows."""
        return (self.rows.lines[places] + np.int32(self.first_line)).astype(np.int32)
