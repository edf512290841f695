"""Sample phone numbers, so that a Belgian reader is not shown a French one. Pure."""

from __future__ import annotations

from functools import cache

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

_INTERNATIONAL = "+33 6 12 34 56 78"
"""For a region of which the library has no sample."""


@cache
def sample_mobile(region: str) -> str:
    """A mobile number of a region as people write it there."""
    return _sample(region, PhoneNumberType.MOBILE)


@cache
def sample_phone(region: str) -> str:
    """A fixed number of a region as people write it there."""
    return _sample(region, PhoneNumberType.FIXED_LINE)


def _sample(region: str, kind: int) -> str:
    found = phonenumbers.example_number_for_type(region, kind)
    return phonenumbers.format_number(found, PhoneNumberFormat.NATIONAL) if found else _INTERNATIONAL
