"""The answer to the uploader: the content of result.json (protocol 7)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from contactsync.database.ledger import Earlier
from contactsync.domain import names
from contactsync.domain.account import Account
from contactsync.domain.deposit import Claimed, Counts, Settled
from contactsync.domain.errors import FileRefused
from contactsync.domain.headers.unknown import UnknownColumns
from contactsync.domain.messages.dropped_clauses import DROPPED
from contactsync.domain.messages.outcome import Remarks, outcome, would_be
from contactsync.domain.messages.reasons import REASONS
from contactsync.domain.messages.row_errors import ERRORS
from contactsync.domain.messages.sentence import Context, render, row_error, sentence
from contactsync.domain.messages.unknown_columns import unknown_columns
from contactsync.domain.messages.verdicts import ONLY_A_CHECK, VERDICTS
from contactsync.domain.messages.warnings import WARNINGS
from contactsync.domain.terminal import harmless_content
from contactsync.reading.findings import Findings


@dataclass(frozen=True, slots=True)
class Subject:
    """The deposit that a result is about."""

    account: Account
    claimed: Claimed
    deposit_id: int
    findings: Findings
    # How long each stage took, in milliseconds; filled in by this attempt.
    stage_ms: dict[str, int] = field(default_factory=dict)
    # The same file was applied before.
    repeats: Earlier | None = None
    # Somebody has confirmed what has to be confirmed.
    confirmed: bool = False

    @property
    def context(self) -> Context:
        """What its sentences depend on."""
        account = replace(self.account, separator=self.findings.separator or self.account.separator)
        return Context(account, self.claimed, self.deposit_id)


def applied(subject: Subject, counts: Counts, list_name: str | None) -> dict[str, Any]:
    """The content of result.json for a file that was applied; `list_name` is the list it made or filled."""
    warnings = subject.findings.warnings
    remarks = Remarks(
        +subject.findings.dropped,
        subject.findings.given,
        met_nobody=warnings["met_nobody"],
        stay_opted_out=warnings["later_opt_out"],
        rejects_left_out=subject.findings.rejects_left_out,
    )
    message = outcome(subject.context, counts, remarks)
    if subject.claimed.is_check:
        message = f"{would_be(subject.context, counts)} {render(ONLY_A_CHECK, subject.context)}"
    return harmless_content(_result(subject, "ok", counts) | {"message": message, "list": list_name})


def refused(subject: Subject, refusal: FileRefused) -> tuple[dict[str, Any], Counts]:
    """The content of result.json for a file that was refused, and its counts.

    Rows count only if each one was validated and rejected; a file refused as a whole has none.
    """
    findings = subject.findings
    counts = Counts()
    if refusal.code == "no_valid_row":
        counts = Counts(findings.rows_read, 0, findings.rows_rejected)
    else:
        # There is no rejected file, so nothing is left out of it.
        findings = replace(findings, errors=list(refusal.errors), rejects_left_out=0)
        subject = replace(subject, findings=findings)
    message = sentence(REASONS, refusal.code, subject.context, refusal.details)
    unknown = refusal.details.get("unknown")
    if isinstance(unknown, UnknownColumns) and unknown.count:
        named = unknown_columns(
            subject.context, unknown.names, suggested=unknown.suggested, unnamed=unknown.unnamed, refused=True
        )
        message = f"{message} {named}"
    if subject.claimed.is_check:
        verdict = sentence(VERDICTS, "check_refused", subject.context)
        message = f"{verdict}. {message} {render(ONLY_A_CHECK, subject.context)}"
    return harmless_content(
        _result(subject, "ko", counts) | {"reason": refusal.code, "message": message}
    ), counts


def _result(subject: Subject, state: Settled, counts: Counts) -> dict[str, Any]:
    """Every key of result.json in its order; the caller fills in `reason`, `message` and `list`."""
    claimed, findings, context = subject.claimed, subject.findings, subject.context
    # A hundred rows are mostly rejected for a few reasons; each is put into words once.
    reasons = {(error.code, error.column, error.variant) for error in findings.errors}
    phrases = {reason: row_error(ERRORS, reason[0], context, reason[1], reason[2]) for reason in reasons}
    return {
        "deposit_id": subject.deposit_id,
        "account": subject.account.name,
        "action": claimed.action.name,
        "file": names.as_text(claimed.name),
        "claimed_name": names.as_text(claimed.claimed_name),
        "deposited_at": claimed.deposited_at.isoformat(),
        "finished_at": datetime.now(UTC).isoformat(),
        "state": state,
        "dry_run": claimed.is_check,
        "reason": None,
        "message": None,
        "mode": int(claimed.mode) if claimed.mode else None,
        "list": None,
        "encoding": findings.encoding,
        "separator": findings.separator,
        **asdict(counts),
        "warnings": [
            {
                "code": key.partition(" ")[0],
                "message": _warning(key, context, findings),
                "count": findings.warnings[key],
                "lines": findings.lines.get(key, []),
            }
            for key in sorted(+findings.warnings, key=lambda key: _WARNING_ORDER.index(key.partition(" ")[0]))
        ],
        "errors": [
            {
                "line": error.line,
                "column": error.column,
                "code": error.code,
                "message": phrases[error.code, error.column, error.variant],
            }
            for error in findings.errors
        ],
        "rejected_complete": not findings.rejects_left_out,
        "rejected_left_out": findings.rejects_left_out,
        "dropped": {key: count for key in DROPPED if (count := findings.dropped[key])}
        if state == "ok"
        else {},
    }


_WARNING_ORDER = tuple(WARNINGS)
"""Notes, which ask for nothing, come last."""


def _warning(key: str, context: Context, findings: Findings) -> str:
    code, _, variant = key.partition(" ")
    details = findings.details.get(key, {})
    if code == "unknown_column":
        return unknown_columns(context, **details)
    located = {"count": findings.warnings[key], "lines": findings.lines.get(key, [])}
    if variant:
        located["variant"] = variant
    return sentence(WARNINGS, code, context, {**located, **details})


def as_json(result: Mapping[str, Any]) -> bytes:
    """The bytes of result.json."""
    return json.dumps(result, ensure_ascii=False, indent=2).encode() + b"\n"
