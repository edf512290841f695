"""Reads the plain phone numbers of a region, a whole column at a time, by the patterns of its plan (protocol 3). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from contactsync.reading.values import territories, texts

if TYPE_CHECKING:
    from contactsync.domain.account import PhoneCheck
    from contactsync.reading.values.numbering_plan import Plan

MAX_CHARACTERS = 40
"""A longer text is not a phone number (protocol 3). The library takes 5 ms for 249 characters of punctuation."""

# Marks that the library ignores anywhere among ASCII digits.
_IGNORED = (" ", ".", "-", "/", "(", ")", "\u00a0")

# A spreadsheet shortened the number: `3.36E+10`, `3,36e10`.
SCIENTIFIC = r"^[+-]?[0-9]{1,3}(?:[.,][0-9]+)?[eE][+-]?[0-9]{1,3}$"

# A spreadsheet or a program took the number for an amount: `612345678.0`, `33612345678,00`.
DECIMAL = r"[+-]?[0-9]{7,}[.,](?:[0-9]{1,2}|0+)"

# At least six digits, a mark, then a number that begins as only a new one does. `030 1234/5678` has one number.
_DIGIT = "[0-9][\u00a0 .()\\-]*"
TWO = f"(?:{_DIGIT}){{6}}(?:[/,;|\\\\&]|-[\u00a0 ])[\u00a0 ]*(?:\\+|\\(?0)(?:[\u00a0 ]?{_DIGIT}){{5}}"

_LEAST_OF_TWO = 12
"""Two numbers have so many digits."""


def is_decimal(column: pa.StringArray) -> pa.BooleanArray:
    """Which trimmed values are decimal numbers (`612345678.0`), never phone numbers (protocol 3); null for null."""
    return pc.match_substring_regex(column, f"^{DECIMAL}$")


def readable(column: pa.StringArray) -> pa.BooleanArray:
    """Which values are short enough for a phone number; false for null."""
    if (pc.max(pc.binary_length(column)).as_py() or 0) <= MAX_CHARACTERS:
        return column.is_valid()
    return pc.fill_null(pc.less_equal(pc.utf8_length(column), MAX_CHARACTERS), fill_value=False)


def read(
    column: pa.StringArray, among: pa.BooleanArray, plan: Plan, strictness: PhoneCheck
) -> tuple[pa.StringArray, pa.BooleanArray]:
    """What the plan's patterns decide, and which of the values in `among` they leave to the library."""
    signs = texts.joined(column)
    compact = without_marks(column, signs)
    national = pa.nulls(len(column), pa.string())
    for length, pattern in plan.shapes:
        hit = pc.and_(among, pc.match_substring_regex(compact, pattern))
        national = pc.if_else(hit, texts.ends(compact, length), national)
    doubtful = _doubtful(column, compact, national, signs)
    if doubtful is not None:
        national = pc.if_else(doubtful, pa.scalar(None, pa.string()), national)
    left = pc.and_(among, national.is_null())
    answers = territories.settle(national, plan.code)
    if answers is None:
        answers = texts.prefixed(f"+{plan.code}", national)
    if strictness == "valid":
        home = pc.starts_with(answers, f"+{plan.code}")
        for pattern in plan.valid or ():
            # A number that was settled elsewhere is valid there.
            matches = pc.or_(pc.match_substring_regex(national, pattern), pc.invert(home))
            answers = pc.if_else(matches, answers, pa.scalar(None, pa.string()))
    return answers, left


def without_marks(column: pa.StringArray, signs: bytes) -> pa.StringArray:
    """The column without the marks that the library ignores; `signs` are the bytes of its texts."""
    for mark in _IGNORED:
        if mark.encode() in signs:
            column = pc.replace_substring(column, mark, "")
    return column


def _doubtful(
    column: pa.StringArray, compact: pa.StringArray, national: pa.StringArray, signs: bytes
) -> pa.BooleanArray | None:
    """Which of the numbers that the patterns read may be no number after all; None if there are none.

    Such are decimal numbers, which have one mark, two numbers in a cell, which have 12 digits or more, and
    national numbers with a leading zero. The costly patterns run only if a cell has these signs.
    """
    suspect = pc.starts_with(national, "0")
    if b"." in signs:
        one_mark = pc.equal(pc.subtract(pc.utf8_length(column), pc.binary_length(compact)), 1)
        if pc.any(pc.and_(one_mark, pc.match_substring(column, "."))).as_py():
            suspect = pc.or_(suspect, is_decimal(column))
    if b"/" in signs or b"-" in signs:
        digits = pc.binary_length(compact)
        long = pc.and_not(pc.greater_equal(digits, _LEAST_OF_TWO), pc.starts_with(compact, "+"))
        long = pc.or_(long, pc.greater(digits, _LEAST_OF_TWO))
        if pc.any(long).as_py() and pc.any(pc.match_substring_regex(column, "/|-[\u00a0 ]")).as_py():
            suspect = pc.or_(suspect, pc.match_substring_regex(column, TWO))
    if not pc.any(suspect).as_py():
        return None
    return pc.and_(suspect, national.is_valid())


def is_too_short(column: pa.StringArray, plan: Plan) -> pa.BooleanArray:
    """Which values certainly have too few digits: a file full of them must not call the library for each.

    Letters may stand for digits. A number with a plus or after the prefix of an international call may be short.
    """
    digits = pc.replace_substring_regex(column, "[^0-9A-Za-z]", "")
    national = pc.and_not(pc.string_is_ascii(column), pc.match_substring(column, "+"))
    national = pc.and_not(national, pc.starts_with(digits, plan.idd))
    return pc.and_(national, pc.less(pc.binary_length(digits), plan.shortest))
