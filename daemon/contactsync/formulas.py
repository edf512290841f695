"""Cells that a spreadsheet would run as a formula, made harmless and put back (setting `defuse_formulas`). Pure.

A defused cell has one apostrophe more than it had: `=1+1` → `'=1+1`. So that it can be undone to the letter, a
cell that has apostrophes before such a sign gets one more too: `'=1+1` → `''=1+1`. The signs are OWASP's ("CSV
Injection"). The report defuses in SQL (`report_files.py`), the importer undoes it here.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

APOSTROPHE = "'"
SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""With one of these a formula begins; the last two are skipped by some programs before they look."""

_DEFUSED = r"^'('*[=+\-@\t\r])"


def undo(column: pa.StringArray) -> pa.StringArray:
    """The cells of a column as they were before they were defused; others, and nulls, are left alone."""
    # Most columns have no such cell, and to see that costs a tenth of what the pattern does.
    if not pc.any(pc.starts_with(column, APOSTROPHE)).as_py():
        return column
    return pc.replace_substring_regex(column, _DEFUSED, r"\1")
