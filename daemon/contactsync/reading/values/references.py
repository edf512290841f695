"""References: their form, those that a spreadsheet destroyed, and those that come again (protocol 3). Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

MAX_COMPARED = 5_000_000
"""So many references are kept as 8 bytes each: 40 MB. Of a longer file, only these are compared."""

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


def normalise(column: pa.StringArray) -> pa.StringArray:
    """The references in NFC: macOS writes accents apart, which makes the same reference another text."""
    if pc.all(pc.fill_null(pc.string_is_ascii(column), fill_value=True)).as_py():
        return column
    return pc.utf8_normalize(column, "NFC")


def is_scientific(column: pa.StringArray) -> pa.BooleanArray:
    """Which references a spreadsheet shortened (`1,23457E+15`): their digits are lost. Null for null."""
    return pc.match_substring_regex(column, _SCIENTIFIC)


def is_error(column: pa.StringArray) -> pa.BooleanArray:
    """Which references are an error value of a spreadsheet, such as `#N/A` or `#VALEUR!`. Null for null."""
    return pc.match_substring_regex(column, _ERROR)


class Repeats:
    """Finds the references that came before in a file.

    Two texts with the same hash of 64 bits count as one, which never happens by chance in so many.
    """

    def __init__(self) -> None:
        """Nothing has been seen."""
        # A fixed seed: the same file gives the same answer.
        self._codes = np.random.default_rng(2_147_483_647).integers(0, 1 << 64, 256, np.uint64)
        self._seen: npt.NDArray[np.uint64] = np.zeros(0, np.uint64)

    def take(self, column: pa.StringArray) -> npt.NDArray[np.bool_]:
        """Which of a batch's references, none of them null, came before, in it or in an earlier batch."""
        hashes = self._hash(column)
        room = MAX_COMPARED - len(self._seen)
        distinct, first = np.unique(hashes, return_index=True)
        repeated = np.ones(len(hashes), np.bool_)
        repeated[first] = False
        at = np.searchsorted(self._seen, distinct)
        known = np.zeros(len(distinct), np.bool_)
        within = at < len(self._seen)
        known[within] = self._seen[at[within]] == distinct[within]
        repeated[first[known]] = True
        if room > 0:
            # Two sorted runs: the stable sort only merges them.
            self._seen = np.sort(np.concatenate((self._seen, distinct[~known][:room])), kind="stable")
        return repeated

    def _hash(self, column: pa.StringArray) -> npt.NDArray[np.uint64]:
        """A polynomial of each text's bytes modulo 2 ** 64, over a random code for each byte."""
        offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset :][: len(column) + 1]
        low, high = int(offsets[0]), int(offsets[-1])
        data = column.buffers()[2]
        codes = self._codes[np.frombuffer(data, np.uint8)[low:high]] if high > low else self._codes[:0]
        powers = np.cumprod(np.full(len(codes), _BASE, np.uint64))
        sums = np.concatenate((np.zeros(1, np.uint64), np.cumsum(codes * powers)))
        # What comes before a text multiplied its powers; that is divided out.
        back = np.concatenate((np.ones(1, np.uint64), np.cumprod(np.full(len(codes), _INVERSE, np.uint64))))
        starts, ends = offsets[:-1] - low, offsets[1:] - low
        found: npt.NDArray[np.uint64] = np.multiply(np.subtract(sums[ends], sums[starts]), back[starts])
        return found
