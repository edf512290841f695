"""Reads phone numbers that are not plain ones of the region, a whole column at a time (protocol 3). Pure.

They are foreign, in other scripts' digits, have an extension, letters in place of digits, or words before the number.
Each is brought into a plain form that the library certainly reads alike, then read by the patterns of its country. What
no pattern decides is left to the library, which takes 50 µs for each: a file full of such numbers would take minutes.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, unicode_util

from contactsync.reading.values import territories, texts
from contactsync.reading.values.numbering_plan import country_code, plan_of
from contactsync.reading.values.plain_numbers import SCIENTIFIC, TWO, is_decimal, read, without_marks

if TYPE_CHECKING:
    from contactsync.domain.account import PhoneCheck
    from contactsync.reading.values.numbering_plan import Plan

# Marks that the library ignores among digits, besides the ASCII ones, and its other plus.
_IGNORED = (
    "\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u200b\u2053\u2060\u2212\u223c\u30fc"
    "\uff08\uff09\uff0d\uff0e\uff0f\uff3b\uff3d"
)
_PLUS = "\uff0b"

_NOT_PLAIN = "[^ -~]"

# Signs of an extension after a number of at least three digits; the library reads up to nine digits after them.
_EXTENSION = (
    r"^([+() ./-]*[0-9](?:[() ./-]*[0-9]){2,}[()./-]*)"
    r" ?(?:[xX#~]|[iI][nN][tT]|[eE]?[xX][tT][nN]?\.?) ?[0-9]{1,7}$"
)

# The library begins to read at the first plus or digit, and ends at the last letter or digit.
_BEFORE, _AFTER = "^[^+0-9]+", r"[ !\"$-/:-@\[-`{-~]+$"
# Letters count only after three digits. An `x` or `int` may begin an extension.
_LETTERED = r"^\+?(?:[ ./()-]*[0-9]){3}[0-9A-Za-z ./()-]*$"
_DIGITS_AND_MARKS = "^[^A-Za-z]*$"
_EXTENDED = "[xX]|[iI][nN][tT]"
_KEYS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
"""The digits of the letters on a telephone's keys, by ITU-T E.161."""
_LEAST_LETTERS = 3
"""The library reads fewer letters than these as nothing."""

_DIGITS_ONLY = r"^\+?[0-9]+$"
_CALL = 4
"""A plus and so many digits less one show the country of a number."""

_NOTHING, _UNCLEAR, _NOWHERE, _AT_HOME = -3, -2, -1, 0


