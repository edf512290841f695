"""The days and times that operators type."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from contactsync.cli import moments

NOW = datetime(2026, 11, 26, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01", date(2026, 3, 1)),
        ("today", date(2026, 11, 26)),
        (" Yesterday ", date(2026, 11, 25)),
        ("1h", None),
        ("2026-13-01", None),
        ("", None),
    ],
)
def test_days(text: str, expected: date | None) -> None:
    """A day is ISO 8601 or one of two words."""
    assert moments.day(text, NOW) == expected


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("90s", timedelta(seconds=90)),
        ("15 min", timedelta(minutes=15)),
        ("1h", timedelta(hours=1)),
        ("2d", timedelta(days=2)),
        ("1W", timedelta(weeks=1)),
    ],
)
def test_ages(text: str, age: timedelta) -> None:
    """An age counts back from now."""
    assert moments.moment(text, NOW) == NOW - age


def test_times_of_the_host() -> None:
    """A time without an offset is on the host's clock; a time without a day is of today."""
    expected = datetime(2026, 11, 26, 14, 30).astimezone()
    assert moments.moment("14:30", NOW) == expected
    assert moments.moment("2026-11-26 14:30", NOW) == moments.moment("2026-11-26T14:30:00", NOW) == expected
    assert moments.moment("2026-11-26T14:30:00+05:00", NOW) == datetime(2026, 11, 26, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "x", "1", "1y", "25:00", "-1h", "100000w"])
def test_other_texts(text: str) -> None:
    """Anything else is not a time."""
    assert moments.moment(text, NOW) is None
