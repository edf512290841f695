"""Takes away what keeps a spreadsheet from changing a value: `="00123"`, and apostrophes (protocol 2). Pure."""

from __future__ import annotations

import string
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contactsync.domain import formulas
from contactsync.domain.columns import MEANS
from contactsync.reading.table import Table

_QUOTED = r'^="((?:[^"]|"")*)"$'
_BEFORE_FORMULA = r"^'('*[" + "".join(f"\\x{{{ord(sign):x}}}" for sign in formulas.SIGNS) + "])"
_BEFORE_DIGIT = r"^'([0-9])"

# A leading apostrophe belongs to no number, and to no address that anybody has.
_BEFORE_ADDRESS = "'"
_WITH_DIGITS = ("reference", "postal_code")

_IN_A_WORD = np.isin(np.arange(256), list((string.ascii_letters + string.digits).encode()))
"""No separator, quote or white space: no cell begins after it."""


def may_have_guards(data: bytes) -> bool:
    """Whether a cell of these bytes may begin with a guard: with an apostrophe or `=` that follows no letter or digit.

    This takes at most 0.2 ms per MB; a look at each column of a wide file takes ten times that.
    """
    if b"'" not in data and b"=" not in data:
        return False
    codes = np.frombuffer(data, np.uint8)
    for guard in b"'=":
        places = np.flatnonzero(codes == guard)
        if len(places) and (not places[0] or not _IN_A_WORD[codes[places - 1]].all()):
            return True
    return False


def unguard(table: Table, data: bytes) -> Table:
    """The table without the guards of its cells; `data` are the bytes that it comes from.

    Nulls stay, and a cell that is blank then becomes null.
    """
    if not may_have_guards(data):
        return table
    return table.with_columns({key: unguard_column(key, column) for key, column in table.columns.items()})


def unguard_column(key: str, column: pa.StringArray) -> pa.StringArray:
    """One column without its guards; the same object where it has none.

    Exactly `="…"` becomes the value in the quotes. An apostrophe is removed before a sign (`formulas.SIGNS`); in a column of
    addresses always, and in Référence and Code postal before a digit.
    """
    # Most columns have no such cell, and these checks cost a tenth of the patterns.
    if _any_starts(column, "="):
        column = _changed(column, _unquoted)
    if _any_starts(column, formulas.APOSTROPHE):
        if key in MEANS:
            return _changed(
                column, lambda cells: pc.utf8_trim_whitespace(pc.utf8_ltrim(cells, _BEFORE_ADDRESS))
            )
        column = pc.replace_substring_regex(column, _BEFORE_FORMULA, r"\1")
        if key in _WITH_DIGITS:
            column = pc.replace_substring_regex(column, _BEFORE_DIGIT, r"\1")
    return column


def _unquoted(column: pa.StringArray) -> pa.StringArray:
    inner = pc.replace_substring(pc.utf8_slice_codeunits(column, 2, -1), '""', '"')
    whole = pc.match_substring_regex(column, _QUOTED)
    return pc.if_else(whole, pc.utf8_trim_whitespace(inner), column)


def _any_starts(column: pa.StringArray, start: str) -> bool:
    return bool(pc.any(pc.starts_with(column, start)).as_py())


def _changed(column: pa.StringArray, change: Callable[[pa.StringArray], pa.StringArray]) -> pa.StringArray:
    found = change(column)
    return pc.if_else(pc.equal(found, ""), pa.scalar(None, pa.string()), found)
