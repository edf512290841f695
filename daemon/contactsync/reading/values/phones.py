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
from contactsync.reading.values.plain_numbers import (
    DECIMAL,
    MAX_CHARACTERS,
    SCIENTIFIC,
    TWO,
    is_too_short,
    read,
    readable,
)
from contactsync.reading.values.unusual_numbers import plain_forms, read_abroad

if TYPE_CHECKING:
    from collections.abc import Callable

    from contactsync.domain.account import PhoneCheck

_SCIENTIFIC_ONE = re.compile(SCIENTIFIC)

_DECIMAL_ONE = re.compile(DECIMAL)
_TWO_ONE = re.compile(TWO)

_LONGEST_EXTENSION = 7
"""More digits after the number are a second number, not an extension (RFC 3966 sets no limit)."""


def is_scientific(column: pa.StringArray) -> pa.BooleanArray:
    """Which trimmed values are numbers that a spreadsheet shortened (`3.36E+10`, `3,36e10`); null for null.

    Their digits are lost, so such a value is never a phone number (protocol 2).
    """
    return pc.match_substring_regex(column, SCIENTIFIC)


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
    usable = plan if plan and (strictness == "possible" or plan.valid is not None) else None
    answers, left = pa.nulls(len(column), pa.string()), readable(column)
    if usable:
        answers, left = read(column, left, usable, strictness)
        if not pc.any(left).as_py():
            return answers
        left = pc.and_not(left, is_too_short(column, usable))
    rest = column.filter(left)
    if not len(rest):
        return answers
    # A whole column may have narrow spaces, or be foreign: as many values as that must not call the library.
    plain = plain_forms(rest)
    found, unread = pa.nulls(len(rest), pa.string()), rest.is_valid()
    if usable:
        found, unread = read(plain, unread, usable, strictness)
    abroad, unread = read_abroad(plain, unread, usable, strictness)
    return pc.replace_with_mask(answers, left, _replace(pc.coalesce(found, abroad), unread, rest, one))


def _replace(
    answers: pa.StringArray, left: pa.BooleanArray, column: pa.StringArray, one: Callable[[str], str | None]
) -> pa.StringArray:
    """The answers with those of the library where `left` is true."""
    rest = column.filter(left)
    return pc.replace_with_mask(answers, left, distinct.map_distinct(rest, one)) if len(rest) else answers
