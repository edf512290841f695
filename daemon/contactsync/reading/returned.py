"""Finds the rows of a corrected rejected file whose Référence a spreadsheet has changed (protocol 4). Pure.

`00123` comes back as `123`, `1234567890123456` as `1,23457E+15`: such a row would become another contact. Each row
still names its `Ligne` in the original, so its Référence is compared with that line's.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice

import numpy as np

from contactsync.domain.columns import FRENCH, RESULT_HEADERS
from contactsync.domain.formulas import APOSTROPHE
from contactsync.domain.headers.names import fold
from contactsync.reading.batch import Batch
from contactsync.reading.cells import Cells, cell_text
from contactsync.reading.table import Table
from contactsync.reading.values.references import MAX_COMPOSED
from contactsync.reading.verdict import Reject

MAX_ROWS = 100_000
"""The most rows that are compared: as many as a rejected file holds (protocol 7). Bounds the memory."""

_LINE_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Original:
    """The references of an original, as digests by line; None where its row was rejected for its Référence."""

    references: Mapping[int, bytes | None]

    def changed(self, batch: Batch, raw_header: Sequence[bytes]) -> tuple[Reject, ...]:
        """The rows of a corrected file whose Référence is no longer that of their line in the original."""
        if "reference" not in batch.table.columns:
            return ()
        lines = _named(batch, raw_header)
        return tuple(
            Reject(place, FRENCH["reference"], "reference_changed")
            for (place, reference), line in zip(_references(batch.table), lines, strict=True)
            if (expected := self.references.get(line)) is not None and _digest(reference) != expected
        )


def named_lines(batches: Iterable[Batch], raw_header: Sequence[bytes]) -> frozenset[int]:
    """The lines of the original that the first rows of a corrected file name."""
    lines = (line for batch in batches for line in _named(batch, raw_header))
    return frozenset(islice(lines, MAX_ROWS)) - {0}


def references(
    judged: Iterable[tuple[Batch, tuple[Reject, ...]]], lines: Set[int]
) -> Iterator[tuple[int, bytes | None]]:
    """What `Original` holds, for these lines of an original: its batches, each with its rejected rows."""
    for batch, rejects in judged:
        if "reference" not in batch.table.columns:
            return
        at_fault = {each.place for each in rejects if each.column == FRENCH["reference"]}
        for place, reference in _references(batch.table):
            if (line := batch.line(place)) in lines:
                yield line, None if place in at_fault else _digest(reference)


def _named(batch: Batch, raw_header: Sequence[bytes]) -> list[int]:
    """For each row of the table the line of the original that it names, 0 if it names none."""
    folded = [fold(cell_text(field)) for field in raw_header]
    if (wanted := fold(RESULT_HEADERS[0])) not in folded:
        return [0] * len(batch.table)
    places = batch.table.places.astype(np.int64)
    cells = Cells.of(batch.rows).columns(places, (folded.index(wanted),)).to_pylist()
    return [int(cell) if cell and cell.isdecimal() and len(cell) <= _LINE_DIGITS else 0 for cell in cells]


def _references(table: Table) -> Iterator[tuple[int, str]]:
    column = table.columns["reference"]
    return zip(table.places.tolist(), (value or "" for value in column.to_pylist()), strict=True)


def _digest(reference: str) -> bytes:
    """Equal for two references that are stored alike: a guard against formulas, or NFD, makes no difference."""
    bare = reference
    if bare.startswith('="') and bare.endswith('"'):
        bare = bare[2:-1]
    bare = bare.lstrip(APOSTROPHE).strip()
    # Longer ones take quadratic time and are no references.
    normal = unicodedata.normalize("NFC", bare) if len(bare) <= MAX_COMPOSED else bare
    return hashlib.blake2b(normal.encode("utf-8", "surrogatepass"), digest_size=8).digest()
