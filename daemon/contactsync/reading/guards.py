"""Takes away what keeps a spreadsheet from changing a value: `="00123"`, and apostrophes (protocol 2). Pure."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from contactsync.domain import formulas
from contactsync.domain.columns import MEANS

_QUOTED = r'^="((?:[^"]|"")*)"$'
_BEFORE_FORMULA = r"^'('*[" + "".join(f"\\x{{{ord(sign):x}}}" for sign in formulas.SIGNS) + "])"
_BEFORE_DIGIT = r"^'([0-9])"

# A leading apostrophe belongs to no number, and to no address that anybody has.
_BEFORE_ADDRESS = "'"
_WITH_DIGITS = ("reference", "postal_code")


def unguard(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame without the guards of its cells. Nulls stay, and a cell that is blank then becomes null."""
    columns = {
        str(key): pa.chunked_array(frame[key].array.__arrow_array__()).combine_chunks() for key in frame
    }
    bare = {key: unguard_column(key, column) for key, column in columns.items()}
    changed = {
        key: pd.arrays.ArrowExtensionArray(column)
        for key, column in bare.items()
        if column is not columns[key]
    }
    return frame.assign(**changed)


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
