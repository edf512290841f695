"""Phone numbers as reports write them: `+33612345678` becomes `+33 6 12 34 56 78` (protocol 6). Pure.

A spreadsheet takes `+33612345678` for a number and drops its plus: as `33612345678`, or `687751234` of another
country, it comes back as somebody else's. It leaves a text with spaces alone.

The rule is libphonenumber's INTERNATIONAL format. This module reads the library's patterns from its metadata, which
takes a twelfth of the time of its own functions, and formats each number of a day once.
`tests/unit/reports/test_phone_text.py` compares the two.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TypeAlias

import phonenumbers
from phonenumbers import PhoneMetadata

_Formats: TypeAlias = tuple[tuple[re.Pattern[str], re.Pattern[str], str], ...]
"""Leading digits, the whole national number, and the template that spaces it; the first that matches is taken."""

MAX_KEPT = 200_000
"""How many formatted numbers are remembered; about 40 MB."""

_CODE_DIGITS = 3
_GROUP = re.compile(r"\\([1-9])")
_E164 = re.compile(r"\+[0-9]{4,15}")


def international(e164: str) -> str:
    """A number in E.164 in libphonenumber's INTERNATIONAL format; any other text as it is."""
    if not _E164.fullmatch(e164):
        return e164
    for end in range(2, 2 + _CODE_DIGITS):
        code, national = e164[1:end], e164[end:]
        if formats := _formats_of(code):
            for leading, pattern, template in formats:
                if leading.match(national) and (matched := pattern.fullmatch(national)):
                    return f"+{code} {template.format(*matched.groups())}"
            return f"+{code} {national}"
    return e164


class Formatted(dict[bytes, bytes]):
    """Formats each number once: a day's files name the same people again and again."""

    def __missing__(self, e164: bytes) -> bytes:
        """Format a number that is not remembered."""
        if len(self) >= MAX_KEPT:
            self.clear()
        self[e164] = answer = international(e164.decode()).encode()
        return answer


@cache
def _formats_of(code: str) -> _Formats | None:
    """How the numbers of a country code are spaced; None if there is no such code."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code)) if code[0] != "0" else None
    if regions is None:
        return None
    if regions[0] == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY:
        metadata = PhoneMetadata.metadata_for_nongeo_region(int(code))
    else:
        metadata = PhoneMetadata.metadata_for_region(regions[0])
    every = (metadata.intl_number_format or metadata.number_format) if metadata else ()
    found = [
        (
            re.compile(each.leading_digits_pattern[-1] if each.leading_digits_pattern else ""),
            re.compile(each.pattern),
            # `\1 \2` → `{0} {1}`: str.format takes a tenth of the time of match.expand.
            _GROUP.sub(lambda group: f"{{{int(group[1]) - 1}}}", each.format),
        )
        for each in every
        if each.pattern and each.format
    ]
    return tuple(found) or _UNSPACED


_UNSPACED: _Formats = ((re.compile(""), re.compile("(.*)"), "{0}"),)
