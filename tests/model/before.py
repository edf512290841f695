"""Which phone numbers mean the same with and without the amended rules of protocol 3.

To be deleted together with the switch `amended` of `generate.deposits`.
"""

from __future__ import annotations

import phonenumbers

from .phones import read_phone
from .values import AccountRules


def same_as_before(text: str, region: str) -> bool:
    """Whether the plain library reads the number as the amended rules do, under both strictnesses."""
    for phone_check, check in (
        ("possible", phonenumbers.is_possible_number),
        ("valid", phonenumbers.is_valid_number),
    ):
        try:
            number = phonenumbers.parse(text, region)
            form = phonenumbers.PhoneNumberFormat.E164
            plain = phonenumbers.format_number(number, form) if check(number) else None
        except phonenumbers.NumberParseException:
            plain = None
        if plain != read_phone(text, AccountRules("", region=region, phone_check=phone_check)):
            return False
    return True
