"""Validates phone numbers and brings them into their E.164 form (protocol 3), a whole column at a time. Pure.

The rule is libphonenumber's. Calling it costs about 20 µs per value, so RE2 patterns over the column read the
plain numbers of a region; they come from the library's own metadata (`numbering_plan.py`). The library judges
the rest. `tests/unit/reading/values/test_phones.py` compares the two, region by region.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

from contactsync.reading.values import distinct, territories
from contactsync.reading.values.numbering_plan import plan_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from contactsync.domain.account import PhoneCheck
    from contactsync.reading.values.numbering_plan import Plan

MAX_CHARACTERS = 40
"""A longer text is not a phone number (protocol 3). The library takes 5 ms for 249 characters of punctuation."""

# Marks that the library ignores anywhere among ASCII digits.
_IGNORED = (" ", ".", "-", "/", "(", ")", "\u00a0")

_SCIENTIFIC = r"[+-]?[0-9]{1,3}(?:[.,][0-9]+)?[eE][+-]?[0-9]{1,3}"
_SCIENTIFIC_ONE = re.compile(_SCIENTIFIC)

# A spreadsheet or a program took the number for an amount: `612345678.0`, `33612345678,00`.
_DECIMAL = r"[+-]?[0-9]{7,}[.,](?:[0-9]{1,2}|0+)"
_DECIMAL_ONE = re.compile(_DECIMAL)

# At least six digits, a mark, then a number that begins as only a new one does. `030 1234/5678` has one number.
_DIGIT = "[0-9][\u00a0 .()\\-]*"
_TWO = f"(?:{_DIGIT}){{6}}(?:[/,;|\\\\&]|-[\u00a0 ])[\u00a0 ]*(?:\\+|\\(?0)(?:[\u00a0 ]?{_DIGIT}){{5}}"
_TWO_ONE = re.compile(_TWO)

_LEAST_OF_TWO = 12
"""Two numbers have so many digits."""

_LONGEST_EXTENSION = 7
"""More digits after the number are a second number, not an extension (RFC 3966 sets no limit)."""

_SPACES = r"[\s\v\x{1c}-\x{1f}\x{85}\p{Z}]+"


def is_scientific(column: pa.StringArray) -> pa.BooleanArray:
    """Which trimmed values are numbers that a spreadsheet shortened (`3.36E+10`, `3,36e10`); null for null.

    Their digits are lost, so such a value is never a phone number (protocol 2).
    """
    return pc.match_substring_regex(column, f"^{_SCIENTIFIC}$")


def is_decimal(column: pa.StringArray) -> pa.BooleanArray:
    """Which trimmed values are decimal numbers (`612345678.0`), never phone numbers (protocol 3); null for null."""
    return pc.match_substring_regex(column, f"^{_DECIMAL}$")


def normalise_one(value: str, region: str, strictness: PhoneCheck) -> str | None:
    """The E.164 form of one trimmed number, or None if it is invalid, by the library alone (protocol 3).

    `region` is an upper-case ISO 3166 code. For a region that the library does not know, it reads only numbers
    with a plus.
    """
    if len(value) > MAX_CHARACTERS:
        return None
    value = " ".join(value.split())
    if (
        _SCIENTIFIC_ONE.fullmatch(value)
        or _DECIMAL_ONE.fullmatch(value)
        or _TWO_ONE.search(value)
        or (";" in value and not value.lower().startswith("tel:"))
    ):
        return None
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if len(number.extension or "") > _LONGEST_EXTENSION:
        return None
    number = territories.settle_one(number)
    # `06 12 34 56 7` is a typing error: the zero is a trunk prefix, and a digit is missing.
    strict = strictness == "valid" or number.italian_leading_zero
    check = phonenumbers.is_valid_number if strict else phonenumbers.is_possible_number
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if check(number) else None


def normalise(column: pa.StringArray, region: str, strictness: PhoneCheck) -> pa.StringArray:
    """The E.164 forms of a column of trimmed numbers; null if the number is invalid or null.

    The result is as long as `column` and each value is `normalise_one`'s. Raises nothing for any text.
    """

    def one(value: str) -> str | None:
        return normalise_one(value, region, strictness)

    plan = plan_of(region)
    readable = pc.less_equal(pc.utf8_length(column), MAX_CHARACTERS)
    if plan is None or (strictness == "valid" and plan.valid is None):
        left = pc.fill_null(readable, fill_value=False)
        return _replace(pa.nulls(len(column), pa.string()), left, column, one)
    answers, left = _by_patterns(column, readable, plan, strictness)
    if not pc.any(left).as_py():
        return answers
    left = pc.and_not(left, _is_too_short(column, plan))
    rest = column.filter(left)
    spaced = pc.replace_substring_regex(rest, _SPACES, " ")
    if pc.any(pc.not_equal(spaced, rest)).as_py():
        # A whole column may have narrow spaces: as many values as that must not call the library.
        again, unread = _by_patterns(
            spaced, pc.less_equal(pc.utf8_length(spaced), MAX_CHARACTERS), plan, strictness
        )
        return pc.replace_with_mask(answers, left, _replace(again, unread, rest, one))
    return _replace(answers, left, column, one)


def _by_patterns(
    column: pa.StringArray, readable: pa.BooleanArray, plan: Plan, strictness: PhoneCheck
) -> tuple[pa.StringArray, pa.BooleanArray]:
    """What the plan's patterns decide, and which readable values they leave to the library."""
    compact = column
    for mark in _IGNORED:
        compact = pc.replace_substring(compact, mark, "")
    national = pa.nulls(len(column), pa.string())
    for length, pattern in plan.shapes:
        hit = pc.and_(readable, pc.match_substring_regex(compact, pattern))
        national = pc.if_else(hit, pc.utf8_slice_codeunits(compact, -length), national)
    doubtful = _doubtful(column, compact, national)
    if doubtful is not None:
        national = pc.if_else(doubtful, pa.scalar(None, pa.string()), national)
    left = pc.and_(pc.fill_null(readable, fill_value=False), national.is_null())
    answers = territories.settle(national, plan.code)
    if answers is None:
        answers = pc.binary_join_element_wise(f"+{plan.code}", national, "")
    if strictness == "valid":
        home = pc.starts_with(answers, f"+{plan.code}")
        for pattern in plan.valid or ():
            # A number that was settled elsewhere is valid there.
            matches = pc.or_(pc.match_substring_regex(national, pattern), pc.invert(home))
            answers = pc.if_else(matches, answers, pa.scalar(None, pa.string()))
    return answers, left


