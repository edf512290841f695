"""Which texts are birth dates (protocol 3), a whole column at a time. Pure."""

from __future__ import annotations

import re
from datetime import date

import pyarrow as pa

from contactsync.reading.values import distinct

# ASCII digits only; the same separator both times. `re.fullmatch`, so that no line end slips by.
_DAY_FIRST = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})")
_YEAR_FIRST = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")


def normalise_one(value: str) -> str | None:
    """`YYYY-MM-DD` of one trimmed text, or None where it is no date.

    Read are `D/M/YYYY`, `D-M-YYYY`, `D.M.YYYY` and `YYYY-M-D` (protocol 3), if the calendar has that day:
    Gregorian, years 0001 to 9999, as Python's and PostgreSQL's.
    """
    if found := _DAY_FIRST.fullmatch(value):
        day, month, year = int(found[1]), int(found[3]), int(found[4])
    elif found := _YEAR_FIRST.fullmatch(value):
        year, month, day = int(found[1]), int(found[2]), int(found[3])
    else:
        return None
    try:
        return date(year, month, day).isoformat()
    except ValueError:  # 31 April, month 13, year 0
        return None


def normalise(column: pa.StringArray) -> pa.StringArray:
    """The dates of a column of trimmed texts as `YYYY-MM-DD`; null where the text is no date or null.

    The same length as `column`; each value is `normalise_one`'s, asked once for each distinct text: a file
    has far more people than birthdays. Raises nothing for any text.
    """
    return distinct.map_distinct(column, normalise_one)
