"""Which phone numbers in E.164 form can be mobiles, a whole column at a time (protocol 2, `headers = known`). Pure.

The rule is libphonenumber's `number_type`. Parsing a number and asking takes the library 60 µs, so the patterns of its
metadata are matched against the column here. `tests/unit/reading/values/test_number_types.py` compares the two.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumberDesc

from contactsync.reading.values.numbering_plan import country_code

_CALL = 4
"""A plus and so many digits less one show the country of a number."""

# The library asks for these types first: a number of one of them is no mobile, whatever else it matches.
_SPECIAL = (
    *("premium_rate", "toll_free", "shared_cost", "voip"),
    *("personal_number", "pager", "uan", "voicemail"),
)


def can_be_mobile(numbers: pa.StringArray) -> pa.BooleanArray:
    """Which E.164 numbers are mobiles, or of a country whose mobiles look like fixed lines; false for null.

    The result is as long as `numbers`.
    """
    starts = pc.utf8_slice_codeunits(numbers, 0, _CALL)
    found = pa.array([False] * len(numbers), pa.bool_())
    for code in sorted({country_code(start[1:]) or 0 for start in pc.unique(starts).drop_null().to_pylist()}):
        here = pc.fill_null(pc.starts_with(numbers, f"+{code}"), fill_value=False)
        national = pc.utf8_slice_codeunits(numbers.filter(here), 1 + len(str(code)))
        found = pc.replace_with_mask(found, here, _of_country(national, code))
    return found


def _of_country(national: pa.StringArray, code: int) -> pa.BooleanArray:
    """Which national numbers of a country code can be mobiles, in the first of its regions that has the number."""
    regions = COUNTRY_CODE_TO_REGION_CODE.get(code, ())
    found = pa.array([False] * len(national), pa.bool_())
    free = pa.array([True] * len(national), pa.bool_())
    for region in regions:
        metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
        if metadata is None:
            continue
        mobile, known = _types(national, metadata)
        if len(regions) > 1 and metadata.leading_digits is not None:
            known = pc.match_substring_regex(national, f"^(?:{metadata.leading_digits})")
        taken = pc.and_(free, known)
        found = pc.if_else(taken, mobile, found)
        free = pc.and_not(free, taken)
    return found


def _types(national: pa.StringArray, metadata: PhoneMetadata) -> tuple[pa.BooleanArray, pa.BooleanArray]:
    """Which numbers of a region can be mobiles, and which are of any type, in the order in which the library asks."""
    special = pa.scalar(False)
    for name in _SPECIAL:
        special = pc.or_(special, _matches(national, getattr(metadata, name)))
    fixed = _matches(national, metadata.fixed_line)
    mobile = fixed if metadata.same_mobile_and_fixed_line_pattern else _matches(national, metadata.mobile)
    general = _matches(national, metadata.general_desc)
    known = pc.and_(general, pc.or_(special, pc.or_(fixed, mobile)))
    return pc.and_not(pc.and_(general, mobile), special), known


def _matches(national: pa.StringArray, kind: PhoneNumberDesc | None) -> pa.BooleanArray | pa.BooleanScalar:
    if kind is None or not kind.national_number_pattern:
        return pa.scalar(False)
    found = pc.match_substring_regex(national, f"^(?:{kind.national_number_pattern})$")
    if not kind.possible_length:
        return found
    return pc.and_(found, pc.is_in(pc.binary_length(national), pa.array(kind.possible_length, pa.int32())))
