"""Judges rows of a test with an account, and shows what the verdict holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from contactsync.domain.account import Account
from contactsync.domain.deposit import ACTIONS
from contactsync.reading.guards import unguard
from contactsync.reading.table import Table
from contactsync.reading.validate import validate
from contactsync.reading.verdict import Verdict

ACCOUNT = Account(
    1, "acme", None, None, None, ";", "none", (None,) * 15, "FR", "Europe/Paris", "auto", "keep", "possible", "refuse",
    "fr", 1,
)  # fmt: skip
GOOD = "a@example-mail.fr"


def account(**changed: Any) -> Account:
    """The usual account, changed."""
    return replace(ACCOUNT, **changed)


def rows_of(*rows: dict[str, str | None]) -> Table:
    """Rows as the reader gives them: Arrow text, null where blank, at the places from 3."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    columns = {key: pa.array([row.get(key) for row in rows], pa.string()) for key in keys}
    return Table(np.arange(3, 3 + len(rows)), columns)


def judge(*rows: dict[str, str | None], of: Account = ACCOUNT, action: str = "import") -> Verdict:
    """The verdict on rows whose guards are removed, as `Examination` does."""
    data = "\n".join(str(cell) for row in rows for cell in row.values()).encode()
    return validate(unguard(rows_of(*rows), data), of, ACTIONS[action])


def rejects(verdict: Verdict) -> list[tuple[int, str | None, str]]:
    """The rejects as tuples."""
    return [(reject.place, reject.column, reject.code) for reject in verdict.rejects]


def accepted(verdict: Verdict, key: str) -> dict[int, Any]:
    """A column of the accepted rows by place."""
    values = verdict.accepted.columns[key].to_pylist()
    return dict(zip(verdict.accepted.places.tolist(), values, strict=True))


def warned(verdict: Verdict) -> dict[str, list[int]]:
    """The places of the rows behind each warning."""
    return {key: places.tolist() for key, places in verdict.warnings.items()}
