"""What the tests of sentences share: deposits that sentences depend on, a value for each blank, the tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from contactsync.domain.account import Account
from contactsync.domain.deposit import ACTIONS, Claimed, Mode
from contactsync.domain.messages.dropped_clauses import COUNTED, DROPPED, SEVERAL, WHOLE_COLUMN
from contactsync.domain.messages.next_steps import STEPS
from contactsync.domain.messages.notes import UTF8
from contactsync.domain.messages.outcome_clauses import CLAUSES
from contactsync.domain.messages.page_words import COUNTED_AS, HEADINGS, LABELS, MODES, REMARKS
from contactsync.domain.messages.reasons import REASONS
from contactsync.domain.messages.row_errors import ERRORS
from contactsync.domain.messages.sentence import Context
from contactsync.domain.messages.text import Text
from contactsync.domain.messages.verdicts import ONLY_A_CHECK, UNDONE, VERDICTS
from contactsync.domain.messages.warnings import WARNINGS

ACCOUNT = Account(
    1, "acme", None, None, None, ";", "none", (None,) * 15, "FR", "Europe/Paris", "auto", "keep", "possible", "refuse",
    "fr", 1,
)  # fmt: skip
CLAIMED = Claimed(
    ACTIONS["import"], b"clients.csv", b"1447797847_clients.csv", datetime(2015, 11, 17, 22, 4, 7, tzinfo=UTC), 10,
    "00", None, Mode.CREATE,
)  # fmt: skip

TABLES = MappingProxyType(
    {
        "reasons": REASONS,
        "errors": ERRORS,
        "warnings": WARNINGS,
        "clauses": CLAUSES,
        "dropped": DROPPED,
        "counted": COUNTED,
        "verdicts": VERDICTS,
        "headings": HEADINGS,
        "labels": LABELS,
        "counted_as": COUNTED_AS,
        "modes": MODES,
        "remarks": REMARKS,
        "steps": STEPS,
        "single": {
            "several": SEVERAL,
            "whole": WHOLE_COLUMN,
            "utf8": UTF8,
            "only_a_check": ONLY_A_CHECK,
            "undone": UNDONE,
        },
    }
)

DETAILS: MappingProxyType[str, Any] = MappingProxyType(
    {
        "count": 1,
        "rows": 1,
        "line": 12,
        "lines": [12],
        "attempts": 3,
        "sqlstate": "22021",
        "limit": 20,
        "total": 10_000,
        "share": 12.5,
        "kept": 100_000,
        "read": 10_000,
        "expected": ";",
        "column": "Mobile",
        "columns": ["Nom", "Email"],
        "header": "Tél. mobile",
        "headers": ["Nom", "Last name"],
        "name": "export",
        "names": ["a.csv", "b.csv"],
        "positions": [3],
        "mapped": [("Portable", ["Mobile"])],
        "date": datetime(2026, 3, 3, 13, 5, tzinfo=UTC),
        "claimed": "1772541900_clients.csv",
    }
)
"""A value for each blank that the details fill, but for `found`: see `details`."""

_OWN_DETAILS: MappingProxyType[str, dict[str, Any]] = MappingProxyType(
    {
        "not_csv": {"found": "RAR"},
        "duplicate_column": {"column": "Nom"},
        "missing_empty_cells": {"column": "Référence"},
        "unknown_column": {"names": ["Pointure"]},
        "inflated_too_large": {"limit": 256},
    }
)


def context(
    action: str = "import", mode: Mode | None = Mode.CREATE, name: bytes = b"clients.csv", **account: Any
) -> Context:
    """A deposit of an account with some other settings."""
    claimed = replace(
        CLAIMED,
        action=ACTIONS[action],
        mode=mode if action == "import" else None,
        name=name,
        claimed_name=b"1447797847_" + name,
    )
    return Context(replace(ACCOUNT, **account), claimed, 12345)


def details(code: str, **changed: Any) -> dict[str, Any]:
    """Details that fill every blank of a sentence; some codes have values of their own."""
    return {**DETAILS, "found": ",", **_OWN_DETAILS.get(code, {}), **changed}


def texts() -> Iterator[tuple[str, Text]]:
    """Every text of every table, with its variants, additions and parts, and where it is."""
    for table, sentences in TABLES.items():
        for code, text in sentences.items():
            for each in text.every():
                yield f"{table}-{code}", each
