"""Some rows of a file, as the reader gives them to validation. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from contactsync.reading.cells import Indexes
from contactsync.reading.scan import Rows


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of the file, blank ones left out.

    `frame` has a column for each known header, null where the cell is blank; its index is `place`, the row's
    place in `rows`. `errors` and `ragged` are the (place, code) of malformed rows, which are not in `frame`.
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
