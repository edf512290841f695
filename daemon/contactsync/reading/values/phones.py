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

from contactsync.reading.values import distinct
from contactsync.reading.values.numbering_plan import plan_of

if TYPE_CHECKING:
    from contactsync.domain.account import PhoneCheck

MAX_CHARACTERS = 250
"""The library refuses a longer text before it does anything else."""

# Marks that the library ignores anywhere among ASCII digits.
_IGNORED = (" ", ".", "-", "/", "(", ")", "\u00a0")

_SCIENTIFIC = r"[+-]?[0-9]{1,3}(?:[.,][0-9]+)?[eE][+-]?[0-9]{1,3}"
_SCIENTIFIC_ONE = re.compile(_SCIENTIFIC)


def is_scientific(column: pa.StringArray) -> pa.BooleanArray:
    """Which trimmed values are numbers that a spreadsheet shortened (`3.36E+10`, `3,36e10`); null for null.

    Their digits are lost, so such a value is never a phone number (protocol 2).
    """
    return pc.match_substring_regex(column, f"^{_SCIENTIFIC}$")


def normalise_one(value: str, region: str, strictness: PhoneCheck) -> str | None:
    """The E.164 form of one trimmed number, or None if it is invalid, by the library alone (protocol 3).

    `region` is an upper-case ISO 3166 code. For a region that the library does not know, it reads only numbers
    with a plus.
    """
    if _SCIENTIFIC_ONE.fullmatch(value):
        return None
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    check = phonenumbers.is_valid_number if strictness == "valid" else phonenumbers.is_possible_number
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if check(number) else None


def normalise(column: pa.StringArray, region: str, strictness: PhoneCheck) -> pa.StringArray:
    """The E.164 forms of a column of trimmed numbers; null if the number is invalid or null.

    The result is as long as `column` and each value is `normalise_one`'s. Raises nothing for any text.
    """

    def one(value: str) -> str | None:
        return normalise_one(value, region, strictness)

    plan = plan_of(region)
    if plan is None or (strictness == "valid" and plan.valid is None):
        return distinct.map_distinct(column, one)
    compact = column
    for mark in _IGNORED:
        compact = pc.replace_substring(compact, mark, "")
    readable = pc.less_equal(pc.utf8_length(column), MAX_CHARACTERS)
    national = pa.nulls(len(column), pa.string())
    for length, pattern in plan.shapes:
        hit = pc.and_(readable, pc.match_substring_regex(compact, pattern))
        national = pc.if_else(hit, pc.utf8_slice_codeunits(compact, -length), national)
    left = pc.and_(column.is_valid(), national.is_null())
    answers = pc.binary_join_element_wise(f"+{plan.code}", national, "")
    for pattern in (plan.valid or ()) if strictness == "valid" else ():
        matches = pc.match_substring_regex(national, pattern)
        answers = pc.if_else(matches, answers, pa.scalar(None, pa.string()))
    rest = column.filter(left)
    return pc.replace_with_mask(answers, left, distinct.map_distinct(rest, one)) if len(rest) else answers