class _Characters(dict[int, str]):
    """Digits, the plus and white space in ASCII, and ignored marks as nothing, for `str.translate`."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if character.isspace():
            self[code] = " "
        elif unicodedata.category(character) == "Nd":
            self[code] = str(unicode_util.digit(character))
        else:
            self[code] = character
        return self[code]


_PLAIN = _Characters(dict.fromkeys(map(ord, _IGNORED), "") | {ord(_PLUS): "+"})


def plain_forms(column: pa.StringArray) -> pa.StringArray:
    """Each text in a form that the library reads alike: ASCII digits and marks, no extension, no words around it."""
    odd = pc.match_substring_regex(column, _NOT_PLAIN)
    if pc.any(odd).as_py():
        # Nothing else is done to these: a mark that is left out here may part letters or pluses.
        plain = [text.translate(_PLAIN) for text in column.filter(odd).to_pylist()]
        column = pc.replace_with_mask(column, odd, pa.array(plain, pa.string()))
    # What follows a semicolon may be a parameter, and `3E5` would look like a number without its letter.
    spared = pc.or_(pc.match_substring(column, ";"), pc.match_substring_regex(column, SCIENTIFIC))
    even = pc.invert(pc.or_(odd, spared))
    return pc.replace_with_mask(column, even, _undressed(column.filter(even)))


def _undressed(column: pa.StringArray) -> pa.StringArray:
    """Texts of ASCII without what the library skips: an extension, words before, signs after, stars and brackets in it."""
    for pattern, instead in (
        (_BEFORE, ""),
        (_AFTER, ""),
        (_EXTENSION, r"\1"),
        (r"^\++", "+"),
        (r"[*\[\]]", ""),
    ):
        column = pc.replace_substring_regex(column, pattern, instead)
    lettered = pc.match_substring_regex(column, _LETTERED)
    lettered = pc.and_not(lettered, pc.match_substring_regex(column, _DIGITS_AND_MARKS))
    lettered = pc.and_not(lettered, pc.match_substring_regex(column, _EXTENDED))
    if not pc.any(lettered).as_py():
        return column
    texts = pc.utf8_upper(column.filter(lettered))
    without = pc.replace_substring_regex(texts, "[A-Z]", "")
    few = pc.less(pc.subtract(pc.binary_length(texts), pc.binary_length(without)), _LEAST_LETTERS)
    dialled = pa.array([text.translate(_KEYS) for text in texts.to_pylist()], pa.string())
    return pc.replace_with_mask(column, lettered, pc.if_else(few, without, dialled))


def read_abroad(
    column: pa.StringArray, among: pa.BooleanArray, home: Plan | None, strictness: PhoneCheck
) -> tuple[pa.StringArray, pa.BooleanArray]:
    """What the plans of other countries decide, and which of the values in `among` they leave to the library.

    International numbers are read alike in every region. `home` is the region's plan: its numbers that cannot be
    numbers are decided, too.
    """
    signs = texts.joined(column)
    compact = without_marks(column, signs)
    if home is not None:
        # No country code begins with 0, so the library then reads on without the plus.
        plus = r"\+?" if home.idd[0] == "0" else ""
        compact = pc.replace_substring_regex(compact, f"^{plus}{home.idd}([1-9])", r"+\1")
    answers = pa.nulls(len(column), pa.string())
    digits = pc.and_(among, pc.match_substring_regex(compact, _DIGITS_ONLY))
    if any(sign in signs for sign in b"./-"):
        digits = pc.and_not(digits, pc.or_(is_decimal(column), pc.match_substring_regex(column, TWO)))
    rest = compact.filter(digits)
    left = pc.and_not(among, digits)
    if not len(rest):
        return answers, left
    # One array for each country, so that a file of numbers from everywhere needs few calls.
    groups = _groups(rest, home)
    order = np.argsort(groups, kind="stable")
    ordered = rest.take(pa.array(order))
    found, unread = [], []
    starts = np.flatnonzero(np.diff(groups[order], prepend=_NOTHING))
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(order)], strict=True):
        numbers = ordered.slice(start, end - start)
        stored, doubtful = _of_group(numbers, int(groups[order[start]]), home, strictness)
        found.append(stored if stored is not None else pa.nulls(len(numbers), pa.string()))
        unread.append(doubtful)
    back = pa.array(np.argsort(order))
    answers = pc.replace_with_mask(answers, digits, pa.concat_arrays(found).take(back))
    return answers, pc.replace_with_mask(left, digits, pa.concat_arrays(unread).take(back))


def _groups(column: pa.StringArray, home: Plan | None) -> npt.NDArray[np.int32]:
    """The country code of each number with a plus; `_AT_HOME` for one without, and `_NOWHERE` or `_UNCLEAR`."""
    starts = pc.if_else(pc.starts_with(column, "+"), pc.utf8_slice_codeunits(column, 0, _CALL), "")
    coded = starts.dictionary_encode()
    codes = [_group(start, home) for start in coded.dictionary.to_pylist()]
    groups: npt.NDArray[np.int32] = np.array(codes, np.int32)[coded.indices.to_numpy()]
    return groups


def _group(start: str, home: Plan | None) -> int:
    if not start:
        return _AT_HOME
    if code := country_code(start[1:]):
        return code
    # The library then ignores the plus, and may find the prefix of an international call; before a 0 it is none.
    certain = home is not None and len(start) == _CALL and (start[1] == "0" or start[1] != home.idd[0])
    return _NOWHERE if certain else _UNCLEAR


def _of_group(
    column: pa.StringArray, group: int, home: Plan | None, strictness: PhoneCheck
) -> tuple[pa.StringArray | None, pa.BooleanArray]:
    """The numbers of a group, if it has any, and which of them are left to the library."""
    if group == _AT_HOME and home is not None:
        return None, pc.match_substring_regex(column, home.perhaps)
    if group > 0:
        return _of_country(column, group, strictness)
    return None, pa.array(np.full(len(column), group != _NOWHERE))


def _of_country(
    column: pa.StringArray, code: int, strictness: PhoneCheck
) -> tuple[pa.StringArray | None, pa.BooleanArray]:
    """The numbers of one country, which are a plus and digits, and which of them are left to the library."""
    region = COUNTRY_CODE_TO_REGION_CODE[code][0]
    plan = plan_of(region)
    if plan is not None and (strictness == "possible" or plan.valid is not None):
        return read(column, pc.match_substring_regex(column, plan.perhaps), plan, strictness)
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    if metadata is None or metadata.general_desc is None or strictness == "valid":
        return None, column.is_valid()
    # No plan can say what the prefixes mean, but most numbers have none. A zero may be a typing error.
    prefixed = f"^\\+{code}(?:0|{metadata.national_prefix_for_parsing or '0'})"
    left = pc.match_substring_regex(column, prefixed)
    general = metadata.general_desc
    lengths = sorted({*general.possible_length, *general.possible_length_local_only})
    possible = pc.match_substring_regex(
        column, f"^\\+{code}(?:{'|'.join(f'[0-9]{{{n}}}' for n in lengths)})$"
    )
    national = pc.if_else(
        pc.and_not(possible, left),
        pc.utf8_slice_codeunits(column, 1 + len(str(code))),
        pa.scalar(None, pa.string()),
    )
    settled = territories.settle(national, str(code))
    return texts.prefixed(f"+{code}", national) if settled is None else settled, left
