"""Cells that a spreadsheet would run as a formula, and how they are made harmless (`defuse_formulas`). Pure.

A defused cell has one apostrophe more: `=1+1` → `'=1+1`. A cell that already has apostrophes before such a
sign also gets one more (`'=1+1` → `''=1+1`), so defusing can be undone exactly. The signs are OWASP's ("CSV
Injection"). `reports/writer.py` defuses in SQL; `reading/guards.py` always undoes it.
"""

from __future__ import annotations

APOSTROPHE = "'"
SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""A formula begins with one of these; some programs skip the last two before they look."""
