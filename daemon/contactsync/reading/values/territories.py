"""Phone numbers of territories that share a dialling plan by trunk prefix (protocol 3). Pure.

France and its overseas territories dial each other with the same 0, but each has its own country code:
`0692 12 34 56` is a mobile in Réunion, `+262 692 12 34 56`, wherever in the plan it is dialled. libphonenumber
reads it in the account's region alone. It has no data on such plans. The French one is the only one in the
world between country codes; territories that share the code itself (GB and JE, NO and SJ) need no rule.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumber

from contactsync.reading.values import texts
from contactsync.reading.values.numbering_plan import valid_patterns

if TYPE_CHECKING:
    from collections.abc import Iterator

# In the order in which they are tried: France first. RE and YT share 262.
_FRENCH = (33, 590, 594, 262, 596, 508)
_PREFIXES = pa.array([f"+{code}" for code in _FRENCH])

_START = 5
"""So many digits of a number decide under which codes it is valid."""

_LENGTH = 9
"""A national number of the plan. Those of PM with six digits are dialled only there."""

# What every alternative of the metadata's patterns ends in: as many digits of any kind as do not decide.
_ANY_END = re.compile(r"\\d\{([0-9]+)\}$")

_UNKNOWN = -1

_OWNERS = {code: np.full(10**_START, _UNKNOWN, np.int8) for code in _FRENCH}
"""For each code the owners of its numbers by their start; filled when a start is first seen."""


def settle_one(number: PhoneNumber) -> PhoneNumber:
    """The number under the country code of the plan where it is valid; as it is, if it is valid there or nowhere.

    Six digits stay as they are: nearly all of them are a number of PM, but elsewhere they lack some digits.
    """
    if number.country_code not in _FRENCH or phonenumbers.is_valid_number(number):
        return number
    if len(phonenumbers.national_significant_number(number)) != _LENGTH:
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
    home = _FRENCH.index(int(code))
    offsets, data = texts.pieces(national)
    valid = national.is_valid().to_numpy(zero_copy_only=False)
    found = valid & (np.diff(offsets) == _LENGTH)
    owners = _owners(offsets[:-1][found], data, int(code))
    if (owners == home).all():
        return texts.prefixed(f"+{code}", national)
    places = np.full(len(national), home, np.int8)
    places[found] = owners
    return pc.binary_join_element_wise(_PREFIXES.take(pa.array(places)), national, "")


def _owners(places: npt.NDArray[np.int32], digits: npt.NDArray[np.uint8], code: int) -> npt.NDArray[np.int8]:
    """For the numbers of `code` at these places, the place in `_FRENCH` of the code that each is stored under."""
    starts = np.zeros(len(places), np.int32)
    for place in range(_START):
        starts = starts * 10 + (digits[places + place] - ord("0"))
    table = _OWNERS[code]
    owners = table[starts]
    unknown = owners == _UNKNOWN
    if unknown.any():
        fresh = np.unique(starts[unknown])
        table[fresh] = _owners_of(fresh, code)
        owners = table[starts]
    return owners


def _owners_of(starts: npt.NDArray[np.int32], code: int) -> npt.NDArray[np.int8]:
    """The owner of each start: `code` where the number is valid or valid nowhere, else the first where it is."""
    samples = pa.array([f"{start:0{_START}}".ljust(_LENGTH, "0") for start in starts.tolist()])
    home = _FRENCH.index(code)
    owners = np.full(len(starts), home, np.int8)
    for place in reversed(range(len(_FRENCH))):
        owners[_is_valid(samples, _FRENCH[place]).to_numpy(zero_copy_only=False)] = place
    owners[_is_valid(samples, code).to_numpy(zero_copy_only=False)] = home
    return owners


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
        assert all(map(_ends_freely, patterns))
        yield patterns


def _ends_freely(pattern: str) -> bool:
    """Whether each alternative of a pattern `^(?:…)$` leaves the digits after `_START` free."""
    ends = _alternatives(pattern.removeprefix("^(?:").removesuffix(")$"))
    found = map(_ANY_END.search, ends)
    return all(match and int(match[1]) >= _LENGTH - _START for match in found)


def _alternatives(pattern: str) -> list[str]:
    """The alternatives of a pattern that are in no group."""
    depth, parts = 0, [""]
    for letter in pattern:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
