"""What the tests of pages share: a result.json of each outcome, made as the daemon makes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from contactsync.domain.account import Account, Language
from contactsync.domain.deposit import ACTIONS, Counts, Mode
from contactsync.domain.errors import FileRefused, LineError
from contactsync.domain.messages.reasons import REASONS
from contactsync.processing import result_json
from contactsync.processing.result_json import Subject
from contactsync.reading.findings import Findings
from tests.messages import ACCOUNT, CLAIMED, details


def account(language: Language = "fr") -> Account:
    """An account of that language."""
    return replace(ACCOUNT, language=language)


def subject(language: Language, findings: Findings | None = None, **claimed: Any) -> Subject:
    """A deposit of that account; `claimed` changes what was uploaded."""
    action = claimed.pop("action", "import")
    name = claimed.pop("name", CLAIMED.name)
    mode = claimed.pop("mode", Mode.CREATE)
    return Subject(
        account(language),
        replace(
            CLAIMED,
            action=ACTIONS[action],
            name=name,
            claimed_name=b"1447797847_" + name,
            mode=mode if action == "import" else None,
            **claimed,
        ),
        12_345,
        findings or Findings(),
    )


def _findings(
    rows: int = 0, rejected: int = 0, *, errors: tuple[LineError, ...] = (), **more: Any
) -> Findings:
    return Findings(rows, rejected, errors=list(errors), encoding="iso-8859-1", separator=";", **more)


ERRORS = (
    *(LineError(line, "Email", "invalid_email") for line in (4, 5, 6, 19)),
    LineError(12, "Référence", "missing_reference"),
    LineError(4811, "Mobile", "invalid_mobile"),
)

REJECTED = Counts(10_000, 9_994, 6, 9_874, 90, 30, 0)


def partly(**more: Any) -> Findings:
    """Six rejected rows, dropped values, a column that is not known, a footer."""
    found = _findings(10_000, 6, errors=ERRORS, given=Counter(mobile=9000), **more)
    found.dropped.update(mobile=37, birth_date=1)
    found.warn("invalid_mobile", 37, [*range(100, 130), 140, 150, 151, 152, 160, 170, 180])
    found.warn("invalid_birth_date", 1, [9])
    found.warn("unknown_column", 1, names=["Pointure"], suggested=[], unnamed=[])
    found.warn("footer", 1, [10_003])
    return found


def _warned(code: str, count: int, lines: list[int], rows: int = 3) -> Findings:
    found = _findings(rows)
    found.warn(code, count, lines)
    return found


def applied(language: Language, code: str) -> dict[str, Any]:
    """The result of an applied file, by a name of this module for what happened to it."""
    made: Mapping[str, tuple[Subject, Counts]] = {
        "applied": (
            subject(language, _findings(1200), mode=Mode.SYNC),
            Counts(1200, 1200, 0, 200, 50, 950, 12),
        ),
        "partly_rejected": (subject(language, partly()), REJECTED),
        "rejected_incomplete": (subject(language, partly(rejects_left_out=2)), REJECTED),
        "values_dropped": (
            subject(language, replace(partly(), rows_rejected=0, errors=[])),
            Counts(10_000, 10_000, 0, 10_000),
        ),
        "points_to_check": (
            subject(language, _warned("mixed_encoding", 2, [7, 9]), mode=Mode.ADD),
            Counts(3, 3, 0, 3),
        ),
        "only_notes": (subject(language, _warned("footer", 1, [4])), Counts(3, 3, 0, 3)),
        "check_passed": (subject(language, _findings(3), name=b"clients.check.csv"), Counts(3, 3, 0, 3)),
        "check_but_rows": (subject(language, partly(), name=b"clients.check.csv"), REJECTED),
        "nobody_deleted": (
            subject(language, _warned("met_nobody", 3, [2, 3, 4]), action="delete"),
            Counts(3, 3),
        ),
        "nobody_opted_in": (
            subject(language, _findings(2), action="optinSMS"),
            Counts(2, 2, 0, 0, 0, 2),
        ),
        "too_late_to_opt_in": (
            subject(language, _warned("later_opt_out", 1, [2]), action="optinEMAIL"),
            Counts(3, 3, 0, 0, 0, 2, 1),
        ),
        "all_opted_out": (
            subject(language, _findings(2), action="optoutEMAIL"),
            Counts(2, 2, 0, 0, 0, 2),
        ),
    }
    deposit, counts = made[code]
    return result_json.applied(deposit, counts, "clients" if deposit.claimed.mode else None)


APPLIED = (
    "applied",
    "partly_rejected",
    "rejected_incomplete",
    "values_dropped",
    "points_to_check",
    "only_notes",
    "check_passed",
    "check_but_rows",
    "nobody_deleted",
    "nobody_opted_in",
    "too_late_to_opt_in",
    "all_opted_out",
)


def refused(language: Language, reason: str, **claimed: Any) -> dict[str, Any]:
    """The result of a refused file; `claimed` changes what was uploaded."""
    findings, errors = _findings(), ()
    if reason == "no_valid_row":
        findings = _findings(6, 6, errors=ERRORS)
    elif reason in _OF_LINES:
        errors = tuple(LineError(line, None, reason) for line in (12, 17))
    mode = Mode.SYNC if reason == "too_many_removals" else Mode.CREATE
    deposit = subject(language, findings, **{"mode": mode, **claimed})
    return result_json.refused(deposit, FileRefused(reason, details(reason, count=2), list(errors)))[0]


_OF_LINES = ("too_many_fields", "too_few_fields", "text_after_quote", "unterminated_quote", "quoted_lines")


def every(language: Language) -> MappingProxyType[str, dict[str, Any]]:
    """A result of each outcome: every reason of a refusal, each way to be applied, a refused check."""
    return MappingProxyType(
        {code: applied(language, code) for code in APPLIED}
        | {f"refused_{reason}": refused(language, reason) for reason in REASONS}
        | {"check_refused": refused(language, "missing_column", name=b"clients.check.csv")}
    )
