"""What the uploader gets back: the content of result.json, and the rejected rows as a file to correct (protocol 7)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, BinaryIO

from contactsync.domain import names
from contactsync.domain.account import Account
from contactsync.domain.columns import RESULT_HEADERS, Header
from contactsync.domain.deposit import Claimed, Counts, Settled
from contactsync.domain.errors import FileRefused
from contactsync.domain.messages.outcome import Remarks, dropped_values, outcome
from contactsync.domain.messages.reasons import REASONS
from contactsync.domain.messages.row_errors import ERRORS
from contactsync.domain.messages.sentence import Context, row_error, sentence
from contactsync.domain.messages.unknown_columns import unknown_columns
from contactsync.domain.messages.warnings import WARNINGS
from contactsync.reading.encoding import TextEncoding
from contactsync.reading.findings import Findings
from contactsync.reading.reader import Batch
from contactsync.reading.scan import Rows
from contactsync.reading.validate import Reject

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Subject:
    """The deposit that a result is about."""

    account: Account
    claimed: Claimed
    deposit_id: int
    findings: Findings

    @property
    def context(self) -> Context:
        """What its sentences depend on."""
        return Context(self.account, self.claimed, self.deposit_id)


def applied(subject: Subject, counts: Counts, list_name: str | None) -> dict[str, Any]:
    """The content of result.json for a file that went to `ok/`."""
    warnings = subject.findings.warnings
    remarks = Remarks(
        dropped_values(warnings),
        met_nobody=warnings["met_nobody"],
        stay_opted_out=warnings["later_opt_out"],
    )
    message = outcome(subject.context, counts, remarks)
    return _result(subject, "ok", counts) | {"message": message, "list": list_name}


def refused(subject: Subject, refusal: FileRefused) -> tuple[dict[str, Any], Counts]:
    """The content of result.json for a file that went to `ko/`, and its counts.

    Rows count only where each one was judged and rejected; a file refused as a whole has none.
    """
    findings = subject.findings
    counts = Counts()
    if refusal.code == "no_valid_row":
        counts = Counts(findings.rows_read, 0, findings.rows_rejected)
    else:
        subject = replace(subject, findings=replace(findings, errors=list(refusal.errors)))
    message = sentence(REASONS, refusal.code, subject.context, refusal.details)
    return _result(subject, "ko", counts) | {"reason": refusal.code, "message": message}, counts


def _result(subject: Subject, state: Settled, counts: Counts) -> dict[str, Any]:
    """Every key of result.json in its order; `reason`, `message` and `list` are the caller's to fill."""
    claimed, findings, context = subject.claimed, subject.findings, subject.context
    return {
        "deposit_id": subject.deposit_id,
        "account": subject.account.name,
        "action": claimed.action.name,
        "file": names.as_text(claimed.name),
        "claimed_name": names.as_text(claimed.claimed_name),
        "deposited_at": claimed.deposited_at.isoformat(),
        "finished_at": datetime.now(UTC).isoformat(),
        "state": state,
        "reason": None,
        "message": None,
        "mode": int(claimed.mode) if claimed.mode else None,
        "list": None,
        "encoding": findings.encoding,
        **asdict(counts),
        "warnings": [
            {"code": code, "message": _warning(code, context, findings), "count": findings.warnings[code]}
            for code in sorted(+findings.warnings, key=_WARNING_ORDER.index)
        ],
        "errors": [
            {
                "line": error.line,
                "column": error.column,
                "code": error.code,
                "message": row_error(ERRORS, error.code, context, error.column),
            }
            for error in findings.errors
        ],
    }


_WARNING_ORDER = tuple(WARNINGS)
"""Notes, which ask for nothing, come last."""


def _warning(code: str, context: Context, findings: Findings) -> str:
    if code == "unknown_column":
        return unknown_columns(context, findings.unknown_columns)
    return sentence(WARNINGS, code, context, {"count": findings.warnings[code]})


def as_json(result: Mapping[str, Any]) -> bytes:
    """The bytes of result.json."""
    return json.dumps(result, ensure_ascii=False, indent=2).encode() + b"\n"


class RejectedFile:
    """The rejected rows as they were, with their line and the reason. Made with the first of them."""

    def __init__(
        self,
        create: Callable[[], BinaryIO],
        context: Context,
        encoding: TextEncoding,
        header: Header,
        raw_header: Sequence[bytes],
    ) -> None:
        """`create` opens the file; `raw_header` holds the raw fields of the header line."""
        self._create = create
        self._separator = context.account.separator.encode()
        self._comes_back = header.result_columns
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
        """The row's raw fields, padded to the header's width; what stands past it stays unless it is blank."""
        fields = rows.fields(place)
        extra = fields[self._width :]
        earlier_result = self._comes_back and len(extra) <= len(RESULT_HEADERS)
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
        """Write the file out to disk; nothing happens where there was no rejected row."""
        if self._file is not None:
            with self._file:
                self._file.flush()
                os.fsync(self._file.fileno())
