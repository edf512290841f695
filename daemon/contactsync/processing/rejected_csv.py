"""The rejected rows as a file that the uploader can correct and upload again (protocol 7)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from contactsync.domain import formulas
from contactsync.domain.columns import RESULT_HEADERS
from contactsync.domain.headers.match import Header
from contactsync.domain.messages.row_errors import ERRORS
from contactsync.domain.messages.sentence import Context, row_error
from contactsync.reading.batch import Batch
from contactsync.reading.encoding import TextEncoding
from contactsync.reading.scan import Rows
from contactsync.reading.verdict import Reject

BOM = b"\xef\xbb\xbf"

MAX_ROWS = 100_000
MAX_BYTES = 32 << 20
"""An upload of 8 kB made a rejected file of 1.2 GB: a zip of many short rows under a wide header."""

NUMBERS = ("phone", "mobile", "fax")
"""In these columns a plus begins a number and no formula."""


class RejectedFile:
    """The rejected rows as they were uploaded, each with its line and the reason. Created with the first of them.

    It has at most MAX_ROWS rows and MAX_BYTES (as UTF-8); `left_out` counts the rejected rows after those.
    """

    def __init__(
        self,
        create: Callable[[], BinaryIO],
        context: Context,
        encoding: TextEncoding,
        header: Header,
        raw_header: Sequence[bytes],
        *,
        defuse: bool,
    ) -> None:
        """`create` opens the file for writing; `raw_header` holds the raw fields of the upload's header line.

        With `defuse`, cells that a spreadsheet would run get an apostrophe (`domain/formulas.py`).
        """
        self.left_out = 0
        self._create = create
        self._separator = context.account.separator.encode()
        self._header = header
        self._width = _named_width(header, raw_header)
        self._raw_header = raw_header
        self._defuse = defuse
        self._numbers = frozenset(header.positions[key] for key in NUMBERS if key in header.positions)
        self._rows_left, self._bytes_left = MAX_ROWS, MAX_BYTES
        self._encoding = encoding
        self._context = context
        self._reasons: dict[tuple[str, str | None, str], bytes] = {}
        self._file: BinaryIO | None = None

    def write(self, batch: Batch, rejects: Sequence[Reject]) -> None:
        """Add the rejected rows of a batch, as far as there is room."""
        lines = list(self._lines(batch, rejects))
        self.left_out += len(rejects) - len(lines)
        if not lines:
            return
        if self._file is None:
            self._file = self._create()
            self._file.write(BOM if self._encoding.bom else b"")
            self._file.write(self._encoding.encode(self.header_line() + b"\n"))
        self._file.write(self._encoding.encode(b"\n".join(lines) + b"\n"))

    def _lines(self, batch: Batch, rejects: Sequence[Reject]) -> Iterator[bytes]:
        """One line per rejected row, up to the first one that finds no room."""
        if self._file is None:
            self._bytes_left = MAX_BYTES - len(BOM) - len(self.header_line()) - 1
        for reject in rejects:
            if not self._rows_left:
                return
            line = str(batch.line(reject.place)).encode()
            fields = [*self._fields(batch.rows, reject.place), line, self._reason(reject)]
            joined = self._separator.join(fields)
            self._rows_left -= 1
            self._bytes_left -= len(joined) + 1
            if self._bytes_left < 0:
                # A later row that is shorter must not follow: the file holds the first rows.
                self._rows_left = 0
                return
            yield joined

    def header_line(self) -> bytes:
        """The named columns of the upload, and the two that are added."""
        known = frozenset(self._header.positions.values())
        fields = [
            # The account's own labels must match again.
            field if place in known else self._harmless(place, field)
            for place, field in enumerate(self._raw_header[: self._width])
        ]
        return self._separator.join([*fields, *(header.encode() for header in RESULT_HEADERS)])

    def _fields(self, rows: Rows, place: int) -> list[bytes]:
        """The row's raw fields, padded to the header's last named column.

        Fields under columns without a name at the right are left out. A row with more fields than the header line
        keeps all of them, unless those are blank.
        """
        fields = rows.fields(place)
        if all(map(_is_blank, fields[self._header.width :])):
            fields = fields[: self._width]
        fields = [
            self._harmless(place, field) if field[:1] in formulas.FIRST_BYTES else field
            for place, field in enumerate(fields)
        ]
        return fields + [b""] * (self._width - len(fields))

    def _harmless(self, place: int, field: bytes) -> bytes:
        if not self._defuse:
            return field
        return formulas.defused_field(field, may_be_number=place in self._numbers)

    def _reason(self, reject: Reject) -> bytes:
        """The cell `Motif`, put together once for all rows that have the same one."""
        key = (reject.code, reject.column, reject.variant)
        if key not in self._reasons:
            reason = row_error(ERRORS, reject.code, self._context, reject.column, reject.variant).encode()
            if self._separator in reason or b'"' in reason:
                reason = b'"' + reason.replace(b'"', b'""') + b'"'
            self._reasons[key] = reason
        return self._reasons[key]

    def close(self) -> None:
        """Write the file out to disk; does nothing if no row was rejected."""
        if self._file is not None:
            with self._file:
                self._file.flush()
                os.fsync(self._file.fileno())


def _named_width(header: Header, raw_header: Sequence[bytes]) -> int:
    """How many columns the upload has up to its last named one, without `Ligne` and `Motif` of an earlier round."""
    if not header.result_columns:
        return header.named_width
    width = header.width - len(RESULT_HEADERS)
    while width and _is_blank(raw_header[width - 1]):
        width -= 1
    return width


def _is_blank(field: bytes) -> bool:
    return not field.strip(b' \t"')
