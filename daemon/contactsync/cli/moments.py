"""Reads the days and times that operators type: `2026-11-26`, `yesterday`, `14:30`, `1h`. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

EXAMPLES = "2026-11-26, yesterday, 14:30, '2026-11-26 14:30' or 1h"

_UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
# Five digits of weeks still lie within the calendar.
_AGE = re.compile(r"([0-9]{1,5})\s*(s|m|min|h|d|w)")


def day(text: str, now: datetime) -> date | None:
    """A day: ISO 8601, `today` or `yesterday`; None if the text is not a day. `now` has the operator's time zone."""
    words = {"today": now.date(), "yesterday": now.date() - timedelta(days=1)}
    if (word := text.strip().lower()) in words:
        return words[word]
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def moment(text: str, now: datetime) -> datetime | None:
    """A time: an age (`90s`, `15m`, `1h`, `2d`, `1w`), a time of today, or ISO 8601; None if the text is not a time.

    A time without an offset is in the operator's time zone, which is that of `now`.
    """
    text = text.strip()
    if age := _AGE.fullmatch(text.lower()):
        return now - timedelta(**{_UNITS[age[2]]: int(age[1])})
    try:
        return datetime.combine(now.date(), time.fromisoformat(text)).astimezone()
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        return None
