"""Cells that a spreadsheet would run as a formula, and how they are made harmless (`defuse_formulas`). Pure.

A report's cell gets one apostrophe more: `=1+1` → `'=1+1`. A value that already has apostrophes before such a
sign also gets one more (`'=1+1` → `''=1+1`), so defusing can be undone exactly. The signs are OWASP's ("CSV
Injection"), full-width ones included. `reports/writer.py` defuses in SQL; `reading/guards.py` always undoes it.

The raw field of an upload is different: an apostrophe that it already has is a guard, which the importer removes,
so the field is harmless and stays as it is.
"""

from __future__ import annotations

import re

APOSTROPHE = "'"
SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A formula begins with one of these. Some programs skip a tab or a line end before they look; some, with East Asian
languages, take the full-width forms for the signs."""

# A bare or quoted field in UTF-8, up to its sign. `="00123"` is only a text, and the importer reads what is inside the quotes.
_FORMULA = re.compile(
    rb'\s*(?:"\s*(?!=""[^"]*"""\s*\Z)|(?!"|="[^"]*"\s*\Z))(?=[=+\-@]|\xef\xbc[\x8b\x8d\x9d\xa0])'
)

FIRST_BYTES = frozenset(bytes([byte]) for byte in b'=+-@\xef" \t\n\r\f\v')
"""No other field can have a formula. 100,000 rejected rows take 1.9 s instead of 2.6 s if this is asked first."""

_NUMBER = re.compile(rb'[\s"]*\+[0-9 ().\/-]*[\s"]*\Z')


def defused_field(field: bytes, *, may_be_number: bool) -> bytes:
    """A raw field of a CSV with an apostrophe before its formula; read again, its value is the same.

    With `may_be_number`, a phone number that begins with a plus stays as it is.
    """
    formula = _FORMULA.match(field)
    if formula is None or (may_be_number and _NUMBER.match(field)):
        return field
    place = formula.end()
    return field[:place] + APOSTROPHE.encode() + field[place:]
