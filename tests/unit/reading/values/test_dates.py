"""Birth dates: the four ways to write them, and texts that are not dates."""

from __future__ import annotations

from calendar import monthrange
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactsync.reading.values import dates

if TYPE_CHECKING:
    from datetime import date

    from contactsync.domain.account import DateOrder


def normalised(*values: str | None) -> list[str | None]:
    return [*dates.normalise(pa.array(values, pa.string())).to_pylist()]


def expected(value: str) -> str | None:
    """The rule a second time, in other words: by splitting, not by patterns."""
    for separator in "/-.":
        parts = value.split(separator)
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
            continue
        widths = [len(part) for part in parts]
        if separator == "-" and widths[0] == 4:
            year, month, day = map(int, parts)
            widths.reverse()
        else:
            day, month, year = map(int, parts)
        good = widths[2] == 4 and max(widths[:2]) <= 2 and year > 0 and 1 <= month <= 12
        if good and 1 <= day <= monthrange(year, month)[1]:
            return f"{year:04}-{month:02}-{day:02}"
    return None


NUMBER = st.one_of(
    st.integers(0, 40).map(str),
    st.integers(0, 40).map("{:02}".format),
    st.integers(0, 12_000).map("{:04}".format),
)
WRITTEN = st.builds(
    lambda a, b, c, first, second: a + first + b + second + c,
    *(NUMBER, NUMBER, NUMBER),
    *(st.sampled_from("/-."), st.sampled_from("/-. ")),
)
SAME = st.builds(str.join, st.sampled_from("/-."), st.tuples(NUMBER, NUMBER, NUMBER))


@given(st.lists(st.one_of(WRITTEN, SAME, st.text("0123456789/-. \n٣²", max_size=11), st.text(), st.none())))
def test_a_column_has_the_dates_of_the_rule(values: list[str | None]) -> None:
    """Every text is a date if, and only if, it is one by protocol 3."""
    assert normalised(*values) == [None if value is None else expected(value) for value in values]


@given(st.dates(), st.booleans(), st.booleans())
def test_every_day_is_read_however_it_is_written(day: date, short_day: bool, short_month: bool) -> None:
    """Days and months of one or two digits, and each separator, give the same date."""
    d = str(day.day) if short_day else f"{day.day:02}"
    m = str(day.month) if short_month else f"{day.month:02}"
    y = f"{day.year:04}"
    ways = (f"{d}/{m}/{y}", f"{d}-{m}-{y}", f"{d}.{m}.{y}", f"{y}-{m}-{d}")
    assert set(normalised(*ways)) == {day.isoformat()}


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("7/4/1985", "1985-04-07"),
        ("29.02.2000", "2000-02-29"),
        ("1985-4-7", "1985-04-07"),
        ("01-01-0001", "0001-01-01"),
        ("31/12/9999", "9999-12-31"),
        ("29/02/1900", None),
        ("31/04/2001", None),
        ("12/31/2001", None),
        ("01/01/0000", None),
        ("1/1/85", None),
        ("1/1-1985", None),
        ("1985/4/7", None),
        ("1985.4.7", None),
        ("001/1/1985", None),
        ("1 /1/1985", None),
        ("1/1/1985 00:00", "1985-01-01"),
        ("1985-01-01 00:00:00", "1985-01-01"),
        ("1985-01-01T00:00:00Z", "1985-01-01"),
        ("1985-01-01T00:00:00.000+0000", "1985-01-01"),
        ("1985-01-01 00:00:00.000", "1985-01-01"),
        ("1/1/1985 12:00:00 AM", "1985-01-01"),
        ("1/1/1985 0:00", "1985-01-01"),
        ("1/1/1985 00:01", None),
        ("1985-01-01T12:00:00Z", None),
        ("1985-01-01T", None),
        ("1/1/1985\n", None),
        ("٣/1/1985", None),
        ("", None),
    ],
)
def test_examples(value: str, stored: str | None) -> None:
    """A text is a real day written in one of the four ways, or not a date."""
    assert normalised(value) == [stored]


def test_a_repeated_text_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A repeated text is parsed only once."""
    asked: list[str] = []
    monkeypatch.setattr(dates, "normalise_one", lambda value, _: asked.append(value))
    normalised("1985-1-1", "x", "1985-1-1", None)
    assert asked == ["1985-1-1", "x"]


@given(st.dates())
def test_an_account_may_have_the_month_first(day: date) -> None:
    """Under `mdy` a date with slashes is read month first; the other forms do not change."""
    month_first = f"{day.month}/{day.day}/{day.year:04}"
    assert dates.normalise_one(month_first, "mdy") == day.isoformat()
    for other in (
        f"{day.day}-{day.month}-{day.year:04}",
        f"{day.day}.{day.month}.{day.year:04}",
        day.isoformat(),
    ):
        assert dates.normalise_one(other, "mdy") == day.isoformat()


@given(st.lists(st.one_of(WRITTEN, SAME, st.text(max_size=5)), max_size=5), st.integers(1, 9))
def test_no_date_with_the_month_first_escapes_the_watch(values: list[str], size: int) -> None:
    """If a date is only possible with the month first, the watch has seen it, however the bytes are cut."""
    data = ";".join(values).encode()
    watch = dates.MonthFirstWatch()
    assert b"".join(watch.through(data[at : at + size] for at in range(0, len(data), size))) == data
    column = pa.array(values, pa.string())
    assert watch.suspicious or not dates.has_month_first(column)


@pytest.mark.parametrize(
    ("value", "slashed", "month_first"),
    [
        ("12/31/1980", True, True),
        ("1/13/1980 00:00:00", True, True),
        ("31/12/1980", True, False),
        ("12/12/1980", True, False),
        ("13/31/1980", True, False),
        ("12-31-1980", False, False),
        ("1980-12-31", False, False),
    ],
)
def test_what_is_only_possible_with_the_month_first(value: str, slashed: bool, month_first: bool) -> None:
    """Only slashes, and a day beyond 12 in the second place."""
    column = pa.array([value])
    assert dates.is_slashed(column).to_pylist() == [slashed]
    assert dates.has_month_first(column) is month_first


PLAIN = st.builds(
    "{0}{3}{1}{3}{2}".format,
    *(st.one_of(st.integers(0, 32).map(str), st.integers(0, 32).map("{:02}".format)) for _ in range(2)),
    st.one_of(
        st.sampled_from(["0000", "0001", "1900", "2000", "2023", "2024"]),
        st.integers(0, 9999).map("{:04}".format),
    ),
    st.sampled_from("/-."),
)


@given(st.lists(st.one_of(PLAIN, SAME, st.none())), st.sampled_from(["dmy", "mdy"]))
def test_plain_dates_are_read_as_each_of_them(values: list[str | None], order: DateOrder) -> None:
    """The quick way for plain dates gives the rule's answer, in both orders."""
    column = dates.normalise(pa.array(values, pa.string()), order)
    column.validate(full=True)
    assert column.to_pylist() == [value and dates.normalise_one(value, order) for value in values]


def test_plain_dates_call_no_function_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual form costs no call per value."""
    monkeypatch.setattr(dates, "normalise_one", lambda *_: pytest.fail("a value was judged alone"))
    assert normalised("27/4/2015", "31.04.2015", "01-12-1980", None) == [
        "2015-04-27",
        None,
        "1980-12-01",
        None,
    ]
