"""Phone numbers of territories that share a dialling plan by trunk prefix (protocol 3). Pure.

France and its overseas territories dial each other with the same 0, but each has its own country code:
`0692 12 34 56` is a mobile in Réunion, `+262 692 12 34 56`, wherever in the plan it is dialled. libphonenumber
reads it in the account's region alone. It has no data on such plans. The French one is the only one in the
world between country codes; territories that share the code itself (GB and JE, NO and SJ) need no rule.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumber

from contactsync.reading.values.numbering_plan import valid_patterns

if TYPE_CHECKING:
    from collections.abc import Iterator

# In the order in which they are tried: France first. RE and YT share 262.
_FRENCH = (33, 590, 594, 262, 596, 508)


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
    left = pc.fill_null(pc.invert(_is_valid(national, int(code))), fill_value=False)
    # In a file of one country nearly every number is valid.
    for other in _FRENCH:
        if not pc.any(left).as_py():
            break
        if other != int(code):
            there = pc.and_(left, pc.fill_null(_is_valid(national, other), fill_value=False))
            answers = pc.if_else(there, pc.binary_join_element_wise(f"+{other}", national, ""), answers)
            left = pc.and_not(left, there)
    return answers


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
