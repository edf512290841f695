"""References: their form, those that a spreadsheet destroyed, and those that come again (protocol 3). Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from contactsync.reading.values import texts

MAX_COMPARED = 5_000_000
"""So many references are kept as 8 bytes each: 40 MB. Of a longer file, only these are compared."""

MAX_COMPOSED = 1020
"""Four times the longest reference of an account that compares references: NFC makes a text no shorter than a quarter."""

# Putting marks in order takes quadratic time: 5 s per MB for 7,000 in a row. No language has more than 30 (UAX #15).
_MARKS = r"\p{M}{31}"

# One digit, a decimal mark, an exponent with its sign: no other program writes a reference like this.
_SCIENTIFIC = r"^-?[0-9](?:[.,][0-9]+)?[eE][+-][0-9]{2,3}$"

# Excel's and LibreOffice's errors in all languages: capitals between # and a mark (#VALEUR!, #¿NOMBRE?, #DIV/0!), the
# forms of #N/A, which have no mark, and LibreOffice's numbered ones.
_ERROR = (
    r"^(?:#[¡¿]?\p{Lu}[\p{Lu}0-9/_ ]{1,24}[!?]|#\p{Lu}/\p{Lu}|#(?:NV|YOK|HIÁNYZIK|DISP|GETTING_DATA|N/DISP)"
    r"|#NENÍ_K_DISPOZICI|#{3,}|Err\p{Z}?:[0-9]{3})$"
)

# Odd, so that its powers have an inverse modulo 2 ** 64.
_BASE = np.uint64(0x9E37_79B9_7F4A_7C15)
_INVERSE = np.uint64(pow(int(_BASE), -1, 1 << 64))

_ONE = np.ones(1, np.uint64)
_FIRST_NOT_ASCII = 0x80


def normalise(column: pa.StringArray) -> pa.StringArray:
    """The references in NFC: macOS writes accents apart, which makes the same reference another text.

    One that is longer than MAX_COMPOSED because somebody piled up marks stays as it is.
    """
    _, data = texts.pieces(column)
    if not len(data) or data.max() < _FIRST_NOT_ASCII:
        return column
    hostile = pc.greater(pc.utf8_length(column), MAX_COMPOSED)
    if pc.any(hostile).as_py():
        hostile = pc.and_(hostile, pc.match_substring_regex(column, _MARKS))
        composed = pc.utf8_normalize(pc.if_else(hostile, "", column), "NFC")
        return pc.if_else(hostile, column, composed)
    return pc.utf8_normalize(column, "NFC")


def is_scientific(column: pa.StringArray) -> pa.BooleanArray:
    """Which references a spreadsheet shortened (`1,23457E+15`): their digits are lost. Null for null."""
    return _matches(column, _SCIENTIFIC, b"+-")


def is_error(column: pa.StringArray) -> pa.BooleanArray:
    """Which references are an error value of a spreadsheet, such as `#N/A` or `#VALEUR!`. Null for null."""
    return _matches(column, _ERROR, b"#:")


def _matches(column: pa.StringArray, pattern: str, signs: bytes) -> pa.BooleanArray:
    """Which texts match a pattern, each text of which has one of the signs: most columns have none of them."""
    data = texts.joined(column)
    # A look for a byte costs a hundredth of the pattern.
    if any(sign in data for sign in signs):
        return pc.match_substring_regex(column, pattern)
    return pc.if_else(column.is_valid(), pa.scalar(False), pa.scalar(None, pa.bool_()))


class Repeats:
    """Finds the references that came before in a file.

    Two texts with the same hash of 64 bits count as one, which never happens by chance in so many.
    """

    def __init__(self) -> None:
        """Nothing has been seen."""
        # A fixed seed: the same file gives the same answer.
        self._codes = np.random.default_rng(2_147_483_647).integers(0, 1 << 64, 256, np.uint64)
        self._powers, self._back = _ONE[:0], _ONE
        self._seen: npt.NDArray[np.uint64] = np.zeros(0, np.uint64)

    def take(self, column: pa.StringArray) -> npt.NDArray[np.bool_]:
        """Which of a batch's references, none of them null, came before, in it or in an earlier batch."""
        hashes = self._hash(column)
        distinct = np.sort(hashes)
        repeated = np.zeros(len(hashes), np.bool_)
        if (distinct[1:] == distinct[:-1]).any() or self._knows(distinct).any():
            distinct, first = np.unique(hashes, return_index=True)
            repeated[:] = True
            repeated[first] = self._knows(distinct)
            distinct = distinct[~repeated[first]]
        room = MAX_COMPARED - len(self._seen)
        if room > 0:
            # Two sorted runs: the stable sort only merges them.
            self._seen = np.sort(np.concatenate((self._seen, distinct[:room])), kind="stable")
        return repeated

    def _knows(self, distinct: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        at = np.searchsorted(self._seen, distinct)
        known = np.zeros(len(distinct), np.bool_)
        within = at < len(self._seen)
        known[within] = self._seen[at[within]] == distinct[within]
        return known

    def _hash(self, column: pa.StringArray) -> npt.NDArray[np.uint64]:
        """A polynomial of each text's bytes modulo 2 ** 64, over a random code for each byte."""
        offsets, data = texts.pieces(column)
        if len(self._powers) < len(data):
            self._powers = np.cumprod(np.full(len(data), _BASE, np.uint64), dtype=np.uint64)
            self._back = np.concatenate((_ONE, np.cumprod(np.full(len(data), _INVERSE, np.uint64))))
        sums = np.concatenate((_ONE - _ONE, np.cumsum(self._codes[data] * self._powers[: len(data)])))
        # What comes before a text multiplied its powers; that is divided out.
        starts, ends = offsets[:-1], offsets[1:]
        return (sums[ends] - sums[starts]) * self._back[starts]
