"""How the plain numbers of a region are written, worked out from libphonenumber's own metadata. Pure.

There is a pattern only for texts that `phonenumbers.parse` certainly reads in one way, at every step.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import permutations

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumberDesc

from contactsync.reading.values.digit_patterns import Language, language

# With marks between the digits the library needs at least three; without marks, two are enough.
_LEAST_DIGITS = 3

_TYPES = (
    *("fixed_line", "mobile", "premium_rate", "toll_free", "shared_cost"),
    *("voip", "personal_number", "pager", "uan", "voicemail"),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """The plain numbers of a region.

    `shapes`: pairs of the length of a national number and the pattern of the texts (a plus or none, then
    digits) that end in that number. `valid`: a national number must match all of these patterns; None if no
    patterns can decide. `idd` begins an international call; no national number is shorter than `shortest`.
    `perhaps`: every other text of digits, with or without a plus, is certainly no number of this plan, unless it is
    an international call.
    """

    code: str
    idd: str
    shortest: int
    shapes: tuple[tuple[int, str], ...]
    valid: tuple[str, str] | None
    perhaps: str


@dataclass(frozen=True, slots=True)
class _Region:
    """How numbers are dialled in a region. `lengths` are those of complete national numbers, `local` those without an area code."""

    code: str
    idd: str
    prefixes: tuple[str, ...]
    lengths: frozenset[int]
    local: frozenset[int]
    general: Language


# A region has one plan, and the library knows about 250 regions.
@cache
def plan_of(region: str) -> Plan | None:
    """The plain numbers of a region, or None if the library must read every number.

    That is so for an unknown region, for one that shares its country code and is not the code's main region
    (is_possible_number uses that region's metadata), and for prefixes that are not plain digits or rewrite the
    number (BR, AR, LU).
    """
    metadata = PhoneMetadata.metadata_for_region(region) if region in phonenumbers.SUPPORTED_REGIONS else None
    if metadata is None or metadata.general_desc is None or metadata.national_prefix_transform_rule:
        return None
    general = metadata.general_desc
    code, idd = str(metadata.country_code), metadata.international_prefix or ""
    parsing = metadata.national_prefix_for_parsing
    prefixes = tuple(parsing.split("|")) if parsing else ()
    regions = COUNTRY_CODE_TO_REGION_CODE[int(code)]
    if (
        regions[0] != region
        or not all(re.fullmatch("[0-9]+", prefix) for prefix in (idd, *prefixes))
        or any(one.startswith(other) for one, other in permutations(prefixes, 2))
        or idd[0] == code[0]
        or any(int(code[:end]) in COUNTRY_CODE_TO_REGION_CODE for end in range(1, len(code)))
    ):
        return None
    local = frozenset(general.possible_length_local_only)
    lengths = frozenset(general.possible_length) - local
    try:
        matched = language(general.national_number_pattern or "")
        valid = valid_patterns(metadata, general) if len(regions) == 1 else None
    except ValueError:
        return None
    dialled = _Region(code, idd, prefixes, lengths, local, matched)
    shapes = [(length, _shape(length, dialled)) for length in sorted(lengths) if length >= _LEAST_DIGITS]
    shapes += [(length, _local_shape(length, dialled)) for length in sorted(local) if length >= _LEAST_DIGITS]
    return Plan(code, idd, min(lengths | local), tuple(shapes), valid, _perhaps(dialled))


def _perhaps(region: _Region) -> str:
    """The pattern of the texts that may have a complete number or a local one at their end.

    parse takes only these away from its beginning: the country code, and a national prefix before and after it has
    looked for the code.
    """
    prefixes = "|".join(("", *region.prefixes))
    # A number with a leading zero must be valid (protocol 3), and is not where no valid number has one.
    first = "[0-9]" if "0" in region.general.firsts else "[1-9]"
    ends = "|".join(f"{first}[0-9]{{{length - 1}}}" for length in sorted(region.lengths | region.local))
    return rf"^(?:\+?{region.code})?(?:{prefixes})(?:{prefixes})(?:{ends})$"


def country_code(digits: str) -> int | None:
    """The country code with which the first three digits of an international number begin; None if there is none."""
    # `+0033` is no number of a country, but the library reads it.
    codes = (int(digits[:end]) for end in range(1, len(digits) + 1) if not digits.startswith("0"))
    return next((code for code in codes if code in COUNTRY_CODE_TO_REGION_CODE), None)


def _shape(length: int, region: _Region) -> str:
    """The pattern of the texts that are certainly read as a national number of `length` digits, at their end."""
    code, idd, prefixes, general = region.code, region.idd, region.prefixes, region.general

    def too_long(digits: int) -> bool:
        return digits > max(region.lengths) and digits not in region.local

    # parse drops a national prefix unless the number matches the general pattern only with it.
    gone = [p for p in prefixes if p[0] not in general.firsts or len(p) + length not in general.widths]
    number = _digits(length, prefixes)
    # `+33…`, `0033…`, each also with the `(0)` that people add.
    texts = [rf"(?:\+|{idd}){code}(?:{'|'.join(['', *gone])}){number}"]
    # `33…`: a country code for certain only if the whole text is too long for a national number.
    texts += [f"{code}{p}{number}" for p in ("", *gone) if too_long(len(code + p) + length)]
    # `06…`: must begin neither like an international call nor with the country code.
    for prefix in gone:
        if not prefix.startswith((idd, code)):
            others = [other[len(prefix) :] for other in (idd, code) if other.startswith(prefix)]
            texts.append(prefix + _digits(length, (*prefixes, *others)))
    # `6…`: ambiguous if it begins with the country code, unless the rest is too short for a number.
    doubtful = [code] if length - len(code) >= min(general.widths) else []
    texts.append(_digits(length, (*prefixes, idd, *doubtful)))
    return f"^(?:{'|'.join(texts)})$"


def _local_shape(length: int, region: _Region) -> str:
    """The pattern of international texts that are certainly read as a number of `length` digits without an area code."""
    return rf"^(?:\+|{region.idd}){region.code}{_digits(length, region.prefixes)}$"


def _digits(length: int, unlike: tuple[str, ...]) -> str:
    """The pattern of `length` digits that begin with none of `unlike` (RE2 has no look-ahead)."""
    if not unlike or length == 0:
        return f"[0-9]{{{length}}}"
    free, texts = "", []
    for digit in "0123456789":
        tails = tuple(text[1:] for text in unlike if text[0] == digit)
        if not tails:
            free += digit
        elif "" not in tails:
            texts.append(digit + _digits(length - 1, tails))
    if free:
        texts.append(f"[{free}][0-9]{{{length - 1}}}")
    return f"(?:{'|'.join(texts)})"


def valid_patterns(metadata: PhoneMetadata, general: PhoneNumberDesc) -> tuple[str, str] | None:
    """The patterns of a valid national number: the general one, and one for any of the types.

    None if a type's pattern matches lengths that its metadata rules out: the library checks both.
    """
    types = []
    for name in _TYPES:
        kind: PhoneNumberDesc | None = getattr(metadata, name)
        if kind is None or not kind.national_number_pattern:
            continue
        if kind.possible_length and not language(kind.national_number_pattern).widths <= set(
            kind.possible_length
        ):
            return None
        types.append(kind.national_number_pattern)
    return f"^(?:{general.national_number_pattern})$", f"^(?:{'|'.join(types)})$"
