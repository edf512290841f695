"""Finds a person's addresses and numbers in text that has no columns, however a number is spelt. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import phonenumbers

_BEFORE_EMAIL, _AFTER_EMAIL = rb"(?<![\w.%+@-])", rb"(?![\w@-]|\.\w)"

# What people write between the digits: also a space that does not break, in ISO-8859-1 and in UTF-8.
_BETWEEN = rb"(?:[ .()/-]|\xc2?\xa0|\xe2\x80\xaf)*"
_MIN_DIGITS = 6
_MAX_BEFORE = 40

_CELL_ENDS = re.compile(rb"[;,|\t\r\n]")
_MIN_REFERENCE = 5
"""A shorter reference is a number of anything: it is only looked for in its column."""


class Mentions:
    """Recognises any of a person's e-mail addresses and E.164 numbers, and references that fill a cell."""

    def __init__(self, emails: Iterable[str], numbers: Iterable[str], references: Iterable[str] = ()) -> None:
        """Prepare the search; all values are as the database stores them."""
        patterns = [_BEFORE_EMAIL + re.escape(email.encode()) + _AFTER_EMAIL for email in sorted(emails)]
        self._emails = re.compile(b"|".join(patterns), re.IGNORECASE) if patterns else None
        self._numbers = [pattern for number in sorted(numbers) if (pattern := _Number.of(number))]
        self._references = frozenset(
            reference.encode(encoding, "replace")
            for reference in references
            if len(reference) >= _MIN_REFERENCE
            for encoding in ("utf-8", "latin-1")
        )

    def offsets(self, data: bytes) -> npt.NDArray[np.int64]:
        """Where addresses and numbers are in these bytes."""
        return np.fromiter(self._found(data), np.int64)

    def is_in(self, line: bytes) -> bool:
        """Whether a line of text names the person."""
        if any(True for _ in self._found(line)):
            return True
        return bool(self._references) and any(
            cell.strip(b" \"'") in self._references for cell in _CELL_ENDS.split(line)
        )

    def _found(self, data: bytes) -> Iterator[int]:
        if self._emails is not None:
            yield from (match.start() for match in self._emails.finditer(data))
        for number in self._numbers:
            yield from number.found(data)


@dataclass(frozen=True, slots=True)
class _Number:
    """A number's digits after its country code, and what may stand before them.

    Two steps: a pattern that begins with an optional part is three times as slow over a whole file.
    """

    digits: re.Pattern[bytes]
    before: re.Pattern[bytes]

    @classmethod
    def of(cls, number: str) -> _Number | None:
        """The number with its country code, with a 0 or, as a spreadsheet leaves it, with neither."""
        try:
            parsed = phonenumbers.parse(number)
        except phonenumbers.NumberParseException:
            return None
        if len(digits := str(parsed.national_number)) < _MIN_DIGITS:
            return None
        code = rb"(?:\+|00)?" + _BETWEEN + _spaced(str(parsed.country_code)) + _BETWEEN
        return cls(
            re.compile(_spaced(digits) + rb"(?!\d)"),
            re.compile(rb"(?<!\d)(?:" + code + rb")?(?:0" + _BETWEEN + rb")?\Z"),
        )

    def found(self, data: bytes) -> Iterator[int]:
        """Where its digits begin."""
        for match in self.digits.finditer(data):
            start = match.start()
            if self.before.search(data, max(0, start - _MAX_BEFORE), start):
                yield start


def _spaced(digits: str) -> bytes:
    return _BETWEEN.join(bytes([digit]) for digit in digits.encode())
