"""Phone numbers of territories that share a dialling plan by trunk prefix (protocol 3). Pure.

France and its overseas territories dial each other with the same 0, but each has its own country code:
`0692 12 34 56` is a mobile in Réunion, `+262 692 12 34 56`, wherever in the plan it is dialled. libphonenumber
reads it in the account's region alone. It has no data on such plans. The French one is the only one in the
world between country codes; territories that share the code itself (GB and JE, NO and SJ) need no rule.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumber

from contactsync.reading.values.digit_patterns import starts
from contactsync.reading.values.numbering_plan import valid_patterns

if TYPE_CHECKING:
    from collections.abc import Iterator

# In the order in which they are tried: France first. RE and YT share 262.
_FRENCH = (33, 590, 594, 262, 596, 508)

_START = 2
"""So many digits decide whether a number may be another code's."""

_LENGTH = 9
"""A national number of the plan. Those of PM with six digits are dialled only there."""


def settle_one(number: PhoneNumber) -> PhoneNumber:
    """The number under the country code of the plan where it is valid; as it is, if it is valid there or nowhere."""
    if number.country_code not in _FRENCH or phonenumbers.is_valid_number(number):
        return number
    for code in _FRENCH:
        moved = PhoneNumber()
        moved.merge_from(number)
        moved.country_code = code
        if phonenumbers.is_valid_number(moved):
            return moved
    return number


def settle(national: pa.StringArray, code: str) -> pa.StringArray | None:
    """The E.164 form of each national number of a country code, settled like `settle_one`; null stays null.

    None if the code is not in such a plan.
    """
    if int(code) not in _FRENCH:
        return None
    answers = pc.binary_join_element_wise(f"+{code}", national, "")
    may_move = pa.array(_may_move(national, int(code)))
    if not pc.any(may_move).as_py():
        return answers
    some = national.filter(may_move)
    moved = answers.filter(may_move)
    left = pc.invert(_is_valid(some, int(code)))
    for other in _FRENCH:
        if other != int(code):
            there = pc.and_(left, _is_valid(some, other))
            moved = pc.if_else(there, pc.binary_join_element_wise(f"+{other}", some, ""), moved)
            left = pc.and_not(left, there)
    return pc.replace_with_mask(answers, may_move, moved)


def _may_move(national: pa.StringArray, code: int) -> npt.NDArray[np.bool_]:
    """Which numbers begin as one of another code of the plan does: few in a file of one country."""
    found = national.is_valid().to_numpy(zero_copy_only=False)
    if not found.any():
        return found  # type: ignore[no-any-return]  # pyarrow is untyped
    _, offsets, data = national.buffers()
    begins = np.frombuffer(offsets, np.int32)[national.offset :][: len(national)]
    digits = np.frombuffer(data, np.uint8)
    places = begins[found]
    number = np.zeros(len(places), np.int32)
    for place in range(_START):
        number = number * 10 + (digits[places + place] - ord("0"))
    found[found] = _elsewhere(code)[number]
    return found  # type: ignore[no-any-return]  # pyarrow is untyped


@cache
def _elsewhere(code: int) -> npt.NDArray[np.bool_]:
    """For each pair of digits, whether a valid number of another code of the plan begins with them."""
    table = np.zeros(10**_START, np.bool_)
    for other in _FRENCH:
        for _, types in _patterns(other) if other != code else ():
            bare = types.removeprefix("^(?:").removesuffix(")$")
            table[[int(start) for start in starts(bare, _START, _LENGTH)]] = True
    return table


def _is_valid(national: pa.StringArray, code: int) -> pa.BooleanArray:
    """Which national numbers are valid under a country code of the plan."""
    found = pa.scalar(False)
    for general, types in _patterns(code):
        here = pc.and_(pc.match_substring_regex(national, general), pc.match_substring_regex(national, types))
        found = pc.or_(found, here)
    return found


@cache
def _patterns(code: int) -> tuple[tuple[str, str], ...]:
    return tuple(_of_regions(code))


def _of_regions(code: int) -> Iterator[tuple[str, str]]:
    for region in COUNTRY_CODE_TO_REGION_CODE[code]:
        metadata = PhoneMetadata.metadata_for_region(region)
        assert metadata is not None
        assert metadata.general_desc is not None
        patterns = valid_patterns(metadata, metadata.general_desc)
        # `tests/unit/reading/values/test_territories.py` compares these patterns with the library.
        assert patterns is not None
        yield patterns
