"""Birth dates (protocol 3)."""

from __future__ import annotations

import re
from datetime import date

MIDNIGHT = re.compile(r"(?:[ T] *0{1,2}:00(?::00(?:\.0+)?)?(?:Z|\+00:?00)?)?")
DAY_FIRST = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})")
YEAR_FIRST = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")


def read_date(text: str, date_order: str = "dmy") -> date | None:
    """The date, or None: D/M/YYYY, D-M-YYYY, D.M.YYYY or YYYY-M-D, with or without a midnight time.

    Under `mdy`, slashed dates begin with the month.
    """
    if (found := DAY_FIRST.match(text)) and MIDNIGHT.fullmatch(text[found.end() :]):
        day, month, year = found[1], found[3], found[4]
        if date_order == "mdy" and found[2] == "/":
            day, month = month, day
    elif (found := YEAR_FIRST.match(text)) and MIDNIGHT.fullmatch(text[found.end() :]):
        year, month, day = found[1], found[2], found[3]
    else:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def is_slashed(text: str) -> bool:
    """Whether the text has the form of a date with slashes."""
    found = DAY_FIRST.match(text)
    return bool(found and found[2] == "/" and MIDNIGHT.fullmatch(text[found.end() :]))


def only_month_first(text: str) -> bool:
    """Whether the text is a slashed date, but only if the month comes first."""
    return is_slashed(text) and read_date(text) is None and read_date(text, "mdy") is not None
