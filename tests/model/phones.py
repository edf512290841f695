"""Telephone numbers as they are stored (protocol 3)."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import phonenumbers

if TYPE_CHECKING:
    from .values import AccountRules

LONGEST = 40
FRANCE = ("FR", 33)
TERRITORIES = (("GP", 590), ("GF", 594), ("RE", 262), ("YT", 262), ("MQ", 596), ("PM", 508))
NINE_DIGITS = 9
FRENCH_PLAN = (FRANCE, *TERRITORIES)
SCIENTIFIC = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+")
# `612345678.0`; a point between groups of digits (`02.98.44.10.32`) is a separator.
DECIMAL = re.compile(r"[+-]?[0-9]{6,}[.,][0-9]{1,2}")


def read_phone(text: str, rules: AccountRules) -> str | None:
    """The number in E.164, or None if it is not a number by the account's strictness."""
    number = _parse(text, rules)
    if number is None:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_mobile(stored: str) -> bool:
    """Whether a stored number is one of a mobile."""
    kind = phonenumbers.number_type(phonenumbers.parse(stored))
    types = phonenumbers.PhoneNumberType
    return kind in (types.MOBILE, types.FIXED_LINE_OR_MOBILE)


def is_scientific(text: str) -> bool:
    """Whether a spreadsheet has replaced the digits by scientific notation."""
    return SCIENTIFIC.fullmatch(text) is not None


def _parse(text: str, rules: AccountRules) -> phonenumbers.PhoneNumber | None:
    text = "".join(" " if unicodedata.category(c) == "Zs" or c == "\t" else c for c in text)
    if len(text) > LONGEST or SCIENTIFIC.fullmatch(text) or DECIMAL.fullmatch(text):
        return None
    if ";" in text and not text.startswith("tel:"):
        return None
    try:
        number = phonenumbers.parse(text, rules.region)
    except phonenumbers.NumberParseException:
        return None
    number = _of_its_territory(number, rules)
    strict = rules.phone_check == "valid" or bool(number.italian_leading_zero)
    check = phonenumbers.is_valid_number if strict else phonenumbers.is_possible_number
    return number if check(number) else None


def _of_its_territory(number: phonenumbers.PhoneNumber, rules: AccountRules) -> phonenumbers.PhoneNumber:
    """The number under the country code of the French plan for which it is valid.

    France and its territories share a trunk prefix, so that people dial `0692…` from all of them. The six digits of
    Saint-Pierre-et-Miquelon are dialled only there; elsewhere they lack three.
    """
    at_home = any(rules.region == region for region, _ in TERRITORIES)
    ours = number.country_code == FRANCE[1] or (
        at_home and any(number.country_code == code for _, code in TERRITORIES)
    )
    complete = len(phonenumbers.national_significant_number(number)) == NINE_DIGITS
    if not ours or not complete or phonenumbers.is_valid_number(number):
        return number
    for region, code in FRENCH_PLAN:
        moved = phonenumbers.PhoneNumber()
        moved.merge_from(number)
        moved.country_code = code
        if phonenumbers.is_valid_number_for_region(moved, region):
            return moved
    return number
