"""Finds the footer: lines with one cell at the end of a file, after a blank line (protocol 2). Pure.

Whether such a line ends the file is known only when the file ends. Until then it is kept back, and given back as a
row that is too short if an ordinary row follows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from contactsync.reading.batch import Batch
from contactsync.reading.cells import Mask

MAX_FOOTER_LINES = 100
"""More lines are no footer. Bounds what is kept back, together with `MAX_HELD_BLOCKS`."""

MAX_HELD_BLOCKS = 2


@dataclass(slots=True)
class Footer:
    """What may be the footer, after some of the rows."""

    # Whether a blank line is among the blank lines and lines with one cell that end the rows so far.
    _after_blank: bool = False
    # Batches of nothing but rows that may be footer lines.
    _held: list[Batch] = field(default_factory=list)

    @property
    def lines(self) -> list[int]:
        """The lines that are kept back: at the end of the file, the footer."""
        return [batch.line(place) for batch in self._held for place, _ in batch.ragged]

    def sort_out(self, batch: Batch, places: npt.NDArray[np.int64], blank: Mask) -> list[Batch]:
        """Keep back what may be the footer; returns the batches to yield, in the order of the file.

        `places` are all rows of the batch, `blank` shows which of them are blank.
        """
        single = {place: code for place, code in batch.ragged if batch.rows.counts[place] == 1}
        if not single and not self._held:
            self._after_blank = bool(blank[-1]) if len(blank) else self._after_blank
            return [batch]
        last = _last_ordinary(places, blank, single)
        before = self._give_back() if last >= 0 else []
        held: list[tuple[int, str]] = []
        for place, is_blank in zip(places[last + 1 :].tolist(), blank[last + 1 :].tolist(), strict=True):
            if is_blank:
                self._after_blank = True
            elif self._after_blank:
                held.append((place, single[place]))
        if held:
            self._held.append(
                replace(batch, table=batch.table.without(batch.table.places), errors=(), ragged=tuple(held))
            )
            kept_back = set(held)
            batch = replace(batch, ragged=tuple(each for each in batch.ragged if each not in kept_back))
        if (
            len(self.lines) > MAX_FOOTER_LINES
            or len({id(each.rows) for each in self._held}) > MAX_HELD_BLOCKS
        ):
            return [*before, batch, *self._give_back()]
        return [*before, batch]

    def _give_back(self) -> list[Batch]:
        """What was kept back is no footer: rows that are too short."""
        held, self._held, self._after_blank = self._held, [], False
        return held


def _last_ordinary(places: npt.NDArray[np.int64], blank: Mask, single: dict[int, str]) -> int:
    """The index of the last row that is neither blank nor a line with one cell; -1 if there is none."""
    ordinary = ~blank & ~np.isin(places, list(single))
    return int(np.flatnonzero(ordinary)[-1]) if ordinary.any() else -1
