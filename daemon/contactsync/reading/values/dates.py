"""Reads birth dates (protocol 3), a whole column at a time. Pure."""

from __future__ import annotations

import re
from datetime import date

import pyarrow as pa

from contactsync.reading.values import distinct

# ASCII digits only; the same separator both times. `re.fullmatch` lets no line end pass.
_DAY_FIRST = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})")
_YEAR_FIRST = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")


def normalise_one(value: str) -> str | None:
    """One trimmed text as `YYYY-MM-DD`, or None if it is not a date.

    The forms are `D/M/YYYY`, `D-M-YYYY`, `D.M.YYYY` and `YYYY-M-D` (protocol 3). The day must exist in the
    Gregorian calendar, in the years 0001 to 9999, as in Python and PostgreSQL.
    """
    if found := _DAY_FIRST.fullmatch(value):
        day, month, year = int(found[1]), int(found[3]), int(found[4])
    elif found := _YEAR_FIRST.fullmatch(value):
        year, month, day = int(found[1]), int(found[2]), int(found[3])
    else:
        return None
    try:
        return date(year, month, day).isoformat()
    # 31 April, month 13, year 0.
    except ValueError:
        return None


def normalise(column: pa.StringArray) -> pa.StringArray:
    """The dates of a column of trimmed texts as `YYYY-MM-DD`; null if the text is not a date, or null.

    The result is as long as `column` and each value is `normalise_one`'s. It is called once per distinct text,
    because a file has far more people than birthdays. Raises nothing for any text.
    """
    return distinct.map_distinct(column, normalise_one)
