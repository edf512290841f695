"""Cells that a spreadsheet would run as a formula, made harmless and put back (setting `defuse_formulas`). Pure.

A defused cell has one apostrophe more than it had: `=1+1` → `'=1+1`. So that it can be undone to the letter, a
cell that has apostrophes before such a sign gets one more too: `'=1+1` → `''=1+1`. The signs are OWASP's ("CSV
Injection"). The report defuses in SQL (`report_files.py`), the importer undoes it here.
"""

from __future__ import annotations

APOSTROPHE = "'"
SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""With one of these a formula begins; the last two are skipped by some programs before they look."""
