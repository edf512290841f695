"""Reads birth dates (protocol 3), a whole column at a time. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contactsync.domain.account import DateOrder
from contactsync.reading.values import distinct, plain_dates

# ASCII digits only; the same separator both times. `re.fullmatch` lets no line end pass. Databases and spreadsheets
# add a midnight time to a date (Access, SQL Server, Salesforce).
_MIDNIGHT = (
    r"(?:[ T](?:0{1,2}:00(?::00(?:[.,]0+)?)?(?: ?AM)?|12:00(?::00)? ?AM)(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_PARTS = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})" + _MIDNIGHT)
_YEAR_FIRST = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})" + _MIDNIGHT)

_SLASHED = rf"^[0-9]{{1,2}}/[0-9]{{1,2}}/[0-9]{{4}}{_MIDNIGHT}$"
_MONTH_FIRST = rf"^(?:0?[1-9]|1[0-2])/(?:1[3-9]|2[0-9]|3[01])/[0-9]{{4}}{_MIDNIGHT}$"


def normalise_one(value: str, order: DateOrder = "dmy") -> str | None:
    """One trimmed text as `YYYY-MM-DD`, or None if it is not a date.

    The forms are `D/M/YYYY`, `D-M-YYYY`, `D.M.YYYY` and `YYYY-M-D` (protocol 3), and a midnight time after them.
    Under the order `mdy` a date with slashes is `M/D/YYYY`. The day must exist in the Gregorian calendar, in the
    years 0001 to 9999, as in Python and PostgreSQL.
    """
    if found := _PARTS.fullmatch(value):
        day, month, year = int(found[1]), int(found[3]), int(found[4])
        if order == "mdy" and found[2] == "/":
            day, month = month, day
    elif found := _YEAR_FIRST.fullmatch(value):
        year, month, day = int(found[1]), int(found[2]), int(found[3])
    else:
        return None
    try:
        return date(year, month, day).isoformat()
    # 31 April, month 13, year 0.
    except ValueError:
        return None


def normalise(column: pa.StringArray, order: DateOrder = "dmy") -> pa.StringArray:
    """The dates of a column of trimmed texts as `YYYY-MM-DD`; null if the text is not a date, or null.

    The result is as long as `column` and each value is `normalise_one`'s. It is called once per distinct text of
    those that are not plain (`plain_dates.py`). Raises nothing for any text.
    """
    answers, left = plain_dates.read(column, order)
    rest = column.filter(left)
    if not len(rest):
        return answers
    judged = distinct.map_distinct(rest, lambda value: normalise_one(value, order))
    return pc.replace_with_mask(answers, left, judged)


def is_slashed(column: pa.StringArray) -> pa.BooleanArray:
    """Which texts have the form of a date with slashes, whatever the order of day and month; null for null."""
    return pc.match_substring_regex(column, _SLASHED)


def has_month_first(column: pa.StringArray) -> bool:
    """Whether a text is a date only if the month is first, such as `12/31/1980`."""
    return bool(pc.any(pc.match_substring_regex(column, _MONTH_FIRST)).as_py())


class MonthFirstWatch:
    """Looks for `/13` to `/31` followed by a slash in the bytes of a file, at a small part of the cost of reading it.

    Only if there is one may a date of the file have the month first, and only then are the dates worth a look
    before the file is read. No file without one pays for that.
    """

    def __init__(self) -> None:
        """Nothing has been seen."""
        self.suspicious = False
        self._tail = b""

    def through(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The same chunks."""
        for chunk in chunks:
            if self.suspicious:
                pass
            elif b"/" in chunk or b"/" in self._tail:
                self._look(self._tail + chunk)
            else:
                self._tail = b""
            yield chunk

    def _look(self, data: bytes) -> None:
        codes = np.frombuffer(data, np.uint8)
        places = np.flatnonzero(codes == ord("/"))
        # There are two digits between two slashes.
        starts = places[:-1][np.diff(places) == len("/31")]
        days = codes[starts + 1] * np.int32(256) + codes[starts + 2]
        low, high = int.from_bytes(b"13", "big"), int.from_bytes(b"31", "big")
        self.suspicious = bool(((low <= days) & (days <= high)).any())
        self._tail = data[-len("/31") :]