def _doubtful(
    column: pa.StringArray, compact: pa.StringArray, national: pa.StringArray
) -> pa.BooleanArray | None:
    """Which of the numbers that the patterns read may be no number after all; None if there are none.

    Such are decimal numbers, which have one mark, two numbers in a cell, which have 12 digits or more, and
    national numbers with a leading zero. The costly patterns run only if a cell has these signs.
    """
    digits = pc.binary_length(compact)
    suspect = pc.starts_with(national, "0")
    one_mark = pc.equal(pc.subtract(pc.utf8_length(column), digits), 1)
    if pc.any(pc.and_(one_mark, pc.match_substring(column, "."))).as_py():
        suspect = pc.or_(suspect, is_decimal(column))
    long = pc.and_not(pc.greater_equal(digits, _LEAST_OF_TWO), pc.starts_with(compact, "+"))
    long = pc.or_(long, pc.greater(digits, _LEAST_OF_TWO))
    if pc.any(long).as_py() and pc.any(pc.match_substring_regex(column, "/|-[\u00a0 ]")).as_py():
        suspect = pc.or_(suspect, pc.match_substring_regex(column, _TWO))
    suspect = pc.and_(suspect, national.is_valid())
    return suspect if pc.any(suspect).as_py() else None


def _is_too_short(column: pa.StringArray, plan: Plan) -> pa.BooleanArray:
    """Which values certainly have too few digits: a file full of them must not call the library for each.

    Letters may stand for digits. A number with a plus or after the prefix of an international call may be short.
    """
    digits = pc.replace_substring_regex(column, "[^0-9A-Za-z]", "")
    national = pc.and_not(pc.string_is_ascii(column), pc.match_substring(column, "+"))
    national = pc.and_not(national, pc.starts_with(digits, plan.idd))
    return pc.and_(national, pc.less(pc.binary_length(digits), plan.shortest))


def _replace(
    answers: pa.StringArray, left: pa.BooleanArray, column: pa.StringArray, one: Callable[[str], str | None]
) -> pa.StringArray:
    """The answers with those of the library where `left` is true."""
    rest = column.filter(left)
    return pc.replace_with_mask(answers, left, distinct.map_distinct(rest, one)) if len(rest) else answers
