"""The rejected rows as a file that the uploader can correct and upload again (protocol 7)."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import BinaryIO

from contactsync.domain.columns import RESULT_HEADERS, Header
from contactsync.domain.messages.row_errors import ERRORS
from contactsync.domain.messages.sentence import Context, row_error
from contactsync.reading.encoding import TextEncoding
from contactsync.reading.reader import Batch
from contactsync.reading.scan import Rows
from contactsync.reading.verdict import Reject

BOM = b"\xef\xbb\xbf"


class RejectedFile:
    """The rejected rows as they were uploaded, each with its line and the reason. Created with the first of them."""

    def __init__(
        self,
        create: Callable[[], BinaryIO],
        context: Context,
        encoding: TextEncoding,
        header: Header,
        raw_header: Sequence[bytes],
    ) -> None:
        """`create` opens the file for writing; `raw_header` holds the raw fields of the upload's header line."""
        self._create = create
        self._separator = context.account.separator.encode()
        self._has_result_columns = header.result_columns
        self._width = header.width - len(RESULT_HEADERS) * header.result_columns
        self._raw_header = raw_header
        self._encoding = encoding
        self._context = context
        self._reasons: dict[tuple[str, str | None], bytes] = {}
        self._file: BinaryIO | None = None

    def write(self, batch: Batch, rejects: Sequence[Reject]) -> None:
        """Add the rejected rows of a batch."""
        if not rejects:
            return
        lines = [
            self._joined(
                self._fields(batch.rows, reject.place), batch.line(reject.place), self._reason(reject)
            )
            for reject in rejects
        ]
        if self._file is None:
            self._file = self._create()
            header = [*self._raw_header[: self._width], *(header.encode() for header in RESULT_HEADERS)]
            lines.insert(0, self._separator.join(header))
            self._file.write(BOM if self._encoding.bom else b"")
        self._file.write(self._encoding.encode(b"\n".join(lines) + b"\n"))

    def _fields(self, rows: Rows, place: int) -> list[bytes]:
        """The row's raw fields, padded to the header's width; fields beyond it are kept unless all are blank."""
        fields = rows.fields(place)
        extra = fields[self._width :]
        earlier_result = self._has_result_columns and len(extra) <= len(RESULT_HEADERS)
        if earlier_result or not any(field.strip(b' \t"') for field in extra):
            fields = fields[: self._width]
        return fields + [b""] * (self._width - len(fields))

    def _joined(self, fields: list[bytes], line: int, reason: bytes) -> bytes:
        return self._separator.join([*fields, str(line).encode(), reason])

    def _reason(self, reject: Reject) -> bytes:
        """The cell `Motif`, put together once for all rows that have the same one."""
        key = (reject.code, reject.column)
        if key not in self._reasons:
            reason = row_error(ERRORS, reject.code, self._context, reject.column).encode()
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
